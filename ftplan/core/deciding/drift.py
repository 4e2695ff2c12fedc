"""What has changed at the provider since it was remembered."""

from __future__ import annotations

from ftplan.core.desired import is_at
from ftplan.core.facts import Observation
from ftplan.core.plan import Note
from ftplan.core.records import State
from ftplan.core.spec import Address, Project


def drift_notes(project: Project, state: State, seen: Observation) -> tuple[Note, ...]:
    """One note for each remembered thing that is seen otherwise. An unanswered question is no drift, and neither is
    the silence of a service that never had the thing."""
    return (*_job_drift(state, seen), *_model_drift(state, seen), *_file_drift(project, state, seen))


def _job_drift(state: State, seen: Observation) -> list[Note]:
    notes = []
    for address, job in sorted(seen.jobs.items()):
        record = state.models.get(address.name)
        if record is None or (job is not None and job.phase is record.job.phase):
            continue
        now = f"is {job.status}" if job else "is not known to the provider any more"
        detail = f"job {record.job.id} was {record.job.phase.value} and {now}"
        notes.append(Note("info", "has changed" if job else "has been deleted", detail, address=address))
    return notes


def _model_drift(state: State, seen: Observation) -> list[Note]:
    gone = sorted(address for address, model in seen.models.items() if model is None)
    ids = {Address("model", name): record.job.fine_tuned_model for name, record in state.models.items()}
    ids |= {Address("alias", name): alias.now.model_id for name, alias in state.aliases.items()}
    return [Note("info", "has been deleted", f"model {ids[a]} is gone", address=a) for a in gone if a in ids]


def _file_drift(project: Project, state: State, seen: Observation) -> list[Note]:
    notes = []
    for key, file in sorted(seen.files.items()):
        record = state.files.get(key)
        if file is None and record is not None and is_at(project, record.provider, record.account):
            name = record.datasets[0] if record.datasets else record.filename
            detail = f"file {record.id} is gone"
            notes.append(Note("info", "has been deleted", detail, address=Address("dataset", name)))
    return notes
