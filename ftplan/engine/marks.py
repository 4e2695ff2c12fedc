"""The mark of a paid call at a service whose jobs carry no metadata to search by: a file that was uploaded for this
one call. A copy of a file costs nothing; a second job does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from ftplan.core.facts import RemoteJob
from ftplan.core.ports import ListsJobs
from ftplan.core.recipe import call_seed, marked_name
from ftplan.core.records import Intent, State
from ftplan.core.spec import Address
from ftplan.core.steps import Reason, Train, Upload
from ftplan.engine.context import Run
from ftplan.engine.doubt import in_doubt
from ftplan.engine.effects import Action, do
from ftplan.engine.uploading import upload_copy

CLOCKS_DIFFER_SECONDS = 600


def marked_copy(run: Run, step: Train) -> Action[str | None]:
    """The id of a copy of the training file that no other call names. None where jobs can be searched, and where
    the file is no longer what the recipe was made of."""
    model = run.declared(step.address)
    searches = run.providers[step.provider].capabilities().searches_jobs
    if searches or model.training.content_sha256 != step.recipe["training"]:
        return None
    dataset, facts = model.spec.dataset, model.training
    copy = Upload(
        address=Address("dataset", dataset),
        provider=step.provider,
        path=run.desired.dataset(dataset).path,
        sha256=facts.sha256,
        content_sha256=facts.content_sha256,
        bytes=facts.bytes,
        rows=facts.rows,
        filename=marked_name(dataset, facts.sha256, step.key),
        reason=Reason.NEW,
    )
    file = yield from upload_copy(run, copy)
    return file.id


def find_marked(run: Run, intent: Intent, service: ListsJobs) -> Action[RemoteJob | None]:
    """The job of `intent`, None where no job can be it. Raises `ProviderError` where several can, or where the one
    that can carries neither a mark of this call nor anything else that is its alone."""
    since = int(datetime.fromisoformat(intent.created_at).timestamp()) - CLOCKS_DIFFER_SECONDS
    jobs = yield from do("list_jobs", lambda: service.list_jobs(since))
    state = run.state()
    young = [job for job in jobs if job.created_at >= since and job.id not in remembered_jobs(state)]
    possible = matching(intent, young)
    shared = {file.id for file in state.files.values()}
    if not possible:
        return None
    if len(possible) > 1 or not _is_sure(intent, possible[0], shared):
        raise in_doubt(Address("model", intent.name), intent.provider, possible)
    return possible[0]


def matching(intent: Intent, jobs: Iterable[RemoteJob]) -> list[RemoteJob]:
    """Those of `jobs` that may be the one of `intent`: by training file, or by seed at a service that does not tell
    the file. The suffix and the seed decide between several; alone they rule nothing out, since a service may
    write them otherwise."""
    told = [job for job in jobs if job.training_file in ("", intent.training_file)]
    named = [job for job in told if job.training_file]
    possible = named or [job for job in told if job.seed in (None, _seed(intent))]
    same_suffix = [job for job in possible if job.suffix == intent.recipe.get("suffix")]
    possible = same_suffix or possible
    return [job for job in possible if job.seed == _seed(intent)] or possible


def remembered_jobs(state: State) -> set[str]:
    """The ids of every job that some model has or had."""
    records = state.models.values()
    return {record.job.id for record in records} | {old.job.id for record in records for old in record.former}


def _is_sure(intent: Intent, job: RemoteJob, shared: Collection[str]) -> bool:
    """Whether `job` carries something that only this call sent."""
    own_file = job.training_file == intent.training_file and intent.training_file not in shared
    return own_file or job.seed == _seed(intent)


def _seed(intent: Intent) -> int:
    given = intent.recipe.get("seed")
    return call_seed(intent.key) if given is None else int(given)
