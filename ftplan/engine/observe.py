"""What there is to see: everything a plan has to know of the providers, by reads alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ftplan.core.bases import account_of
from ftplan.core.checkpoints import Checkpoint
from ftplan.core.deciding.scope import Scope
from ftplan.core.desired import Desired, DesiredModel, is_at
from ftplan.core.facts import FileKey, Observation, Phase, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.ports import HasCheckpoints, ProviderReader
from ftplan.core.recipe import MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address


@dataclass(slots=True)
class _Seen:
    """The answers so far."""

    jobs: dict[Address, RemoteJob | None] = field(default_factory=dict)
    models: dict[Address, RemoteModel | None] = field(default_factory=dict)
    files: dict[FileKey, RemoteFile | None] = field(default_factory=dict)
    found: dict[Address, tuple[RemoteJob, ...]] = field(default_factory=dict)
    found_files: dict[FileKey, RemoteFile] = field(default_factory=dict)
    unsearchable: dict[Address, str] = field(default_factory=dict)
    bases: dict[tuple[str, str], RemoteModel | None] = field(default_factory=dict)
    doubles: dict[Address, tuple[RemoteJob, ...]] = field(default_factory=dict)
    checkpoints: dict[Address, tuple[Checkpoint, ...]] = field(default_factory=dict)


def observe(desired: Desired, state: State, readers: Mapping[str, ProviderReader], scope: Scope) -> Observation:
    """What the providers say about everything declared or remembered that `scope` covers. Reads only; a provider
    that cannot be asked raises, since a plan made without its answer could be wrong."""
    seen = _Seen()
    remembered: dict[str, list[ModelRecord]] = {}
    for name, record in sorted(state.models.items()):
        address = Address("model", name)
        provider = _provider_of(desired, record)
        if scope.covers(address) and is_at(desired.project, provider, record.recipe.get("account", "")):
            _look_at_record(seen, address, record, readers[provider])
            remembered.setdefault(provider, []).append(record)
    _look_at_names_in_use(seen, desired, state, readers, scope)
    for provider, records in sorted(remembered.items()):
        _look_for_doubles(seen, desired.project.name, records, readers[provider])
    for model in desired.models:
        if scope.covers(model.address):
            _look_for_model(seen, model, state, readers[model.spec.provider])
            _look_for_files(seen, desired, model, state, readers[model.spec.provider])
            _look_at_checkpoints(seen, model, state, readers[model.spec.provider])
    return Observation(
        jobs=seen.jobs,
        models=seen.models,
        files=seen.files,
        found=seen.found,
        found_files=seen.found_files,
        unsearchable=seen.unsearchable,
        bases=seen.bases,
        doubles=seen.doubles,
        checkpoints=seen.checkpoints,
    )


def _provider_of(desired: Desired, record: ModelRecord) -> str:
    """The provider to ask about a remembered model: the one declared now, since a provider may be renamed."""
    model = desired.model(record.name)
    return model.spec.provider if model and model.fingerprint == record.fingerprint else record.provider


def _look_at_record(seen: _Seen, address: Address, record: ModelRecord, reader: ProviderReader) -> None:
    job = reader.get_job(record.job.id)
    seen.jobs[address] = job
    model_id = (job.fine_tuned_model if job else None) or record.job.fine_tuned_model
    if model_id and (job is None or job.phase is Phase.SUCCEEDED):
        seen.models[address] = reader.get_model(model_id)


def _look_at_names_in_use(
    seen: _Seen, desired: Desired, state: State, readers: Mapping[str, ProviderReader], scope: Scope
) -> None:
    """What aliases stand for although their model has another output by now: nothing else would ask whether it is
    still there."""
    for name, alias in sorted(state.aliases.items()):
        address, target, record = Address("alias", name), alias.now, state.models.get(alias.now.model)
        is_own = record is not None and record.output == target.model_id
        if scope.covers(address) and not is_own and is_at(desired.project, target.provider, account_of(target, state)):
            seen.models[address] = readers[target.provider].get_model(target.model_id)


def _look_for_doubles(seen: _Seen, project: str, records: list[ModelRecord], reader: ProviderReader) -> None:
    """A call that came through after it had been given up was paid for beside the job that is remembered. One search
    tells for all of `records`."""
    if not reader.capabilities().searches_jobs:
        return
    listed = jobs_carrying({MARK_PROJECT: project}, reader)
    for record in records:
        known = {job.id for job in record.jobs}
        doubles = tuple(job for job in listed if job.metadata.get(MARK_KEY) == record.key and job.id not in known)
        if doubles:
            seen.doubles[Address("model", record.name)] = doubles


def _look_for_model(seen: _Seen, model: DesiredModel, state: State, reader: ProviderReader) -> None:
    record = state.models.get(model.spec.name)
    base = (model.spec.provider, model.base_model)
    if model.parent is None and base not in seen.bases:
        seen.bases[base] = reader.get_model(model.base_model)
    remembered = record is not None and record.fingerprint == model.fingerprint
    in_doubt = model.spec.name in state.intents
    if not reader.capabilities().searches_jobs and (in_doubt or not remembered):
        seen.unsearchable[model.address] = f"{reader.catalog.title} cannot search its jobs"
    elif not remembered:
        jobs = jobs_carrying({MARK_FINGERPRINT: model.fingerprint}, reader)
        jobs = (*jobs, *_not_listed_yet(model.fingerprint, {job.id for job in jobs}, state, reader))
        seen.found[model.address] = tuple(as_it_stands(job, reader) for job in jobs)


def _look_at_checkpoints(seen: _Seen, model: DesiredModel, state: State, reader: ProviderReader) -> None:
    """Only where one is declared. A list need not name the one in use for ever: it is asked for by itself then."""
    record, wish = state.models.get(model.spec.name), model.spec.checkpoint
    if wish is None or record is None or record.fingerprint != model.fingerprint or model.address not in seen.jobs:
        return
    job = seen.jobs[model.address]
    if not isinstance(reader, HasCheckpoints) or (job is not None and job.phase is not Phase.SUCCEEDED):
        return
    kept = tuple(reader.checkpoints(record.job.id) or ())
    taken = record.taken
    if taken is not None and taken.wish == str(wish) and taken.model_id not in {one.model_id for one in kept}:
        kept = (*kept, Checkpoint(taken.step, taken.model_id)) if reader.get_model(taken.model_id) else kept
    seen.checkpoints[model.address] = kept


def _not_listed_yet(fingerprint: str, listed: set[str], state: State, reader: ProviderReader) -> list[RemoteJob]:
    """The jobs of this recipe that some model had before and that the list leaves out: it may lag behind, and then an
    edit there and back again would be paid for twice. The service says itself what has become of them."""
    former = [old.job.id for record in state.models.values() for old in record.former if old.fingerprint == fingerprint]
    jobs = [reader.get_job(id) for id in dict.fromkeys(former) if id not in listed]
    return [job for job in jobs if job is not None]


def jobs_carrying(marks: Mapping[str, str], reader: ProviderReader) -> tuple[RemoteJob, ...]:
    """Every job with all of `marks`, oldest first. Checked here as well as behind the provider's door: taking over
    somebody else's job is as bad as paying twice."""
    carrying = (job for job in reader.find_jobs(marks) if marks.items() <= job.metadata.items())
    return tuple(sorted(carrying, key=lambda job: (job.created_at, job.id)))


def as_it_stands(job: RemoteJob, reader: ProviderReader) -> RemoteJob:
    """`job`, without its model where that was deleted since: there is nothing left to take over, but its key is
    used up all the same."""
    model_id = job.fine_tuned_model
    gone = job.phase is Phase.SUCCEEDED and model_id is not None and reader.get_model(model_id) is None
    return replace(job, fine_tuned_model=None) if gone else job


def _look_for_files(seen: _Seen, desired: Desired, model: DesiredModel, state: State, reader: ProviderReader) -> None:
    for name in filter(None, (model.spec.dataset, model.spec.validation)):
        facts = desired.datasets[name]
        key = (model.spec.provider, facts.content_sha256)
        record = state.files.get(key)
        if key in seen.files or key in seen.found_files:
            continue
        if record is not None and not is_at(desired.project, record.provider, record.account):
            seen.files[key] = None
            record = None
        if record is not None:
            file = reader.get_file(record.id)
            seen.files[key] = file if file and file.ready is not False else None
        elif reader.capabilities().searches_files:
            found = reader.find_file(facts.sha256, facts.bytes)
            if found is not None:
                seen.found_files[key] = found
