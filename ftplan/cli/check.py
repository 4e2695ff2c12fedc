"""The command `check`: which live models end before long, for a nightly job."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import click

from ftplan.cli.opening.catalogs import every_catalog
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import config_options, config_request
from ftplan.core.desired import is_at
from ftplan.core.gates.aging import Aging, Live, aging, live_models, service_of, successors
from ftplan.core.gates.lifetime import WARN_DAYS
from ftplan.engine.lifespans import Lifespans, ask_lifespans
from ftplan.errors import Problem, ProviderError
from ftplan.providers.registry import provider_types

ENDING = 10


@click.command()
@click.option("--days", type=click.IntRange(0), default=WARN_DAYS, help=f"How far to look ahead ({WARN_DAYS}).")
@click.option("--offline", is_flag=True, help="No key, no network: the dates of the catalogs.")
@click.option("--json", is_flag=True, help="One JSON object.")
@config_options
@click.pass_obj
def check(line: CommandLine, /, days: int, offline: bool, json: bool, **options: Any) -> int:
    """List every live model whose base ends soon, and the bases that can take over. Exits with 10 when there is one."""
    console = Console(no_color=line.no_color)
    with open_session(config_request(options), online=not offline, measured=False) as session:
        state, _ = session.load_state()
        live = live_models(state)
        told = Lifespans() if offline else _asked(session, live)
        found = _ending(session, live, told, days, datetime.now(timezone.utc).date())
    console.problems(_unheard(provider, error) for provider, error in sorted(told.silent.items()))
    if json:
        from ftplan.views.aging_text import aging_document
        from ftplan.views.json_text import json_text

        console.line(json_text(aging_document(found, len(live), days)))
    else:
        from ftplan.views.aging_text import render_aging

        console.say(render_aging(found, len(live), days, console.style(sys.stdout)))
    return ENDING if found else 0


def _asked(session: Session, live: Iterable[Live]) -> Lifespans:
    """What the providers say, of the models that are theirs: a name may have come to mean another service."""
    known = [one for one in live if is_at(session.project, one.provider, one.account)]
    return ask_lifespans(known, session.providers)


def _ending(session: Session, live: Iterable[Live], told: Lifespans, days: int, today: date) -> list[Aging]:
    """The models that end within `days`, soonest first, each with those that can take over."""
    offers, trainable = every_catalog(session.project.catalog), provider_types()
    found = []
    for one in live:
        catalog = offers.get(service_of(one, session.project))
        ending = aging(one, catalog, told.answers.get(one.address, ()), today)
        if ending is not None and ending.days <= days:
            found.append(replace(ending, successors=successors(ending, offers.values(), today, days, trainable)))
    return sorted(found, key=lambda one: (one.shutdown, one.address))


def _unheard(provider: str, error: ProviderError) -> Problem:
    why = "; ".join(problem.detail or problem.summary for problem in error.problems)
    return Problem(
        "Provider was not heard",
        f"{provider} could not be asked how long its models stay on, so the dates of its catalog are shown. {why}",
        advice="Set its key to hear the provider's own word, or look with -offline.",
        severity="warning",
    )
