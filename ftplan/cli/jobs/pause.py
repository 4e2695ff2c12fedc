"""The commands `pause` and `resume`: a running job is halted, and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from ftplan.cli.opening.locking import locked
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import open_session
from ftplan.cli.talking.approval import approve, changing_options, changing_request
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.signals import Stop
from ftplan.core.events import JobSeen
from ftplan.core.facts import Phase, RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.ports import HasPause, Provider
from ftplan.core.records import ModelRecord
from ftplan.errors import FtplanError, OutcomeUnknown, Problem, ProviderError, Rejected


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to a job. `asks` is the question before it, `holds` whether a job is as it is to be."""

    verb: str
    asks: Callable[[ModelRecord], str]
    holds: Callable[[RemoteJob], bool]
    call: Callable[[HasPause, str], RemoteJob | None]


@click.command()
@click.argument("address")
@changing_options
@click.pass_obj
def pause(line: CommandLine, /, address: str, **options: Any) -> int:
    """Halt the running job of ADDRESS. It keeps what it has learned, and goes on when it is resumed."""
    return _changed(line, address, options, _PAUSE)


@click.command()
@click.argument("address")
@changing_options
@click.pass_obj
def resume(line: CommandLine, /, address: str, **options: Any) -> int:
    """Let the paused job of ADDRESS go on."""
    return _changed(line, address, options, _RESUME)


def _pausing(record: ModelRecord) -> str:
    asked = f"Pause {record.job.id} of model.{record.name}? It goes on when it is resumed."
    # https://help.openai.com/en/articles/11323177: a pause is one of the events at which the hours are billed.
    bills = " A reinforcement training is billed now for the hours it has run."
    return asked + (bills if record.recipe.get("method") == "reinforcement" else "")


def _resuming(record: ModelRecord) -> str:
    return f"Resume {record.job.id} of model.{record.name}? What it trains from now on is billed."


_PAUSE = Change("pause", _pausing, lambda job: job.phase is Phase.PAUSED, lambda at, job: at.pause_job(job))
_RESUME = Change("resume", _resuming, lambda job: job.phase is not Phase.PAUSED, lambda at, job: at.resume_job(job))


def _changed(line: CommandLine, address: str, options: Mapping[str, Any], change: Change) -> int:
    """Looks, asks, changes and keeps what came of it."""
    console, stop = Console(no_color=line.no_color), Stop()
    request = changing_request(options)
    with (
        stop.listening(),
        open_session(request, online=True, measured=False) as session,
        locked(console, session, request, change.verb),
    ):
        state, tag = session.load_state()
        record = model_with_job(address, state, f"Nothing to {change.verb}")
        provider = session.provider(record.provider, f"The job of model.{record.name} is at")
        _refuse_without_power(provider, record, change)
        job = _job(provider, record)
        if job.phase.settled or change.holds(job):
            is_now = f"over already ({job.status})" if job.phase.settled else f"{job.status} already"
            console.say(f"{job.id} of model.{record.name} is {is_now}. Nothing was changed.")
            return 0
        approve(console, options, change.asks(record))
        with stop.finishing(), recording(console, session, state, tag) as ledger:
            job = _done(provider, record, change)
            ledger.record(JobSeen(record.name, job_record(job)))
    console.say(f"{job.id} of model.{record.name} is {job.status}.")
    return 0


def _refuse_without_power(provider: Provider, record: ModelRecord, change: Change) -> None:
    if not isinstance(provider, HasPause):
        detail = f"{record.provider} cannot {change.verb} a job."
        advice = f"To end it for good, which bills what it has cost by now: ftplan cancel model.{record.name}"
        raise FtplanError(Problem("Jobs of this provider cannot be paused", detail, advice=advice))


def _job(provider: Provider, record: ModelRecord) -> RemoteJob:
    job = provider.get_job(record.job.id)
    if job is None:
        raise FtplanError(Problem("No such job", f"{record.provider} knows no job {record.job.id} any more."))
    return job


def _done(provider: Provider, record: ModelRecord, change: Change) -> RemoteJob:
    """The job after the change, asked for once. Where the answer is lost, or a no, it is looked at: it may have been
    done all the same, or have ended by itself. Raises what was raised where it has not."""
    assert isinstance(provider, HasPause)
    try:
        job = change.call(provider, record.job.id)
    except (Rejected, OutcomeUnknown):
        job = _seen(provider, record)
        if job is None or not (job.phase.settled or change.holds(job)):
            raise
    if job is None:
        detail = f"{record.provider} cannot {change.verb} {record.job.id}: it says that there is no such job or call."
        raise FtplanError(Problem("The provider refused", detail, advice="Nothing was changed."))
    return job


def _seen(provider: Provider, record: ModelRecord) -> RemoteJob | None:
    try:
        return provider.get_job(record.job.id)
    except ProviderError:
        return None
