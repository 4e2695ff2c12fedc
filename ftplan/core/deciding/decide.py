"""The one decision table: what to do about one model, by what is declared, remembered and seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ftplan.core.deciding.case import Case, model_now, phase_now, runs
from ftplan.core.deciding.case import best_found as best_found
from ftplan.core.deciding.notes import (
    blocked_note,
    doubt_note,
    failed_note,
    failure,
    lost_note,
    still_running_note,
)
from ftplan.core.facts import Phase, RemoteJob
from ftplan.core.plan import Note, Unchanged
from ftplan.core.recipe import MARK_KEY, call_key, field_changes
from ftplan.core.records import JobRecord, ModelRecord
from ftplan.core.spec import Address
from ftplan.core.steps import Adopt, Await, Cancel, Reason, Step, Train

Outcome = Step | Note | Unchanged


def decide(case: Case) -> list[Outcome]:
    """The steps and notes for one declared model: the first line that fits wins. A training on top of a parent
    without a model is refused here, not found out during an apply."""
    outcomes = _first_line(case)
    if case.barren is not None and any(isinstance(item, Train) for item in outcomes):
        # A parent that waits for consent holds up its children alone; asking for such a child is a mistake.
        return [blocked_note(case, case.barren, "error" if case.forced else "warning")]
    return outcomes


def _first_line(case: Case) -> list[Outcome]:
    free = case.usable is not None or case.twin is not None or case.paid is not None
    if case.blocked_by is not None:
        return [blocked_note(case, case.blocked_by, "error")]
    if case.forced and case.in_doubt:
        return [doubt_note(case)]
    if case.forced:
        # Two names for one recipe that are replaced together still need one job only.
        return _renewed(case, _train(case, Reason.FORCED) if case.twin is None else _shared(case))
    if not case.same and free:
        return _renewed(case, _found(case, case.usable) if case.usable else _shared(case))
    if not case.same and case.in_doubt:
        return [doubt_note(case)]
    if case.same and case.record is not None:
        return [_decide_same(case, case.record)]
    if case.failed is not None and not case.consents:
        return [failed_note(case, case.failed)]
    return [_train(case, Reason.NEW)] if case.record is None else _renewed(case, _train(case, Reason.CHANGED))


def _decide_same(case: Case, record: ModelRecord) -> Outcome:
    phase = phase_now(record, case.seen)
    if runs(phase):
        return _await(case, record)
    if phase in (Phase.FAILED, Phase.CANCELLED):
        return _failed(case, case.seen.jobs.get(case.model.address) or record.job)
    model_id = model_now(record, case.seen)
    if model_id is None:
        return lost_note(case, record)
    forgotten = "the provider no longer lists its job" if phase is None else ""
    return Unchanged(case.model.address, case.model.spec.provider, model_id, record.job.id, forgotten)


def _attempt(case: Case, *, again: bool) -> int:
    """The attempt a training gets: past every one that is remembered or seen under this address, so that its key
    is never one that was used up."""
    seen = sum(1 for job in case.found if case.is_mine(job))
    remembered = case.record.attempt if case.record and case.same else len(case.former)
    return max(seen, remembered) + (1 if again else 0)


def _key(case: Case, attempt: int) -> str:
    project = case.desired.project
    return call_key(project.name, project.workspace, str(case.model.address), case.model.fingerprint, attempt)


def _train(case: Case, reason: Reason, detail: str = "") -> Train:
    attempt = _attempt(case, again=True)
    record = case.record
    return Train(
        address=case.model.address,
        provider=case.model.spec.provider,
        fingerprint=case.model.fingerprint,
        key=_key(case, attempt),
        attempt=attempt,
        recipe=case.model.recipe,
        reason=reason,
        estimate=case.estimate,
        changes=field_changes(record.recipe, case.model.recipe) if record else (),
        parent=case.model.parent,
        detail=detail,
        replaces_model=record.job.fine_tuned_model if record else None,
    )


def _found(case: Case, job: RemoteJob | JobRecord) -> Adopt:
    marks = job.metadata if isinstance(job, RemoteJob) else {}
    status = job.status if isinstance(job, RemoteJob) else job.phase.value
    adopt = _adopt(case, Reason.FOUND)
    key, model_id = marks.get(MARK_KEY) or adopt.key, job.fine_tuned_model
    return replace(adopt, job_id=job.id, key=key, detail=model_id or status, model_id=model_id)


def _shared(case: Case) -> Adopt:
    """One job for two models: the one this plan starts for the twin, else the one another model has already."""
    adopt = _adopt(case, Reason.SHARED)
    if case.twin is not None or case.paid is None:
        return replace(adopt, shared_with=case.twin)
    paid = case.paid
    return replace(adopt, job_id=paid.job.id, detail=f"of model.{paid.name}", model_id=model_now(paid, case.seen))


def _adopt(case: Case, reason: Reason) -> Adopt:
    attempt = max(1, _attempt(case, again=reason is Reason.SHARED and case.same))
    record = case.record
    return Adopt(
        address=case.model.address,
        provider=case.model.spec.provider,
        fingerprint=case.model.fingerprint,
        key=_key(case, attempt),
        attempt=attempt,
        recipe=case.model.recipe,
        reason=reason,
        parent=case.model.parent,
        changes=field_changes(record.recipe, case.model.recipe) if record else (),
    )


def _renewed(case: Case, step: Train | Adopt) -> list[Outcome]:
    """`step`, and what becomes of the job that still runs for this model."""
    record = case.record
    if record is None or not runs(phase_now(record, case.seen)):
        return [step]
    if case.model.spec.lifecycle.cancel_running:
        reason = Reason.REQUESTED if case.forced else Reason.CHANGED
        # The provider may have been renamed since: then the one declared now is the one to ask.
        declared = record.provider in case.desired.project.providers
        provider = record.provider if declared else case.model.spec.provider
        return [Cancel(case.model.address, provider, record.job.id, reason), step]
    return [step, still_running_note(case, record)]


def _await(case: Case, record: ModelRecord) -> Await:
    seen = case.seen.jobs.get(case.model.address)
    return Await(
        case.model.address,
        case.model.spec.provider,
        record.job.id,
        detail=seen.status if seen else record.job.phase.value,
    )


def _failed(case: Case, job: RemoteJob | JobRecord) -> Outcome:
    if case.twin is not None or case.paid is not None:
        return _shared(case)
    if case.in_doubt:
        return doubt_note(case)
    if not case.consents:
        return failed_note(case, job)
    return _train(case, Reason.FAILED, failure(job))


def blocked_parents(outcomes: Mapping[Address, list[Outcome]]) -> set[Address]:
    """The models that have an error note, so that no child may be trained on them."""
    return {
        address
        for address, items in outcomes.items()
        if any(isinstance(item, Note) and item.severity == "error" for item in items)
    }
