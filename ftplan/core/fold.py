"""The state after a fact: one pure function, the only way a state ever changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from typing_extensions import assert_never

from ftplan.core.events import (
    AliasMoved,
    AliasRemoved,
    AnswersBought,
    CheckpointTaken,
    EvaluationDone,
    Fact,
    FiguresKept,
    FileDropped,
    FileStored,
    IntentDropped,
    JobSeen,
    JobStarted,
    LifecycleChanged,
    ModelRemoved,
    PlanUsed,
    PromotionApproved,
    TrainingIntended,
)
from ftplan.core.facts import RemoteJob
from ftplan.core.handover import MOST_FORMER_TARGETS, MOST_PAST_TARGETS, AliasRecord, Approval, EvalRecord
from ftplan.core.money.booking import booked
from ftplan.core.records import FileRecord, FormerJob, JobRecord, ModelRecord, PackedFigures, State

K = TypeVar("K")
V = TypeVar("V")


def job_record(job: RemoteJob) -> JobRecord:
    """What of a job as seen is worth remembering."""
    return JobRecord(
        id=job.id,
        phase=job.phase,
        base_model=job.model,
        training_file=job.training_file,
        validation_file=job.validation_file,
        fine_tuned_model=job.fine_tuned_model,
        created_at=job.created_at,
        finished_at=job.finished_at,
        trained_tokens=job.trained_tokens,
        error_code=job.error_code,
        error_message=job.error_message,
        result_files=job.result_files,
    )


def fold(state: State, fact: Fact) -> State:
    """The state after `fact`. Never touches its input; the serial is counted where the state is saved."""
    return replace(_remembering(state, fact), ledger=(*state.ledger, *booked(state, fact)))


def _remembering(state: State, fact: Fact) -> State:
    match fact:
        case PlanUsed():
            return replace(state, used_plans=(*state.used_plans[-19:], fact.digest))
        case FileStored():
            return replace(state, files=_with_file(state, fact.record))
        case FileDropped():
            return replace(state, files=_without(state.files, (fact.provider, fact.content_sha256)))
        case TrainingIntended():
            return replace(state, intents={**state.intents, fact.intent.name: fact.intent})
        case IntentDropped():
            return replace(state, intents=_without(state.intents, fact.name))
        case JobStarted():
            models = {**state.models, fact.name: _started(state.models.get(fact.name), fact)}
            return replace(state, models=models, intents=_without(state.intents, fact.name))
        case JobSeen():
            return replace(state, models={**state.models, fact.name: _seen(state.models[fact.name], fact.job)})
        case LifecycleChanged():
            return _with_model(state, fact.name, lifecycle=fact.lifecycle)
        case ModelRemoved():
            gone = state.models.get(fact.name) if fact.deleted else None
            aliases = _without_targets(state, gone.job.id) if gone is not None else state.aliases
            return replace(state, models=_without(state.models, fact.name), aliases=aliases)
        case CheckpointTaken():
            return _with_model(state, fact.name, checkpoint=fact.taken)
        case AnswersBought():
            return state
        case FiguresKept():
            return replace(state, figures={**_figures_of_known(state), fact.record.job_id: fact.record})
        case EvaluationDone() | PromotionApproved() | AliasMoved() | AliasRemoved():
            return _put_to_use(state, fact)
        case _:
            assert_never(fact)


def _put_to_use(state: State, fact: EvaluationDone | PromotionApproved | AliasMoved | AliasRemoved) -> State:
    match fact:
        case EvaluationDone():
            evaluations = {**state.evaluations, fact.record.key: fact.record}
            return replace(state, evaluations=evaluations, approvals=_still_approved(state, fact.record))
        case PromotionApproved():
            return replace(state, approvals={**state.approvals, fact.record.alias: fact.record})
        case AliasMoved():
            aliases = {**state.aliases, fact.name: _moved(state.aliases.get(fact.name), fact)}
            return replace(state, aliases=aliases, approvals=_without(state.approvals, fact.name))
        case AliasRemoved():
            aliases, approvals = _without(state.aliases, fact.name), _without(state.approvals, fact.name)
            return replace(state, aliases=aliases, approvals=approvals)
        case _:
            assert_never(fact)


def _started(before: ModelRecord | None, fact: JobStarted) -> ModelRecord:
    earlier = (*before.former, FormerJob(before.fingerprint, before.job, before.origin)) if before is not None else ()
    former = tuple(old for old in earlier if old.job.id != fact.job.id)
    same = before is not None and before.job.id == fact.job.id
    return ModelRecord(
        name=fact.name,
        provider=fact.provider,
        fingerprint=fact.fingerprint,
        key=fact.key,
        attempt=fact.attempt,
        recipe=fact.recipe,
        job=fact.job,
        lifecycle=fact.lifecycle,
        parent=fact.parent,
        adopted=fact.adopted,
        former=former,
        origin=before.origin if same and before is not None else fact.origin,
        checkpoint=before.checkpoint if same and before is not None else None,
    )


def _moved(before: AliasRecord | None, fact: AliasMoved) -> AliasRecord:
    """A rollback goes one target back, so that the next one goes further back and not forth again."""
    if before is None:
        return AliasRecord(fact.name, fact.target)
    if before.now.model_id == fact.target.model_id:
        return replace(before, now=fact.target)  # by another name, or taken again: there is nothing to go back to
    former = (*before.former, before.now)[-MOST_FORMER_TARGETS:]
    if fact.rolled_back is not None:
        places = [at for at, old in enumerate(before.former) if old.model_id == fact.target.model_id]
        former = before.former[: places[-1] if places else -1]
    history = (*before.history, before.now)[-MOST_PAST_TARGETS:]
    return AliasRecord(fact.name, fact.target, former, fact.rolled_back, history)


def _figures_of_known(state: State) -> dict[str, PackedFigures]:
    """The figures without those of jobs that no model has or had."""
    known = {job.id for record in state.models.values() for job in record.jobs}
    return {job_id: record for job_id, record in state.figures.items() if job_id in known}


def _still_approved(state: State, record: EvalRecord) -> Mapping[str, Approval]:
    """The approvals without that of a promotion which an evaluation has refused: to ask again is another question."""
    model = state.models.get(record.model)
    if record.passed or model is None:
        return state.approvals
    return {
        name: one
        for name, one in state.approvals.items()
        if one.fingerprint != model.fingerprint or record.name not in one.decided_by
    }


def _without_targets(state: State, job_id: str) -> dict[str, AliasRecord]:
    """The aliases without what was deleted to go back to; that they once stood for it stays known."""
    return {
        name: replace(alias, former=tuple(old for old in alias.former if old.job_id != job_id))
        for name, alias in state.aliases.items()
    }


def _seen(record: ModelRecord, job: JobRecord) -> ModelRecord:
    """The look goes to the job it was a look at: the cancelled one may be retired by the time it is seen to end."""
    if record.job.id == job.id:
        return replace(record, job=job)
    former = tuple(replace(old, job=job) if old.job.id == job.id else old for old in record.former)
    return replace(record, former=former)


def _with_file(state: State, record: FileRecord) -> dict[tuple[str, str], FileRecord]:
    """A dataset's name means one content a provider: it moves to the newest record."""
    moved = {
        key: replace(old, datasets=tuple(n for n in old.datasets if n not in record.datasets))
        if old.provider == record.provider
        else old
        for key, old in state.files.items()
    }
    earlier = moved.get(record.key)
    names = (*earlier.datasets, *record.datasets) if earlier else record.datasets
    return {**moved, record.key: replace(record, datasets=tuple(dict.fromkeys(names)))}


def _with_model(state: State, name: str, **changes: Any) -> State:
    record = state.models[name]
    return replace(state, models={**state.models, name: replace(record, **changes)})


def _without(mapping: Mapping[K, V], key: K) -> dict[K, V]:
    return {k: v for k, v in mapping.items() if k != key}
