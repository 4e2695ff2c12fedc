"""The command `state repair`: a lost or damaged state is rebuilt from what the providers show."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from ftplan.cli.opening.locking import locked
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.approval import approve, changing_options, changing_request
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.signals import Stop
from ftplan.core.keeping.rebuild import Rebuilt, rebuild
from ftplan.core.records import State
from ftplan.engine.sightings import look_around
from ftplan.errors import Problem, StateDamaged
from ftplan.views.repair_text import render_finds


@click.command()
@changing_options
@click.pass_obj
def repair(line: CommandLine, /, **options: Any) -> int:
    """Rebuild a lost or damaged state from what the providers show. What a state holds is kept."""
    console = Console(no_color=line.no_color)
    request = changing_request(options)
    stop = Stop()
    with (
        stop.listening(),
        open_session(request, online=True, console=console) as session,
        locked(console, session, request, "state repair"),
    ):
        return _repair(console, session, options, stop)


def _repair(console: Console, session: Session, options: Mapping[str, Any], stop: Stop) -> int:
    state, tag, damage = _stored(session)
    desired = session.resolve(state)
    seen = look_around(desired, state, session.providers)
    rebuilt = rebuild(desired, state, seen)
    if damage is not None:
        console.problems(replace(p, severity="warning", advice="", command="") for p in damage.problems)
    console.say(render_finds(desired.project.name, rebuilt.finds, seen, console.style(sys.stdout)))
    if not rebuilt.facts:
        return _nothing_to_add(console, session, tag, damage)
    approve(console, options, f"Do you want to write this to {session.backend.where()}?")
    state = state if state.lineage else replace(state, lineage=str(uuid.uuid4()))
    with stop.finishing():
        kept, tag = session.backend.keep_aside() if damage is not None else ("", tag)
        with recording(console, session, state, tag) as ledger:
            ledger.record(*rebuilt.facts)
    if kept:
        console.say(f"The damaged state is kept as {kept}.")
    console.say(_summary(rebuilt))
    return 0


def _stored(session: Session) -> tuple[State, str | None, StateDamaged | None]:
    """What there is to build on, and what is wrong with what is stored."""
    try:
        return *session.load_state(), None
    except StateDamaged as damage:
        return session.new_state(), None, damage


def _nothing_to_add(console: Console, session: Session, tag: str | None, damage: StateDamaged | None) -> int:
    where = session.backend.where()
    if damage is not None:
        detail = f"{where} is damaged, and no provider shows anything that could take its place. It is left as it is."
        advice = "Restore it from its .backup copy or from version control."
        raise StateDamaged(Problem("Nothing to rebuild from", detail, advice=advice))
    console.say(f"{where} is whole: nothing is missing in it." if tag else "There is nothing to write into a state.")
    return 0


def _summary(rebuilt: Rebuilt) -> str:
    added = [find for find in rebuilt.finds if find.fate == "added"]
    models = sum(1 for find in added if find.address.startswith("model."))
    files = len({find.id for find in added if find.address.startswith("dataset.")})
    return f"State repaired: {models} models and {files} files added. See what is left to do: ftplan plan"
