"""The command that carries out exactly what was planned."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.plan import Plan
from ftplan.views.style import clean

LIMIT = 4_000
_LISTS = {
    "targets": "target",
    "excludes": "exclude",
    "replace": "replace",
    "allow": "allow",
    "var_files": "var-file",
    "functions": "allow-function",
}
_FLAGS = ("no_spend", "no_destroy", "allow_outside")


def apply_command(plan: Plan, checksum: str) -> str:
    """One line for a shell. It repeats every option of the plan, since without them another one would be made; what is
    secret among the variables is left out, and has to be given again."""
    return clean(shlex.join(["ftplan", "apply", *_options(plan), f"-checksum={checksum}"]), LIMIT)


def _options(plan: Plan) -> Iterator[str]:
    kept: Mapping[str, Any] = plan.options
    if plan.mode != "normal":
        yield f"-{plan.mode}"
    for name, option in _LISTS.items():
        yield from (f"-{option}={value}" for value in kept.get(name, ()))
    yield from (f"-var={name}={value}" for name, value in sorted(kept.get("variables", {}).items()))
    if not kept.get("refresh", True):
        yield "-refresh=false"
    if kept.get("max_cost") is not None:
        yield f"-max-cost={kept['max_cost']}"
    yield from (f"-{name.replace('_', '-')}" for name in _FLAGS if kept.get(name))
