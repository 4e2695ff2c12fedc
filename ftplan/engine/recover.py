"""What an earlier run left open: a paid call whose outcome the state does not know. Settled before any planning."""

from __future__ import annotations

from ftplan.core.events import IntentDropped, JobStarted
from ftplan.core.facts import RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.notices import Told
from ftplan.core.records import Intent
from ftplan.core.spec import Address
from ftplan.engine.context import Run
from ftplan.engine.effects import Action, Record, Say
from ftplan.engine.settling import settle
from ftplan.errors import Problem, ProviderError


def recover(run: Run, intent: Intent) -> Action[None]:
    """Settles one open intent: its job is taken over, or it is certain that there is none. Nothing is started."""
    address = Address("model", intent.name)
    provider = run.providers.get(intent.provider)
    if provider is None:
        raise _undeclared(address, intent.provider)
    # The run that left this may have been about to call, and may have had more patience than this one.
    seconds = max(intent.settled_seconds, run.window_seconds + run.call_seconds) + run.list_lag(intent.provider)
    job = yield from settle(run, intent, seconds)
    if job is None:
        yield Record(IntentDropped(intent.name, "no job carries its key", run.moment()))
        return
    yield Record(adopted(intent, job))
    yield Say(Told("Found the job of an earlier run", f"{address}: {job.id} is taken over.", "info", address))


def adopted(intent: Intent, job: RemoteJob) -> JobStarted:
    """The fact that `job` is the one that `intent` was to start."""
    return JobStarted(
        name=intent.name,
        provider=intent.provider,
        fingerprint=intent.fingerprint,
        key=intent.key,
        attempt=intent.attempt,
        recipe=intent.recipe,
        job=job_record(job),
        lifecycle=intent.lifecycle,
        parent=intent.parent,
        adopted=True,
        quote=intent.quote,
        origin=intent.origin,
    )


def _undeclared(address: Address, provider: str) -> ProviderError:
    return ProviderError(
        Problem(
            "Provider is not declared",
            f"An earlier run may have started a job for {address} at {provider}, which is declared no more.",
            address=str(address),
            advice="Declare it under that name again: then its job can be looked for. Nothing was started.",
        )
    )
