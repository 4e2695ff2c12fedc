"""One paid call, made at most once: look first, write the intent down, call, and settle what is in doubt."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ftplan.core.deciding.case import best_found
from ftplan.core.events import IntentDropped, JobStarted, TrainingIntended
from ftplan.core.facts import RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.money.quotes import paid_here, quote
from ftplan.core.notices import Told, Waiting
from ftplan.core.ports import JobRequest
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT, call_seed
from ftplan.core.records import Intent
from ftplan.core.spec import Address
from ftplan.core.steps import Adopt, Reason, Train
from ftplan.engine.context import Run, pause_asked_for
from ftplan.engine.doubt import in_doubt
from ftplan.engine.effects import Action, Pause, Record, Say, do
from ftplan.engine.marks import marked_copy
from ftplan.engine.settling import can_settle, look_up, search, settle
from ftplan.errors import OutcomeUnknown, Problem, ProviderError, Rejected

BUSY_SECONDS = 30.0


def launch(run: Run, step: Train) -> Action[tuple[RemoteJob, bool]]:
    """The job of `step`, and whether it was found and not started. The key is looked up first, so that a lost state
    or an edit there and back again takes over what is paid for already; a fingerprint counts only where no new
    training was asked for. Raises `ProviderError` while an earlier paid call for the same model is not settled."""
    if step.address.name in run.state().intents:
        raise in_doubt(step.address, step.provider)
    adopted = yield from look_up(run, step.address, step.provider, step.key)
    if adopted is None and step.reason in (Reason.NEW, Reason.CHANGED):
        adopted = yield from _paid_for(run, step)
    if adopted is not None:
        yield Record(started(run, step, adopted, adopted=True))
        return adopted, True
    job = yield from _start(run, step)
    yield Record(started(run, step, job, adopted=False))
    return job, False


def _start(run: Run, step: Train) -> Action[RemoteJob]:
    request = job_request(run, step)
    copy = yield from marked_copy(run, step)
    request = replace(request, training_file=copy) if copy is not None else request
    provider = run.providers[step.provider]
    while True:
        begun, intent = run.clock.monotonic(), _intent(run, step, request)
        yield Record(TrainingIntended(intent))
        if run.clock.monotonic() - begun > run.window_seconds:
            # The save took so long that others may count this call as never made: write it down afresh.
            continue
        try:
            job = yield from do(f"start_job {step.address}", lambda: provider.start_job(request))
        except Rejected as refusal:
            asked, refused = pause_asked_for(refusal.retry_after, BUSY_SECONDS), run.clock.monotonic()
            found = (yield from _let_in(run, intent, asked)) if refusal.busy else None
            if found is not None:
                return found
            yield Record(IntentDropped(step.address.name, "refused by the provider", run.moment()))
            if not refusal.busy:
                raise
            yield Pause(max(0.0, asked - (run.clock.monotonic() - refused)))
        except OutcomeUnknown as doubt:
            found = yield from settle(run, intent, run.settle_seconds(step.provider))
            if found is not None:
                return found
            yield Say(Told("The call did not reach the provider", doubt.problems[0].detail, address=step.address))
        else:
            return job


def _let_in(run: Run, intent: Intent, asked: float) -> Action[RemoteJob | None]:
    """The job of a call that was answered with "too many", should it have been let in all the same: the answer is
    believed once the service's own list, caught up, says so too. It is a queue, where waiting costs little."""
    lag = run.list_lag(intent.provider)
    yield Say(Waiting(Address("model", intent.name), "the provider takes no more jobs just now", max(lag, asked)))
    return (yield from settle(run, intent, lag, told=False)) if can_settle(run, intent) else None


def _paid_for(run: Run, step: Train) -> Action[RemoteJob | None]:
    """A good job with this very recipe, whoever started it. One whose model was deleted since is good no more."""
    provider = run.providers[step.provider]
    jobs = yield from search(run, step.provider, {MARK_FINGERPRINT: step.fingerprint})
    while (job := best_found(jobs)) is not None:
        model_id = job.fine_tuned_model
        if model_id is None or (yield from do("get_model", partial(provider.get_model, model_id))) is not None:
            return job
        jobs = [other for other in jobs if other.id != job.id]
    return None


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
        # A seed of ours is no part of the recipe: it marks the call, also where metadata cannot.
        seed=recipe.get("seed", call_seed(step.key)),
        metadata={**spec.metadata, **marks},
        wandb=spec.wandb,
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
        created_at=run.moment(),
        training_file=request.training_file,
        lifecycle=run.declared(step.address).spec.lifecycle,
        parent=str(step.parent) if step.parent else None,
        settled_seconds=run.window_seconds + run.call_seconds,
        quote=quote(run.declared(step.address), run.desired.catalogs[step.provider], step.estimate),
        origin=run.origin,
    )


def started(run: Run, step: Train | Adopt, job: RemoteJob, *, adopted: bool) -> JobStarted:
    """The fact that `job` is the one of `step`."""
    model = run.declared(step.address)
    estimate = step.estimate if isinstance(step, Train) else None
    return JobStarted(
        name=step.address.name,
        provider=step.provider,
        fingerprint=step.fingerprint,
        key=step.key,
        attempt=step.attempt,
        recipe=step.recipe,
        job=job_record(job),
        lifecycle=model.spec.lifecycle,
        parent=str(step.parent) if step.parent else None,
        adopted=adopted,
        paid_here=paid_here(run.desired.project, job),
        quote=quote(model, run.desired.catalogs[step.provider], estimate),
        origin=run.origin,
    )
