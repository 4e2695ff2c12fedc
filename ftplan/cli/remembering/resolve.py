"""The command `resolve`: a person says what became of a paid call that nobody else can judge."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from ftplan.cli.opening.locking import locked, make_claim
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.session import Session, open_session
from ftplan.cli.talking.approval import approve, changing_options, changing_request, read_address
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.signals import Stop
from ftplan.core.events import Fact, IntentDropped
from ftplan.core.ports import Provider
from ftplan.core.recipe import MARK_KEY
from ftplan.core.records import Intent, State
from ftplan.engine.observe import jobs_carrying
from ftplan.engine.recover import adopted
from ftplan.engine.resolve import objections
from ftplan.errors import FtplanError, Problem, ProviderError, UsageError


@click.command()
@click.option("--adopt", metavar="JOB", help="This is the job that was started.")
@click.option("--not-created", is_flag=True, help="No job was started.")
@click.argument("address")
@changing_options
@click.pass_obj
def resolve(line: CommandLine, /, address: str, adopt: str | None, not_created: bool, **options: Any) -> int:
    """Say what became of the paid call for ADDRESS, where ftplan cannot find out."""
    console = Console(no_color=line.no_color)
    if not_created == bool(adopt):
        raise UsageError("Wrong usage", detail="Either -adopt=JOB or -not-created has to be given.")
    request = changing_request(options)
    stop = Stop()
    with (
        stop.listening(),
        open_session(request, online=True, measured=False) as session,
        locked(console, session, request, "resolve"),
    ):
        state, tag = session.load_state()
        intent = _open_intent(address, state)
        fact = _adoption(session, state, intent, adopt) if adopt else _refutation(session, intent)
        approve(console, options, _question(intent, adopt))
        with stop.finishing(), recording(console, session, state, tag) as ledger:
            ledger.record(fact)
    told = f"{adopt} is taken over. The next apply follows it." if adopt else "it is settled that no job was started."
    console.say(f"model.{intent.name}: {told}")
    return 0


def _open_intent(address: str, state: State) -> Intent:
    asked = read_address(address)
    if asked.kind == "model" and asked.name in state.intents:
        return state.intents[asked.name]
    known = [f"model.{name}" for name in sorted(state.intents)]
    advice = f"In doubt are: {', '.join(known)}." if known else "No paid call is in doubt."
    raise FtplanError(Problem("Nothing to resolve", f"{asked} has no paid call in doubt.", advice=advice))


def _adoption(session: Session, state: State, intent: Intent, job_id: str) -> Fact:
    provider, address = session.provider(intent.provider, "The call was to be made at"), f"model.{intent.name}"
    job = provider.get_job(job_id)
    if job is None:
        detail = f"{intent.provider} knows no job {job_id[:100]}."
        raise FtplanError(Problem("No such job", detail, address=address, advice="Nothing was changed."))
    against = objections(intent, job, state, provider.catalog)
    wrong = []
    if against:
        detail = f"{job.id} cannot be the job of {address}: {'; '.join(against)}."
        wrong.append(Problem("Not the job of this call", detail, address=address, advice="Nothing was changed."))
    wrong += [_there(intent, right) for right in _carrying(provider, intent)[:1] if right != job_id]
    if wrong:
        raise FtplanError(wrong)
    return adopted(intent, job)


def _carrying(provider: Provider, intent: Intent) -> list[str]:
    """The jobs with the key of the call: where jobs carry theirs, one of these is what was paid for. Oldest first."""
    if not provider.capabilities().searches_jobs:
        return []
    return [job.id for job in jobs_carrying({MARK_KEY: intent.key}, provider)]


def _there(intent: Intent, job_id: str) -> Problem:
    detail = f"{job_id} carries the key of the paid call for model.{intent.name}: it was started."
    command = f"ftplan resolve model.{intent.name} -adopt={job_id}"
    return Problem("The job is there", detail, advice="Take it over:", command=command)


def _refutation(session: Session, intent: Intent) -> Fact:
    """The fact that there is no job. A job that carries the key of the call is proof of the contrary."""
    provider = session.providers.get(intent.provider)
    found = []
    # Who says that there is no job need not wait for a provider that does not answer.
    with contextlib.suppress(ProviderError):
        found = _carrying(provider, intent) if provider is not None else []
    if found:
        raise FtplanError(_there(intent, found[0]))
    return IntentDropped(intent.name, f"no job was started, says {_who()}")


def _who() -> str:
    claim = make_claim("resolve", {})
    return f"{claim.who}@{claim.host}"


def _question(intent: Intent, job: str | None) -> str:
    if job:
        return f"Take over {job} as the job of model.{intent.name}?"
    return (
        f"Are you certain that no job was started for model.{intent.name}?\n"
        "  If there is one after all, the next apply starts and pays for a second one."
    )
