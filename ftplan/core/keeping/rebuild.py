"""What a lost state can be rebuilt of: the marks that every job carries, held against what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ftplan.core.deciding.case import best_found
from ftplan.core.desired import Desired, DesiredModel, account
from ftplan.core.events import Fact, FileStored, JobStarted
from ftplan.core.facts import RemoteFile, RemoteJob
from ftplan.core.fold import job_record
from ftplan.core.money.quotes import call_of, quote, quote_of_base
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY
from ftplan.core.records import FileRecord, State

Fate = Literal["added", "former", "remembered", "in doubt", "not usable", "not declared"]


@dataclass(frozen=True, slots=True)
class Sightings:
    """What the providers show of a project: its jobs by provider, oldest first; files by provider and dataset.
    `unsearchable` are the providers that cannot tell which jobs are whose."""

    jobs: Mapping[str, tuple[RemoteJob, ...]] = field(default_factory=dict)
    files: Mapping[tuple[str, str], RemoteFile] = field(default_factory=dict)
    unsearchable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Find:
    """One thing that was found and what becomes of it. `result` is a model's id, else the status of its job."""

    address: str
    provider: str
    id: str
    result: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The facts that the state lacks, and everything that was found."""

    facts: tuple[Fact, ...] = ()
    finds: tuple[Find, ...] = ()


def rebuild(desired: Desired, state: State, seen: Sightings) -> Rebuilt:
    """What `state` lacks of `seen`. A good job of the declared recipe becomes the record of its model; whatever
    else was started under that address is kept as a former job. What is remembered stays as it is."""
    jobs = [fact for model in desired.models for fact in _model_facts(desired, state, model, seen)]
    files = [fact for _, fact in _file_facts(desired, state, seen)]
    return Rebuilt((*files, *jobs), (*_found_files(desired, state, seen), *_found_jobs(desired, state, seen, jobs)))


def _model_facts(desired: Desired, state: State, model: DesiredModel, seen: Sightings) -> list[JobStarted]:
    """The former jobs and then the record of `model`; none for one that is remembered, or whose paid call is still
    in doubt: the next apply settles that."""
    name, jobs = model.spec.name, seen.jobs.get(model.spec.provider, ())
    if name in state.models or name in state.intents:
        return []
    mine = [job for job in jobs if _address(job) == str(model.address)]
    alike = [job for job in jobs if job.metadata.get(MARK_FINGERPRINT) == model.fingerprint]
    record = best_found([job for job in alike if job in mine]) or best_found(alike)
    if record is None:
        return []
    former = [_started(desired, model, job) for job in mine if job.id != record.id]
    return [*former, _started(desired, model, record)]


def _started(desired: Desired, model: DesiredModel, job: RemoteJob) -> JobStarted:
    mark = job.metadata.get(MARK_FINGERPRINT, "")
    ours = call_of(desired.project, job)
    attempt, key = ours or (1, job.metadata[MARK_KEY])
    catalog = desired.catalogs[model.spec.provider]
    alike = mark == model.fingerprint
    return JobStarted(
        name=model.spec.name,
        provider=model.spec.provider,
        fingerprint=mark,
        key=key,
        attempt=attempt,
        recipe=model.recipe if alike else {},
        job=job_record(job),
        lifecycle=model.spec.lifecycle,
        parent=str(model.parent) if model.parent else None,
        adopted=True,
        paid_here=ours is not None,
        quote=quote(model, catalog) if alike else quote_of_base(job.model, catalog),
    )


def _file_facts(desired: Desired, state: State, seen: Sightings) -> Iterator[tuple[str, FileStored]]:
    for (provider, dataset), file in sorted(seen.files.items()):
        facts = desired.datasets[dataset]
        if (provider, facts.content_sha256) in state.files:
            continue
        yield (
            dataset,
            FileStored(
                FileRecord(
                    provider=provider,
                    content_sha256=facts.content_sha256,
                    sha256=facts.sha256,
                    bytes=facts.bytes,
                    filename=file.filename,
                    id=file.id,
                    datasets=(dataset,),
                    account=account(desired.project.providers[provider]),
                )
            ),
        )


def _found_files(desired: Desired, state: State, seen: Sightings) -> Iterator[Find]:
    for dataset, fact in _file_facts(desired, state, seen):
        record = fact.record
        yield Find(f"dataset.{dataset}", record.provider, record.id, record.filename, "added")


def _found_jobs(desired: Desired, state: State, seen: Sightings, facts: list[JobStarted]) -> Iterator[Find]:
    fates: dict[tuple[str, str], list[tuple[str, Fate]]] = {}
    last = {fact.name: fact.job.id for fact in facts}
    for fact in facts:
        fate: Fate = "added" if last[fact.name] == fact.job.id else "former"
        fates.setdefault((fact.provider, fact.job.id), []).append((f"model.{fact.name}", fate))
    for provider, jobs in sorted(seen.jobs.items()):
        for job in jobs:
            known = fates.get((provider, job.id)) or [(_address(job), _fate(desired, state, job))]
            for address, fate in known:
                yield Find(address, provider, job.id, job.fine_tuned_model or job.status, fate)


def _fate(desired: Desired, state: State, job: RemoteJob) -> Fate:
    """What becomes of a job that no record is made of."""
    records = state.models.values()
    known = {record.job.id for record in records} | {old.job.id for record in records for old in record.former}
    if job.id in known:
        return "remembered"
    address = _address(job)
    if address.removeprefix("model.") in state.intents:
        return "in doubt"
    declared = {str(model.address) for model in desired.models}
    return "not usable" if address in declared else "not declared"


def _address(job: RemoteJob) -> str:
    return job.metadata.get(MARK_ADDRESS, "")
