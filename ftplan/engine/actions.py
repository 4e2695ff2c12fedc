"""What each kind of step does, as a generator of effects."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import assert_never

from ftplan.core.events import AliasRemoved, FileDropped, JobSeen, ModelRemoved
from ftplan.core.facts import Phase, RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.notices import StepDone, StepStarted, Verb
from ftplan.core.recipe import MARK_KEY
from ftplan.core.records import ModelRecord
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Step, Take, Train, Upload
from ftplan.engine.context import Run
from ftplan.engine.effects import Action, Pause, Record, Say, do
from ftplan.engine.follow import ended_badly, follow
from ftplan.engine.launch import launch, started
from ftplan.engine.promoting import promote
from ftplan.engine.settling import SEARCH_SECONDS, search
from ftplan.engine.taking import take
from ftplan.engine.uploading import YOUNG_SECONDS, adopt_files, upload
from ftplan.errors import Problem, ProviderError

VERBS: Mapping[type[Step], Verb] = {
    Upload: "Uploading",
    Train: "Training",
    Adopt: "Adopting",
    Await: "Following",
    Cancel: "Cancelling",
    Forget: "Forgetting",
    Delete: "Destroying",
    Promote: "Promoting",
    Take: "Taking",
}


def action(run: Run, step: Step) -> Action[None]:
    """The generator that carries out `step`."""
    match step:
        case Upload():
            return upload(run, step)
        case Train():
            return _train(run, step)
        case Adopt():
            return _adopt(run, step)
        case Await():
            return _await(run, step)
        case Cancel():
            return _cancel(run, step)
        case Forget():
            return _forget(run, step)
        case Delete():
            return _delete(run, step)
        case Promote():
            return promote(run, step)
        case Take():
            return take(run, step)
        case _:
            assert_never(step)


def _train(run: Run, step: Train) -> Action[None]:
    yield Say(StepStarted(step.address, "Training", step.recipe["method"]))
    job, found = yield from launch(run, step)
    yield from _to_the_end(run, step, job, "Adopting" if found else "Training")


def _adopt(run: Run, step: Adopt) -> Action[None]:
    yield Say(StepStarted(step.address, "Adopting", step.job_id or f"the job of {step.shared_with}"))
    provider = run.providers[step.provider]
    job_id = step.job_id
    if job_id is None and step.shared_with is not None:
        job_id = run.state().models[step.shared_with.name].job.id
    job = yield from do("get_job", lambda: provider.get_job(str(job_id)))
    if job is None:
        detail = f"{step.address} was to take over job {job_id}, which the provider no longer has."
        raise ProviderError(Problem("Job is gone", detail, address=str(step.address), advice="Plan again."))
    yield Record(started(run, step, job, adopted=True))
    yield from adopt_files(run, step, job)
    yield from _to_the_end(run, step, job, "Adopting")


def _to_the_end(run: Run, step: Train | Adopt, job: RemoteJob, verb: Verb) -> Action[None]:
    if job.phase.settled and job.phase is not Phase.SUCCEEDED:
        raise ended_badly(step.address, job_record(job))
    if run.wait or job.phase.settled:
        yield from follow(run, step.address, step.provider, verb)
    else:
        yield Say(StepDone(step.address, "Starting", job.id))


def _await(run: Run, step: Await) -> Action[None]:
    if run.wait:
        yield Say(StepStarted(step.address, "Following", step.job_id))
        yield from follow(run, step.address, step.provider, "Following")


def _cancel(run: Run, step: Cancel) -> Action[None]:
    yield Say(StepStarted(step.address, "Cancelling", step.job_id))
    job = yield from do("cancel_job", lambda: run.providers[step.provider].cancel_job(step.job_id))
    if job is not None:
        yield Record(JobSeen(step.address.name, job_record(job)))
    yield Say(StepDone(step.address, "Cancelling", step.job_id))


def _forget(run: Run, step: Forget) -> Action[None]:
    if step.address.kind == "alias":
        yield Record(AliasRemoved(step.address.name))
    else:
        yield from _until_listed(run, run.state().models[step.address.name])
        yield Record(ModelRemoved(step.address.name, deleted=False))
    yield Say(StepDone(step.address, "Forgetting", step.model_id or ""))


def _until_listed(run: Run, record: ModelRecord) -> Action[None]:
    """A job that only our state knows of is not let go of before the provider's lists show it, or would: whoever wants
    the model again must find it."""
    lag = run.list_lag(record.provider) if record.provider in run.providers else 0.0
    begun = run.clock.monotonic()
    young = run.clock.now().timestamp() - record.job.created_at < YOUNG_SECONDS
    while young and run.clock.monotonic() - begun < lag:
        try:
            if (yield from search(run, record.provider, {MARK_KEY: record.key})):
                return
        except ProviderError:
            return  # Nothing is bought by letting go; a provider that is gone must not keep its models managed.
        if not run.providers[record.provider].capabilities().searches_jobs:
            return
        yield Pause(min(SEARCH_SECONDS, lag))


def _delete(run: Run, step: Delete) -> Action[None]:
    """Deletes at the provider. What is gone already is as good as deleted."""
    yield Say(StepStarted(step.address, "Destroying", step.model_id or step.file_id or step.job_id or ""))
    provider = run.providers[step.provider]
    if step.file_id is not None:
        file_id = step.file_id
        yield from do("delete_file", lambda: provider.delete_file(file_id))
        yield Record(FileDropped(step.provider, step.content_sha256 or ""))
    else:
        model_id = step.model_id
        if step.running and step.job_id:
            model_id = (yield from _stop(run, step.provider, step.job_id)) or model_id
        if model_id:
            ending = model_id
            yield from do("delete_model", lambda: provider.delete_model(ending))
        yield Record(ModelRemoved(step.address.name, deleted=True))
    yield Say(StepDone(step.address, "Destroying", step.model_id or step.file_id or ""))


def _stop(run: Run, provider: str, job_id: str) -> Action[str | None]:
    """The model a job turned out to have, had it ended before it could be cancelled."""
    job = yield from do("cancel_job", lambda: run.providers[provider].cancel_job(job_id))
    return job.fine_tuned_model if job else None
