"""What must hold in every state, whoever wrote it: checked before each save and after each load.

Whether a fingerprint is the hash of its recipe is not asked: how that is worked out may change from one version to the
next, and what was bought under the old rule is ours all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ftplan.core.money.ledger_integrity import ledger_faults
from ftplan.core.records import Intent, ModelRecord, State


def integrity_faults(state: State) -> list[str]:
    """What is wrong in `state`, in words; empty for a whole one."""
    return [
        *_header(state),
        *_files(state),
        *_models(state),
        *_intents(state),
        *_shared_jobs(state),
        *_aliases(state),
        *ledger_faults(state.ledger),
    ]


def _header(state: State) -> Iterator[str]:
    if not state.lineage:
        yield "it has no lineage"
    if state.serial < 0:
        yield f"its serial is {state.serial}"


def _files(state: State) -> Iterator[str]:
    for key, file in state.files.items():
        if key != file.key:
            yield f"file {file.id} is kept under another file's key"
    named = Counter((file.provider, name) for file in state.files.values() for name in file.datasets)
    for (provider, name), times in named.items():
        if times > 1:
            yield f"dataset.{name} means {times} files at {provider}"


def _models(state: State) -> Iterator[str]:
    for name, record in state.models.items():
        if name != record.name:
            yield f"model.{record.name} is kept under the name {name}"
        yield from (f"model.{record.name} has {fault}" for fault in _call(record))
        if not record.job.id:
            yield f"model.{record.name} has a job without an id"
        for job, times in Counter(job.id for job in record.jobs).items():
            if times > 1:
                yield f"model.{record.name} holds job {job} {times} times"


def _intents(state: State) -> Iterator[str]:
    for name, intent in state.intents.items():
        if name != intent.name:
            yield f"the intent for model.{intent.name} is kept under the name {name}"
        yield from (f"the intent for model.{intent.name} has {fault}" for fault in _call(intent))


def _aliases(state: State) -> Iterator[str]:
    for name, alias in state.aliases.items():
        if name != alias.name:
            yield f"alias.{alias.name} is kept under the name {name}"
        if not all(target.model_id and target.model for target in (alias.now, *alias.former)):
            yield f"alias.{alias.name} stands for nothing"
    for key, evaluation in state.evaluations.items():
        if key != evaluation.key:
            yield f"the evaluation {evaluation.name} of {evaluation.model_id} is kept under another one's key"
    for name, approval in state.approvals.items():
        if name != approval.alias:
            yield f"the approval of alias.{approval.alias} is kept under the name {name}"
    for job_id, figures in state.figures.items():
        if job_id != figures.job_id:
            yield f"the figures of job {figures.job_id} are kept under another job's id"


def _call(call: ModelRecord | Intent) -> Iterator[str]:
    """What is wrong with what names one paid call."""
    if call.attempt < 1:
        yield f"attempt {call.attempt}"
    for word, value in (("name", call.name), ("provider", call.provider), ("key", call.key)):
        if not value:
            yield f"no {word}"
    if not call.fingerprint:
        yield "no fingerprint"
    if call.lifecycle.on_removed not in ("forget", "delete"):
        yield f"an unknown rule for its removal ({call.lifecycle.on_removed})"


def _shared_jobs(state: State) -> Iterator[str]:
    """Two models may share a job only where they are the same model. Ids mean something at one service alone."""
    owners: dict[tuple[str, str], ModelRecord] = {}
    for record in state.models.values():
        service = str(record.recipe.get("account", record.provider))
        first = owners.setdefault((service, record.job.id), record)
        if first.fingerprint != record.fingerprint:
            yield f"model.{first.name} and model.{record.name} hold job {record.job.id} under different recipes"
