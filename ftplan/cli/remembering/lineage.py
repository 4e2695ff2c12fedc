"""The command `lineage`: where a model comes from, and what became of it."""

from __future__ import annotations

import sys
from typing import Any

import click

from ftplan.cli.opening.kept_metrics import kept_metrics
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.documents import STDOUT, refuse_two_on_stdout, refuse_unwritable, write_document
from ftplan.cli.talking.options import config_options, config_request
from ftplan.core.bases import base_named, root_of
from ftplan.core.lineage import Lineage, known_words
from ftplan.core.lineage import lineage as lineage_of
from ftplan.core.nearness import did_you_mean
from ftplan.core.records import State
from ftplan.errors import FtplanError, Problem


@click.command()
@click.option("--json", is_flag=True, help="One JSON object.")
@click.option("--card", metavar="FILE", help="Also write a model card, in Markdown.")
@click.argument("id")
@config_options
@click.pass_obj
def lineage(line: CommandLine, /, id: str, json: bool, card: str | None, **options: Any) -> int:
    """Tell everything that is known of ID: a model, its job, a checkpoint of it, or an alias. Asks no provider."""
    from ftplan.views.json_text import json_text
    from ftplan.views.lineage_text import nested_document, render_lineage

    console = Console(no_color=line.no_color)
    refuse_unwritable(card)
    refuse_two_on_stdout(json=json, card=card == STDOUT)
    with open_session(config_request(options), online=False, measured=False) as session:
        state, _ = session.load_state()
        found = lineage_of(state, id)
        if found is None:
            raise FtplanError(_stranger(id, state))
        kept = kept_metrics(session, state, found.job.id)
        metrics = kept.metrics if kept is not None else None
        if card is not None:
            from ftplan.views.model_card import render_card

            write_document("Model card", card, render_card(found, metrics, *_base(session, state, found)), console)
    if json:
        console.line(json_text(nested_document(found, metrics)))
    elif card != STDOUT:
        console.say(render_lineage(found, metrics, console.style(sys.stdout)))
    return 0


def _base(session: Session, state: State, found: Lineage) -> tuple[str, str | None]:
    """The base model at the root, and its last day where that is known."""
    record = state.models.get(found.name)
    base = base_named(found.job.base_model) or (root_of(record, state) if record is not None else "")
    known = session.catalogs[found.provider].base(base) if found.provider in session.catalogs else None
    return base, known.shutdown.isoformat() if known is not None and known.shutdown is not None else None


def _stranger(id: str, state: State) -> Problem:
    advice = did_you_mean(id, known_words(state), f"Models: {', '.join(sorted(state.models)) or 'none'}.")
    return Problem("Nothing is known of it", f"The state knows no model, job or alias {id[:120]!r}.", advice=advice)
