"""Watching a job until it is settled, however long that takes and however often the provider does not answer."""

from __future__ import annotations

from dataclasses import replace

from ftplan.core.events import JobSeen
from ftplan.core.facts import JobProgress, Phase, RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.money.spending import spend_of_job
from ftplan.core.notices import JobFollowed, Spent, StepDone, Told, Verb, Waiting
from ftplan.core.ports import HasPause, HasProgress
from ftplan.core.records import JobRecord
from ftplan.core.spec import Address
from ftplan.engine.context import GIVE_UP_SECONDS, Run, pause_asked_for
from ftplan.engine.effects import Action, Pause, Record, Say, do
from ftplan.engine.pace import Pace
from ftplan.errors import JobsFailed, Problem, ProviderError, Unreachable

LONGEST_PAUSE_SECONDS = 60.0


def follow(run: Run, address: Address, provider: str, verb: Verb) -> Action[None]:
    """Follows the job remembered for `address` to its end. Every change is saved; raises `JobsFailed` when it ends
    without a model, `Unreachable` when the provider has not answered for a quarter of an hour."""
    begun, pace, paused = run.clock.monotonic(), Pace(), False
    while True:
        job = yield from _look(run, address, provider)
        remembered = run.state().models[address.name].job
        if job_record(job) != remembered:
            yield Record(JobSeen(address.name, job_record(job)))
        if job.phase.settled:
            break
        progress = yield from _progress(run, provider, job)
        age = max(0.0, run.clock.now().timestamp() - job.created_at) if job.created_at else 0.0
        left = pace.remaining(job, progress, run.clock)
        yield Say(JobFollowed(address, job.id, job.status, age, progress, left))
        if job.phase is Phase.PAUSED and not paused:
            yield Say(_paused(run, address, provider, job))
        paused = job.phase is Phase.PAUSED
        yield Pause(run.poll(provider))
    if job.phase is not Phase.SUCCEEDED:
        raise ended_badly(address, job_record(job))
    seconds = run.clock.monotonic() - begun
    # What is taken over was paid for before: naming a cost here would read like a second bill.
    spent = None if verb == "Adopting" else _spent(run, address, job)
    yield Say(StepDone(address, verb, job.fine_tuned_model or job.id, seconds, spent))


def _paused(run: Run, address: Address, provider: str, job: RemoteJob) -> Told:
    """That nothing will come of waiting before somebody acts."""
    resumes = f": ftplan resume {address}" if isinstance(run.providers[provider], HasPause) else ""
    return Told("Job is paused", f"{job.id} goes on when it is resumed{resumes}", "info", address)


def ended_badly(address: Address, job: JobRecord) -> JobsFailed:
    """The error for a job that ended failed or cancelled, in the provider's own words."""
    told = ": ".join(part for part in (job.error_code, job.error_message) if part) or "the provider gives no reason"
    told = told.rstrip(".")
    return JobsFailed(
        Problem(
            "Training failed" if job.phase is Phase.FAILED else "Training was cancelled",
            f"{address}: job {job.id} ended {job.phase.value}: {told}.",
            advice="Put right what it names, then plan again: the plan shows what another try costs.",
            address=str(address),
        )
    )


def _look(run: Run, address: Address, provider: str) -> Action[RemoteJob]:
    job_id = run.state().models[address.name].job.id
    begun = run.clock.monotonic()
    pause = run.poll(provider)
    while True:
        try:
            job = yield from do(f"get_job {address}", lambda: run.providers[provider].get_job(job_id))
        except Unreachable as error:
            if run.clock.monotonic() - begun > GIVE_UP_SECONDS:
                raise
            pause = min(LONGEST_PAUSE_SECONDS, pause_asked_for(error.retry_after, pause * 2))
            yield Say(Waiting(address, "the provider does not answer; its job goes on", pause))
            yield Pause(pause)
            continue
        if job is None:
            detail = f"{address}: the provider knows no job {job_id} any more."
            raise ProviderError(Problem("Job is gone", detail, address=str(address), advice="Plan again."))
        return job


def _progress(run: Run, provider: str, job: RemoteJob) -> Action[JobProgress | None]:
    service = run.providers[provider]
    if job.phase is not Phase.RUNNING or not isinstance(service, HasProgress):
        return None
    try:
        progress = yield from do("progress", lambda: service.progress(job.id))
    except ProviderError:
        # Progress is only told; a job is never given up for want of it.
        return None
    return replace(progress, rehearsal=service.catalog.rehearsal) if progress else None


def _spent(run: Run, address: Address, job: RemoteJob) -> Spent | None:
    """What the job cost, None where its price or its tokens are not known. One that the ledger does not know costs what
    it would today."""
    paid = spend_of_job(run.state(), run.state().models[address.name].provider, job.id)
    if paid is not None and paid.amount is not None and paid.billed_tokens is not None:
        return Spent(paid.amount, paid.billed_tokens, paid.rehearsal, paid.expected)
    model = run.desired.model(address.name)
    price = model.base.train_per_million if model and model.base else None
    if model is None or price is None or job.trained_tokens is None:
        return None
    rehearsal = run.providers[model.spec.provider].catalog.rehearsal
    return Spent(job.trained_tokens * price / 1_000_000, job.trained_tokens, rehearsal)
