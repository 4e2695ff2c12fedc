"""The options that several commands share, and what they say once read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from ftplan.core.gates.refusal import MAX_COST, NO_DESTROY, NO_SPEND, PASSABLE
from ftplan.core.plan import Mode
from ftplan.core.spec import Address
from ftplan.errors import Problem, UsageError

F = TypeVar("F", bound=Callable[..., Any])

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}

# Rules that no run is let past by -allow, and what to do instead.
_INSTEAD = {
    "lifecycle.prevent_destroy": "Declare the model with prevent_destroy: false and apply that; then it can go.",
    "lifetime": "No flag makes a provider take jobs: name another base model or another provider.",
    NO_SPEND: f"Run without {NO_SPEND}.",
    NO_DESTROY: f"Run without {NO_DESTROY}.",
    MAX_COST: f"Give a higher {MAX_COST}.",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What the options of one run say."""

    variables: Mapping[str, str] = field(default_factory=dict)
    var_files: tuple[Path, ...] = ()
    mode: Mode = "normal"
    targets: frozenset[Address] = frozenset()
    excludes: frozenset[Address] = frozenset()
    replace: frozenset[Address] = frozenset()
    refresh: bool = True
    offline: bool = False
    max_cost: Decimal | None = None
    no_spend: bool = False
    no_destroy: bool = False
    allowed: frozenset[str] = frozenset()
    lock: bool = True
    lock_timeout: float = 0.0
    parallelism: int = 10
    allow_outside: bool = False
    allow_remote: bool = False
    privacy: bool = True
    wait: bool = True
    functions: frozenset[str] = frozenset()

    def kept(self, hidden: Collection[str]) -> dict[str, Any]:
        """What a saved plan has to know to be made again: everything that can move a step, in plain data. The
        `hidden` variables are left out; whoever applies the plan has to give them once more. Nor does it say that
        datasets may be fetched: that moves no step, since they are pinned, and is for whoever applies it to allow."""
        return {
            "variables": {name: value for name, value in self.variables.items() if name not in hidden},
            "var_files": [str(path) for path in self.var_files],
            "mode": self.mode,
            "targets": sorted(map(str, self.targets)),
            "excludes": sorted(map(str, self.excludes)),
            "replace": sorted(map(str, self.replace)),
            "refresh": self.refresh,
            "max_cost": None if self.max_cost is None else str(self.max_cost),
            "no_spend": self.no_spend,
            "no_destroy": self.no_destroy,
            "allow": sorted(self.allowed),
            "allow_outside": self.allow_outside,
            "functions": sorted(self.functions),
        }


def config_options(command: F) -> F:
    """-var, -var-file, -allow-outside, -allow-remote, -privacy."""
    for option in (
        click.option("--privacy", type=bool, default=True, help="=false: look for no secrets and personal data."),
        click.option("--allow-remote", is_flag=True, help="Fetch datasets from s3://, gs://, az:// and hf://."),
        click.option("--allow-outside", is_flag=True, help="Let dataset paths leave the project's folder."),
        click.option("--var-file", "var_files", multiple=True, metavar="FILE", help="Variables from a file."),
        click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="One variable."),
    ):
        command = option(command)
    return command


def planning_options(command: F) -> F:
    """What plan, apply and destroy share."""
    addresses = {"multiple": True, "metavar": "ADDRESS"}
    for option in (
        click.option("--allow", multiple=True, metavar="RULE", help="Let this run past a gate: budget.max_total, ..."),
        click.option("--no-destroy", is_flag=True, help="Refuse a plan that deletes or cancels anything."),
        click.option("--no-spend", is_flag=True, help="Refuse a plan that starts a paid job."),
        click.option("--max-cost", metavar="USD", help="Refuse a plan estimated to cost more; goes over the budget's."),
        click.option("--compact-warnings", is_flag=True, help="One line a warning."),
        click.option("--concise", is_flag=True, help="What is done and why, without attributes and heartbeat."),
        click.option("--input", "ask", type=bool, default=True, help="=false: ask nothing."),
        # The file is open long before, so that it holds whatever goes wrong, these options included.
        click.option("--json-into", metavar="FILE", expose_value=False, help="What -json prints, to FILE as well."),
        click.option("--json", is_flag=True, help="One JSON object a line on stdout: events, not the plan document."),
        click.option("--parallelism", type=click.IntRange(1), default=10, help="Active jobs a provider and base (10)."),
        click.option("--lock", type=bool, default=True, help="=false: take no lock."),
        click.option("--lock-timeout", default="0s", metavar="TIME", help="Wait for the lock: 30s, 5m."),
        click.option("--refresh-only", is_flag=True, help="Only bring the state up to date."),
        click.option("--refresh", type=bool, default=True, help="=false: do not ask the providers."),
        click.option("--replace", help="Train this model again, and pay again.", **addresses),  # type: ignore[arg-type]
        click.option("--exclude", "excludes", help="Leave this out, and what needs it.", **addresses),  # type: ignore[arg-type]
        click.option("--target", "targets", help="Only this, and what it needs.", **addresses),  # type: ignore[arg-type]
    ):
        command = option(command)
    return config_options(command)


def read_request(mode: Mode, options: Mapping[str, Any]) -> Request:
    """The request that the options of `planning_options` make. Raises `UsageError`."""
    if options["targets"] and options["excludes"]:
        raise UsageError("Options exclude each other", detail="-target and -exclude cannot be given together.")
    if mode == "destroy" and options["refresh_only"]:
        raise UsageError("Options exclude each other", detail="-destroy and -refresh-only cannot be given together.")
    if options["refresh_only"] and not options["refresh"]:
        raise UsageError("Options exclude each other", detail="-refresh-only cannot be had with -refresh=false.")
    return Request(
        variables=read_variables(options["variables"]),
        var_files=tuple(Path(name) for name in options["var_files"]),
        mode="refresh-only" if options["refresh_only"] else mode,
        targets=read_addresses("target", options["targets"]),
        excludes=read_addresses("exclude", options["excludes"]),
        replace=read_addresses("replace", options["replace"]),
        refresh=options["refresh"],
        offline=options.get("offline", False),
        max_cost=read_amount(options["max_cost"]),
        no_spend=options["no_spend"],
        no_destroy=options["no_destroy"],
        allowed=read_rules(options["allow"]),
        lock=options["lock"],
        lock_timeout=read_duration(options["lock_timeout"]),
        parallelism=options["parallelism"],
        allow_outside=options["allow_outside"],
        allow_remote=options["allow_remote"],
        privacy=options["privacy"],
        wait=not options.get("no_wait", False),
    )


def config_request(options: Mapping[str, Any]) -> Request:
    """The request of a command that takes `config_options` alone. Raises `UsageError`."""
    return Request(
        variables=read_variables(options["variables"]),
        var_files=tuple(Path(name) for name in options["var_files"]),
        allow_outside=options["allow_outside"],
        allow_remote=options["allow_remote"],
        privacy=options["privacy"],
    )


def read_variables(pairs: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE pairs; the last of a name wins."""
    for pair in pairs:
        if "=" not in pair:
            raise UsageError("Invalid -var", detail="It is written -var NAME=VALUE.")
    return dict(pair.split("=", 1) for pair in pairs)


def read_addresses(option: str, texts: tuple[str, ...]) -> frozenset[Address]:
    """Addresses as they are written on the command line."""
    try:
        return frozenset(Address.parse(text) for text in texts)
    except ValueError as error:
        raise UsageError(
            f"Invalid -{option}", detail=f"{error}. Addresses are written model.NAME, dataset.NAME or alias.NAME."
        ) from None


def read_amount(text: str | None) -> Decimal | None:
    """An amount in USD."""
    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise UsageError("Invalid -max-cost", detail=f"It is an amount in USD such as 12.50, not {text[:40]!r}.")
    return amount


def read_rules(names: tuple[str, ...]) -> frozenset[str]:
    """The gates' rules that a run is let past. Raises `UsageError` for what is none, or lets nobody past."""
    wrong = [name for name in names if name not in PASSABLE]
    if wrong:
        raise UsageError(_unknown_rule(name) for name in wrong)
    return frozenset(names)


def _unknown_rule(name: str) -> Problem:
    instead = _INSTEAD.get(name) or _INSTEAD.get(f"-{name}")
    near = get_close_matches(name, PASSABLE, n=1)
    known = f"Rules that one run can be let past: {', '.join(PASSABLE)}."
    return Problem(
        "Invalid -allow",
        f"No run can be let past {name[:60]!r}.",
        advice=instead or (f"Did you mean {near[0]}?" if near else known),
    )


def read_duration(text: str) -> float:
    """Seconds of a duration written 30s, 5m, 1h or plain 30."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError("Invalid -lock-timeout", detail=f"It is a time such as 30s or 5m, not {text[:40]!r}.")
    return float(match[1]) * _SECONDS[match[2]]
