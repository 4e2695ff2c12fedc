"""The options and the address of a command that changes the state alone, and the question it asks before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import click

from ftplan.cli.talking.console import Console, may_ask
from ftplan.cli.talking.options import Request, config_options, config_request, read_duration
from ftplan.core.spec import Address
from ftplan.errors import Problem, UsageError

F = TypeVar("F", bound=Callable[..., Any])


def changing_options(command: F) -> F:
    """-auto-approve, -input, -lock, -lock-timeout and the options of the configuration."""
    for option in (
        click.option("--input", "ask", type=bool, default=True, help="=false: ask nothing."),
        click.option("--lock", type=bool, default=True, help="=false: take no lock."),
        click.option("--lock-timeout", default="0s", metavar="TIME", help="Wait for the lock: 30s, 5m."),
        click.option("--auto-approve", is_flag=True, help="Do not ask."),
    ):
        command = option(command)
    return config_options(command)


def changing_request(options: Mapping[str, Any]) -> Request:
    """The request that `changing_options` make. Raises `UsageError`."""
    request = config_request(options)
    return replace(request, lock=options["lock"], lock_timeout=read_duration(options["lock_timeout"]))


def read_address(text: str) -> Address:
    """The one address a command is about. Raises `UsageError`."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise UsageError("Invalid address", detail=f"{error}. Addresses are written model.NAME.") from None


def approve(console: Console, options: Mapping[str, Any], question: str) -> None:
    """Returns once `question` is answered with yes, or was approved beforehand. Raises `UsageError` otherwise."""
    if options["auto_approve"]:
        return
    if not may_ask(options["ask"]):
        raise UsageError(
            Problem(
                "Approval needed",
                "Nobody can be asked here: stdin is no terminal, or -input=false was given. Nothing was changed.",
                advice="Approve beforehand with -auto-approve.",
            )
        )
    if not console.ask(f"\n{question}\n  Only 'yes' will be accepted to approve."):
        raise UsageError("Not approved", detail="Nothing was changed.")
