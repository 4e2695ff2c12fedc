"""The commands that look into the state, and the one that takes a dead run's lock away."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from typing import Any

import click

from ftplan.cli.opening.session import open_session
from ftplan.cli.remembering.repair import repair
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console, may_ask
from ftplan.cli.talking.options import Request, config_options, config_request
from ftplan.core.nearness import did_you_mean
from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.errors import FtplanError, Problem, UsageError


@click.group()
def state() -> None:
    """Look into the state, or rebuild it."""


state.add_command(repair)


@state.command("list")
@click.argument("patterns", nargs=-1)
@config_options
@click.pass_obj
def list_(line: CommandLine, /, patterns: tuple[str, ...], **options: Any) -> int:
    """Print every address in the state, or those that match (model.*)."""
    console = Console(no_color=line.no_color)
    for address in addresses(stored_state(config_request(options))):
        if not patterns or any(fnmatchcase(address, pattern) for pattern in patterns):
            console.say(address)
    return 0


@state.command("show")
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("address")
@config_options
@click.pass_obj
def show(line: CommandLine, /, json: bool, address: str, **options: Any) -> int:
    """Print everything the state knows of ADDRESS."""
    from ftplan.views.json_documents import state_resources
    from ftplan.views.json_text import json_text
    from ftplan.views.state_text import render_record

    stored = stored_state(config_request(options))
    known = addresses(stored)
    if address not in known:
        advice = did_you_mean(address, known, "ftplan state list prints what it knows.")
        raise FtplanError(Problem("Unknown address", f"The state knows no {address[:100]}.", advice=advice))
    console = Console(no_color=line.no_color)
    if json:
        console.line(json_text(dict(state_resources(stored))[address]))
    else:
        console.say(render_record(Address.parse(address), stored, console.style(sys.stdout)) or "")
    return 0


@click.command("force-unlock")
@click.option("--force", is_flag=True, help="Do not ask.")
@click.argument("lock_id")
@config_options
@click.pass_obj
def force_unlock(line: CommandLine, /, force: bool, lock_id: str, **options: Any) -> int:
    """Take away the lock LOCK_ID of a run that is certainly dead."""
    console = Console(no_color=line.no_color)
    with open_session(config_request(options), online=False, measured=False) as session:
        question = (
            f"\nDo you really want to take the lock away from {session.backend.where()}?\n"
            "  A run that is still alive would be stopped at its next write. Only 'yes' will be accepted."
        )
        if not force and not may_ask(True):
            raise UsageError(
                Problem(
                    "Approval needed",
                    "Nobody can be asked here: stdin is no terminal, or FTPLAN_INPUT=0 is set. Nothing was changed.",
                    advice="Where that run is certainly dead, say so with -force.",
                )
            )
        if not force and not console.ask(question):
            raise UsageError("force-unlock cancelled", detail="Nothing was changed.")
        session.backend.break_lock(lock_id)
    console.say("The state has been unlocked. The next run settles whatever the dead one left open.")
    return 0


def stored_state(request: Request) -> State:
    """The state of this folder's project; an empty one where nothing is stored."""
    with open_session(request, online=False, measured=False) as session:
        return session.load_state()[0]


def declared_names(request: Request) -> list[str]:
    """The names of this folder's declared models and aliases."""
    with open_session(request, online=False, measured=False) as session:
        return sorted([*session.project.models, *session.project.aliases])


def addresses(stored: State) -> list[str]:
    """Every address in `stored`, datasets first."""
    files = sorted(
        {f"dataset.{name}" for file in stored.files.values() for name in (file.datasets or (file.filename,))}
    )
    aliases = (f"alias.{name}" for name in sorted(stored.aliases))
    return [*files, *(f"model.{name}" for name in sorted(stored.models)), *aliases]
