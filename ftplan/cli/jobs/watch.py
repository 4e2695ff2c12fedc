"""The command `watch`: the running jobs, followed to their ends. It starts nothing, stops nothing and holds no lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import click

from ftplan.cli.opening.kept_metrics import keep_metrics
from ftplan.cli.opening.onlooker import OnlookersLedger
from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console, Voice
from ftplan.cli.talking.options import config_options, config_request
from ftplan.cli.talking.patience import seconds_of
from ftplan.cli.talking.signals import Stop, WakefulClock, interrupted
from ftplan.core.desired import Desired
from ftplan.core.facts import Phase
from ftplan.core.notices import Told
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address
from ftplan.core.steps import Await
from ftplan.engine.alone import watch as follow_all
from ftplan.engine.apply import Outcome
from ftplan.engine.context import Run
from ftplan.engine.follow import ended_badly
from ftplan.errors import FtplanError, JobsFailed, Problem


@click.command()
# The file is open long before, so that it holds whatever goes wrong, these options included.
@click.option("--json-into", metavar="FILE", expose_value=False, help="What -json prints, to FILE as well.")
@click.option("--json", is_flag=True, help="One JSON object a line on stdout: events.")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@config_options
@click.pass_obj
def watch(line: CommandLine, /, addresses: tuple[str, ...], json: bool, **options: Any) -> int:
    """Follow the running jobs, all of them or those of ADDRESS, until they are over. Starts and stops nothing.

    What is seen is kept in the state. The lock is held for that moment alone: others may apply, cancel or pause
    meanwhile. While one of them holds it, nothing is written. Exits with 11 where a job ended failed or cancelled.
    """
    console = Console(no_color=line.no_color, json=json, into=line.stream)
    console.begin()
    request, stop = config_request(options), Stop()
    with stop.listening(), open_session(request, online=True, measured=False) as session:
        state, _ = session.load_state()
        chosen = _chosen(state, addresses)
        running = [record for record in chosen if not record.job.phase.settled]
        console.problems(_unsettled(state))
        if not running:
            return _nothing_runs(console, chosen if addresses else ())
        awaited = [_await(session, record) for record in running]
        voice = Voice(console)
        ledger = OnlookersLedger(console, session, request, state, voice.tell)
        ledger.begin()
        with voice.speaking(), stop.finishing():
            outcome = follow_all(awaited, _run(session, ledger, voice, stop, len(awaited)), ledger, stop)
        _keep(console, session, ledger, outcome)
        return _conclude(console, outcome, ledger.state, [record for record in chosen if record not in running])


def _chosen(state: State, addresses: Sequence[str]) -> list[ModelRecord]:
    """The models asked for, or all there are. Raises `FtplanError` for one that has no job."""
    if not addresses:
        return [state.models[name] for name in sorted(state.models)]
    return list({address: model_with_job(address, state, "Nothing to watch") for address in addresses}.values())


def _await(session: Session, record: ModelRecord) -> Await:
    session.provider(record.provider, f"The job of model.{record.name} is at")
    return Await(Address("model", record.name), record.provider, record.job.id)


def _run(session: Session, ledger: OnlookersLedger, voice: Voice, stop: Stop, jobs: int) -> Run:
    """A run that wants nothing: no model is declared to it, so that there is none it could train."""
    return Run(
        desired=Desired(replace(session.project, models={}, datasets={})),
        providers=session.providers,
        clock=WakefulClock(stop),
        state=lambda: ledger.state,
        tell=voice.tell,
        open_dataset=session.shelf.open,
        parallelism=jobs,
        poll_seconds=seconds_of("FTPLAN_POLL_SECONDS"),
    )


def _unsettled(state: State) -> Iterable[Problem]:
    """A job that may have been started and is not known cannot be watched: that is for an apply to find out."""
    if state.intents:
        names = ", ".join(f"model.{name}" for name in sorted(state.intents))
        detail = f"Whether an earlier run started a job for {names} is still to be found out."
        yield Problem("A paid call is in doubt", detail, advice="The next apply finds out.", severity="warning")


def _nothing_runs(console: Console, asked: Sequence[ModelRecord]) -> int:
    """Says so, and what became of the jobs that were `asked` for. Raises `JobsFailed` where one of those has no
    model."""
    over = "; ".join(f"{record.job.id} of model.{record.name} {record.job.phase.value}" for record in asked)
    told = f"No job is running{f': {over}' if over else ''}."
    console.say(told)
    if console.streaming:
        from ftplan.views.json_stream import event_stream

        line = event_stream(Told(told, severity="info"), console.now())
        console.stream([line] if line else [])
    _raise_ended(asked)
    return 0


def _keep(console: Console, session: Session, ledger: OnlookersLedger, outcome: Outcome) -> None:
    """What was seen while the state was locked, and the figures of what was trained."""
    if not ledger.save():
        console.note("What was seen last is not in the state: the next apply, refresh or watch sees it again.")
    elif outcome.done and not outcome.stopped:
        state, _ = session.load_state()
        console.problems(keep_metrics(session, state, ledger.keep))


def _conclude(console: Console, outcome: Outcome, state: State, over: Sequence[ModelRecord]) -> int:
    if outcome.stopped:
        going = [state.models[step.address.name] for step in outcome.left]
        jobs = ", ".join(f"model.{record.name} ({record.job.id})" for record in going)
        follows = "The next apply, refresh or watch picks them up."
        raise interrupted(outcome.stopped, f"Jobs that go on: {jobs or 'none'}.", follows)
    if outcome.failed:
        names = ", ".join(str(step.address) for step, _ in outcome.failed)
        problem = Problem("Not every job came to a model", f"Without one: {names}.", advice="Plan again.")
        only_jobs = all(isinstance(error, JobsFailed) for _, error in outcome.failed)
        raise JobsFailed(problem) if only_jobs else FtplanError(problem)
    _raise_ended(over)
    ended = len(outcome.done)
    console.say(f"\n{ended} {'job has' if ended == 1 else 'jobs have'} ended, each with a model.")
    return 0


def _raise_ended(asked: Sequence[ModelRecord]) -> None:
    failed = [record for record in asked if record.job.phase in (Phase.FAILED, Phase.CANCELLED)]
    if failed:
        told = (ended_badly(Address("model", record.name), record.job) for record in failed)
        raise JobsFailed([problem for error in told for problem in error.problems])
