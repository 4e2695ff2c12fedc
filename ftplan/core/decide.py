"""The one decision table: what to do about one model, by what is declared, remembered and seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ftplan.core.case import Case, model_now, phase_now, runs
from ftplan.core.case import best_found as best_found
from ftplan.core.cost import estimate
from ftplan.core.doubt import ways_out
from ftplan.core.facts import Phase, RemoteJob
from ftplan.core.plan import Note, Unchanged
from ftplan.core.recipe import MARK_ADDRESS, MARK_KEY, MARK_PROJECT, call_key, field_changes
from ftplan.core.records import JobRecord, ModelRecord
from ftplan.core.spec import Address
from ftplan.core.steps import Adopt, Await, Cancel, Reason, Step, Train

Outcome = Step | Note | Unchanged


def decide(case: Case) -> list[Outcome]:
    """The steps and notes for one declared model: the first line that fits wins. A training on top of a parent
    without a model is refused here, not found out during an apply."""
    outcomes = _first_line(case)
    if case.barren is not None and any(isinstance(item, Train) for item in outcomes):
        return [_blocked(case, case.barren)]
    return outcomes


def _first_line(case: Case) -> list[Outcome]:
    free = case.usable is not None or case.twin is not None or case.paid is not None
    if case.blocked_by is not None:
        return [_blocked(case, case.blocked_by)]
    if case.forced and case.in_doubt:
        return [_in_doubt(case)]
    if case.forced:
        # Two names for one recipe that are replaced together still need one job only.
        return _renewed(case, _train(case, Reason.FORCED) if case.twin is None else _shared(case))
    if not case.same and free:
        return _renewed(case, _found(case, case.usable) if case.usable else _shared(case))
    if not case.same and case.in_doubt:
        return [_in_doubt(case)]
    if case.record is None:
        return [_train(case, Reason.NEW)]
    if not case.same:
        return _renewed(case, _train(case, Reason.CHANGED))
    return [_decide_same(case, case.record)]


def _decide_same(case: Case, record: ModelRecord) -> Outcome:
    phase = phase_now(record, case.seen)
    if runs(phase):
        return _await(case, record)
    if phase in (Phase.FAILED, Phase.CANCELLED):
        return _failed(case, record)
    model_id = model_now(record, case.seen)
    if model_id is None:
        return _lost(case, record)
    forgotten = "the provider no longer lists its job" if phase is None else ""
    return Unchanged(case.model.address, case.model.spec.provider, model_id, record.job.id, forgotten)


def _attempt(case: Case, *, again: bool) -> int:
    """The attempt a training gets: past every one that is remembered or seen under this address, so that its key
    is never one that was used up."""
    mine = {MARK_PROJECT: case.desired.project.name, MARK_ADDRESS: str(case.model.address)}
    seen = sum(1 for job in case.found if all(job.metadata.get(name) == value for name, value in mine.items()))
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
        estimate=estimate(case.model, case.desired.catalogs[case.model.spec.provider]),
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
    return [step, _still_running(case, record)]


def _still_running(case: Case, record: ModelRecord) -> Note:
    return Note(
        "warning",
        "The former job still runs",
        f"{record.job.id} was started for {case.model.address} before, goes on, and is paid for to its end.",
        address=case.model.address,
        advice="Set lifecycle.cancel_running to cancel such a job when it is replaced.",
    )


def _await(case: Case, record: ModelRecord) -> Await:
    seen = case.seen.jobs.get(case.model.address)
    return Await(
        case.model.address,
        case.model.spec.provider,
        record.job.id,
        detail=seen.status if seen else record.job.phase.value,
    )


def _failed(case: Case, record: ModelRecord) -> Outcome:
    seen: RemoteJob | JobRecord = case.seen.jobs.get(case.model.address) or record.job
    told = ": ".join(part for part in (seen.error_code, seen.error_message) if part) or "no reason given"
    why = f"its job {record.job.id} ended {seen.phase.value}: {told}"
    if case.twin is not None or case.paid is not None:
        return _shared(case)
    if case.model.spec.lifecycle.retry_failed:
        return _in_doubt(case) if case.in_doubt else _train(case, Reason.FAILED, why)
    return Note(
        "warning",
        "Failed job",
        f"{case.model.address} has no model: {why}.",
        address=case.model.address,
        advice="It is not tried again by itself, since lifecycle.retry_failed is false. To pay for another try:",
        command=f"ftplan apply -replace={case.model.address}",
    )


def _lost(case: Case, record: ModelRecord) -> Note:
    gone = record.job.fine_tuned_model or f"the model of job {record.job.id}"
    return Note(
        "warning",
        "Model is gone",
        f"{case.model.address}: {case.model.spec.provider} no longer has {gone}. Nothing is trained for that alone, "
        "since it would be paid for again.",
        address=case.model.address,
        advice="To train the same recipe once more:",
        command=f"ftplan apply -replace={case.model.address}",
    )


def _blocked(case: Case, parent: Address) -> Note:
    return Note(
        "error",
        "Waits for its parent",
        f"{case.model.address} is trained on top of {parent}, which this plan cannot provide.",
        address=case.model.address,
    )


def _in_doubt(case: Case) -> Note:
    why = case.seen.unsearchable[case.model.address]
    return Note(
        "error",
        "Outcome of an earlier run is unknown",
        f"An earlier run may have started a job for {case.model.address}, and that cannot be looked up: {why}. "
        "Starting another one could pay twice.",
        address=case.model.address,
        advice="The next apply looks as far as it can. Look at the provider's list of jobs yourself, then say what "
        f"you found:\n\n{ways_out(case.model.address)}",
    )


def blocked_parents(outcomes: Mapping[Address, list[Outcome]]) -> set[Address]:
    """The models that have an error note, so that no child may be trained on them."""
    return {
        address
        for address, items in outcomes.items()
        if any(isinstance(item, Note) and item.severity == "error" for item in items)
    }
