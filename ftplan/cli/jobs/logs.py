"""The command `logs`: what happened to the job of a model, and what happens to it now."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import config_options, config_request
from ftplan.cli.talking.patience import seconds_of
from ftplan.cli.talking.signals import Stop
from ftplan.core.facts import JobEvent, Phase
from ftplan.core.fold import job_record
from ftplan.core.ports import HasEvents, Provider
from ftplan.core.records import ModelRecord
from ftplan.core.spec import Address
from ftplan.engine.follow import ended_badly
from ftplan.errors import FtplanError, Problem

POLL_SECONDS = 10.0


@click.command()
@click.option("--follow", is_flag=True, help="Go on until the job is over.")
@click.option("--json", is_flag=True, help="One JSON object a line.")
@click.argument("address")
@config_options
@click.pass_obj
def logs(line: CommandLine, /, address: str, follow: bool, json: bool, **options: Any) -> int:
    """Show what happened to the job of ADDRESS, oldest first, each event once. Changes nothing.

    With -follow it exits with 11 where the job ended failed or cancelled.
    """
    from ftplan.views.job_log_text import event_json, event_line

    console, stop = Console(no_color=line.no_color), Stop()
    style = console.style(sys.stdout)
    with stop.listening(), open_session(config_request(options), online=True, measured=False) as session:
        record = model_with_job(address, session.load_state()[0], "No job")
        provider = session.provider(record.provider, f"The job of model.{record.name} is at")
        for event in _told(provider, record, stop, follow=follow):
            told = event_json(event, f"model.{record.name}", record.job.id) if json else event_line(event, style)
            console.line(told)
    return 0


def _told(provider: Provider, record: ModelRecord, stop: Stop, *, follow: bool) -> Iterator[JobEvent]:
    """Every event, and with `follow` each further one until the job is over. Raises `JobsFailed` then, where it has no
    model."""
    pause = seconds_of("FTPLAN_POLL_SECONDS")
    known: set[str] = set()
    last: str | None = None
    while True:
        # Looked at first: whatever led to its end was told before it, and is read behind this.
        job = provider.get_job(record.job.id) if follow else None
        for event in _events(provider, record, last):
            if event.id not in known:
                known.add(event.id)
                last = event.id
                yield event
        if not follow or job is None or job.phase.settled:
            break
        stop.wait(POLL_SECONDS if pause is None else pause)
    if job is not None and job.phase is not Phase.SUCCEEDED:
        raise ended_badly(Address("model", record.name), job_record(job))


def _events(provider: Provider, record: ModelRecord, after: str | None) -> Iterator[JobEvent]:
    if not isinstance(provider, HasEvents):
        detail = f"{record.provider} does not tell what happens to its jobs."
        raise FtplanError(Problem("No events", detail, advice="What the job came to is in the state."))
    found = provider.events(record.job.id, after)
    if found is None:
        detail = f"{record.provider} does not know the job {record.job.id} of model.{record.name} any more."
        raise FtplanError(Problem("The job is gone", detail, advice="What it came to is in the state."))
    yield from found
