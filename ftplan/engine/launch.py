"""One paid call, made at most once: look first, write the intent down, call, and settle what is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ftplan.core.case import best_found
from ftplan.core.events import IntentDropped, JobStarted, Told, TrainingIntended, Waiting
from ftplan.core.facts import RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.plan import Adopt, Reason, Train
from ftplan.core.ports import JobRequest
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT
from ftplan.core.records import Intent
from ftplan.core.spec import Address
from ftplan.engine.context import GIVE_UP_SECONDS, Run, pause_asked_for
from ftplan.engine.effects import Action, Pause, Record, Say, do
from ftplan.engine.observe import jobs_carrying
from ftplan.errors import OutcomeUnknown, Problem, ProviderError, Rejected, Unreachable

BUSY_SECONDS = 30.0
SEARCH_SECONDS = 5.0


def launch(run: Run, step: Train) -> Action[RemoteJob]:
    """The job of `step`, found or started. The key is looked up first, so that a lost state or an edit there and
    back again takes over what is paid for already; a fingerprint counts only where no new training was asked for.
    Raises `ProviderError` while an earlier paid call for the same model is not settled."""
    if step.address.name in run.state().intents:
        raise in_doubt(step.address, step.provider)
    adopted = yield from _look(run, step.address, step.provider, step.key)
    if adopted is None and step.reason in (Reason.NEW, Reason.CHANGED):
        adopted = yield from _paid_for(run, step)
    if adopted is not None:
        yield Record(started(run, step, adopted, adopted=True))
        return adopted
    job = yield from _start(run, step)
    yield Record(started(run, step, job, adopted=False))
    return job


def _start(run: Run, step: Train) -> Action[RemoteJob]:
    request = job_request(run, step)
    provider = run.providers[step.provider]
    while True:
        begun = run.clock.monotonic()
        yield Record(TrainingIntended(_intent(run, step, request)))
        if run.clock.monotonic() - begun > run.window_seconds:
            # The save took so long that others may count this call as never made: write it down afresh.
            continue
        try:
            job = yield from do(f"start_job {step.address}", lambda: provider.start_job(request))
        except Rejected as refusal:
            yield Record(IntentDropped(step.address.name, "refused by the provider"))
            if not refusal.busy:
                raise
            seconds = pause_asked_for(refusal.retry_after, BUSY_SECONDS)
            yield Say(Waiting(step.address, "the provider takes no more jobs just now", seconds))
            yield Pause(seconds)
        except OutcomeUnknown as doubt:
            if not provider.capabilities().searches_jobs:
                raise in_doubt(step.address, step.provider) from doubt
            found = yield from settle(run, step.address, step.provider, step.key, run.settle_seconds(step.provider))
            if found is not None:
                return found
            yield Say(Told("The call did not reach the provider", doubt.problems[0].detail, address=step.address))
        else:
            return job


def settle(run: Run, address: Address, provider: str, key: str, seconds: float) -> Action[RemoteJob | None]:
    """The job that carries `key`, or None once it is certain that there is none: a search that was begun after
    `seconds` on our own clock came back empty. A search that fails is not an empty one and never counts. Raises
    `Unreachable` when none was answered for a quarter of an hour; the intent then stays open."""
    begun = answered = run.clock.monotonic()
    yield Say(Waiting(address, "the answer to a paid call is missing; looking for its job", seconds))
    while True:
        late_enough = run.clock.monotonic() - begun >= seconds
        try:
            found = yield from _look(run, address, provider, key)
        except Unreachable as error:
            if run.clock.monotonic() - answered > GIVE_UP_SECONDS:
                raise
            yield Pause(pause_asked_for(error.retry_after, SEARCH_SECONDS))
            continue
        answered = run.clock.monotonic()
        if found is not None or late_enough:
            return found
        left = seconds - (run.clock.monotonic() - begun)
        yield Pause(max(0.0, min(SEARCH_SECONDS, left)))


def in_doubt(address: Address, provider: str) -> ProviderError:
    """The refusal to go on where a paid call may have been made and nobody can tell."""
    return ProviderError(
        Problem(
            "Outcome of a paid call is unknown",
            f"A job for {address} may have been started at {provider}, where it cannot be looked for.",
            address=str(address),
            advice="Look at the provider's list of jobs. Nothing is started, so that nothing is paid for twice.",
        )
    )


def _look(run: Run, address: Address, provider: str, key: str) -> Action[RemoteJob | None]:
    """The oldest job with this key. Any others are told of: each of them costs money."""
    jobs = yield from _search(run, provider, {MARK_KEY: key})
    for extra in jobs[1:]:
        if not extra.phase.settled:
            detail = f"{extra.id} carries the same key as {jobs[0].id}. Cancel it at the provider."
            yield Say(Told("A second job for one training", detail, address=address))
    return jobs[0] if jobs else None


def _paid_for(run: Run, step: Train) -> Action[RemoteJob | None]:
    """A good job with this very recipe, whoever started it. One whose model was deleted since is good no more."""
    provider = run.providers[step.provider]
    jobs = yield from _search(run, step.provider, {MARK_FINGERPRINT: step.fingerprint})
    while (job := best_found(jobs)) is not None:
        model_id = job.fine_tuned_model
        if model_id is None or (yield from do("get_model", partial(provider.get_model, model_id))) is not None:
            return job
        jobs = [other for other in jobs if other.id != job.id]
    return None


def _search(run: Run, provider: str, marks: dict[str, str]) -> Action[Sequence[RemoteJob]]:
    service = run.providers[provider]
    if not service.capabilities().searches_jobs:
        return ()
    return (yield from do("find_jobs", lambda: jobs_carrying(marks, service)))


def job_request(run: Run, step: Train) -> JobRequest:
    """What the paid call says. Raises `ProviderError` when the parent has no model or a file is not there."""
    model = run.declared(step.address)
    recipe, spec, project = step.recipe, model.spec, run.desired.project
    marks = {
        MARK_PROJECT: project.name,
        MARK_ADDRESS: str(step.address),
        MARK_KEY: step.key,
        MARK_FINGERPRINT: step.fingerprint,
    }
    return JobRequest(
        base_model=_parent_model(run, step.parent) if step.parent else model.base_model,
        training_file=_file_id(run, step, recipe["training"]),
        validation_file=_file_id(run, step, recipe["validation"]) if "validation" in recipe else None,
        method=recipe["method"],
        n_epochs=recipe["n_epochs"],
        hyperparameters=recipe.get("hyperparameters", {}),
        grader=recipe.get("grader"),
        suffix=recipe.get("suffix"),
        seed=recipe.get("seed"),
        metadata={**spec.metadata, **marks},
    )


def _parent_model(run: Run, parent: Address) -> str:
    record = run.state().models.get(parent.name)
    if record is None or not record.job.fine_tuned_model:
        raise ProviderError(Problem("Parent has no model", f"{parent} has not been trained.", address=str(parent)))
    return record.job.fine_tuned_model


def _file_id(run: Run, step: Train, content_sha256: str) -> str:
    record = run.state().files.get((step.provider, content_sha256))
    if record is None:
        raise ProviderError(
            Problem("File is not there", f"The dataset of {step.address} was not uploaded.", address=str(step.address))
        )
    return record.id


def _intent(run: Run, step: Train, request: JobRequest) -> Intent:
    return Intent(
        name=step.address.name,
        provider=step.provider,
        key=step.key,
        fingerprint=step.fingerprint,
        attempt=step.attempt,
        recipe=step.recipe,
        created_at=run.clock.now().isoformat(timespec="seconds"),
        training_file=request.training_file,
        lifecycle=run.declared(step.address).spec.lifecycle,
        parent=str(step.parent) if step.parent else None,
        settled_seconds=run.window_seconds + run.call_seconds,
    )


def started(run: Run, step: Train | Adopt, job: RemoteJob, *, adopted: bool) -> JobStarted:
    """The fact that `job` is the one of `step`."""
    return JobStarted(
        name=step.address.name,
        provider=step.provider,
        fingerprint=step.fingerprint,
        key=step.key,
        attempt=step.attempt,
        recipe=step.recipe,
        job=job_record(job),
        lifecycle=run.declared(step.address).spec.lifecycle,
        parent=str(step.parent) if step.parent else None,
        adopted=adopted,
    )
