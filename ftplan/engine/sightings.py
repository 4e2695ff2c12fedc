"""Everything of a project that its providers still show, by reads alone: what a lost state is rebuilt of."""

from __future__ import annotations

from collections.abc import Mapping

from ftplan.core.desired import Desired
from ftplan.core.facts import RemoteFile, RemoteJob
from ftplan.core.keeping.rebuild import Sightings
from ftplan.core.ports import ProviderReader
from ftplan.core.recipe import MARK_FINGERPRINT, MARK_PROJECT
from ftplan.core.records import State
from ftplan.engine.observe import as_it_stands, jobs_carrying


def look_around(desired: Desired, state: State, readers: Mapping[str, ProviderReader]) -> Sightings:
    """Every job that carries the project's name, and the files of declared datasets that `state` does not know. A
    provider that cannot be asked raises: what it has would be taken for lost."""
    declared = {model.fingerprint for model in desired.models}
    jobs: dict[str, tuple[RemoteJob, ...]] = {}
    unsearchable = []
    for name, reader in sorted(readers.items()):
        if not reader.capabilities().searches_jobs:
            unsearchable.append(name)
            continue
        found = jobs_carrying({MARK_PROJECT: desired.project.name}, reader)
        jobs[name] = tuple(
            as_it_stands(job, reader) if job.metadata.get(MARK_FINGERPRINT) in declared else job for job in found
        )
    return Sightings(jobs, _files(desired, state, readers), tuple(unsearchable))


def _files(desired: Desired, state: State, readers: Mapping[str, ProviderReader]) -> dict[tuple[str, str], RemoteFile]:
    found: dict[tuple[str, str], RemoteFile] = {}
    used = {(m.spec.provider, name) for m in desired.models for name in (m.spec.dataset, m.spec.validation) if name}
    for provider, dataset in sorted(used):
        facts, reader = desired.datasets[dataset], readers[provider]
        if (provider, facts.content_sha256) in state.files or not reader.capabilities().searches_files:
            continue
        file = reader.find_file(facts.sha256, facts.bytes)
        if file is not None and file.ready is not False:
            found[provider, dataset] = file
    return found
