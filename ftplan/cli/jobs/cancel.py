"""The command `cancel`: a running job is stopped, the model's own or one that was started beside it."""

from __future__ import annotations

from typing import Any

import click

from ftplan.cli.opening.locking import locked
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.approval import approve, changing_options, changing_request
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.signals import Stop
from ftplan.core.events import JobSeen
from ftplan.core.facts import RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.ports import Provider
from ftplan.core.recipe import MARK_ADDRESS, MARK_PROJECT
from ftplan.core.records import ModelRecord
from ftplan.errors import FtplanError, Problem


@click.command()
@click.option("--job", metavar="JOB", help="Another job that was started for ADDRESS.")
@click.argument("address")
@changing_options
@click.pass_obj
def cancel(line: CommandLine, /, address: str, job: str | None, **options: Any) -> int:
    """Cancel the running job of ADDRESS."""
    console = Console(no_color=line.no_color)
    request = changing_request(options)
    stop = Stop()
    with (
        stop.listening(),
        open_session(request, online=True, measured=False) as session,
        locked(console, session, request, "cancel"),
    ):
        state, tag = session.load_state()
        record = model_with_job(address, state, "Nothing to cancel")
        provider = session.provider(record.provider, f"The job of model.{record.name} is at")
        shown = _job(provider, session, record, job or record.job.id)
        if shown.phase.settled:
            console.say(f"{shown.id} is over already ({shown.status}). Nothing was changed.")
            return 0
        approve(console, options, f"Cancel {shown.id} of model.{record.name}? What it has cost by now is billed.")
        with stop.finishing(), recording(console, session, state, tag) as ledger:
            cancelled = provider.cancel_job(shown.id) or shown
            if shown.id == record.job.id:
                ledger.record(JobSeen(record.name, job_record(cancelled)))
    console.say(f"{shown.id} of model.{record.name} is {cancelled.status}.")
    return 0


def _job(provider: Provider, session: Session, record: ModelRecord, job_id: str) -> RemoteJob:
    """The job to cancel. Raises `FtplanError` for one that does not say that it was started for this model."""
    job = provider.get_job(job_id)
    if job is None:
        raise FtplanError(Problem("No such job", f"{record.provider} knows no job {job_id[:100]}."))
    marks = {MARK_PROJECT: session.project.name, MARK_ADDRESS: f"model.{record.name}"}
    if job.id != record.job.id and not marks.items() <= job.metadata.items():
        detail = f"{job.id} does not say that it was started for model.{record.name} of this project."
        raise FtplanError(Problem("Not a job of this model", detail, advice="Nothing was changed."))
    return job
