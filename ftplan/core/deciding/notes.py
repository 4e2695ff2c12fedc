"""The notes the decision table gives in the place of a step, or beside one."""

from __future__ import annotations

from typing import Literal

from ftplan.core.deciding.case import Case
from ftplan.core.deciding.doubt import ways_out
from ftplan.core.facts import Observation, RemoteJob
from ftplan.core.plan import Note
from ftplan.core.records import JobRecord, ModelRecord, State
from ftplan.core.spec import Address
from ftplan.core.steps import Reason


def failure(job: RemoteJob | JobRecord) -> str:
    """How `job` ended, in the provider's own words."""
    told = ": ".join(part for part in (job.error_code, job.error_message) if part) or "no reason given"
    return f"its job {job.id} ended {job.phase.value}: {told}"


def failed_note(case: Case, job: RemoteJob | JobRecord) -> Note:
    """A failed job is never paid for again unasked."""
    return _withheld(
        case,
        Reason.FAILED,
        "Failed job",
        f"{case.model.address} has no model of this recipe: {failure(job)}.",
        "Another try is paid for again, so it needs your consent: lifecycle.retry_failed: true in the YAML, or once:",
    )


def lost_note(case: Case, record: ModelRecord) -> Note:
    """A model that is gone is told, and not trained again for that alone."""
    gone = record.job.fine_tuned_model or f"the model of job {record.job.id}"
    return _withheld(
        case,
        Reason.LOST,
        "Model is gone",
        f"{case.model.address}: {case.model.spec.provider} no longer has {gone}. Nothing is trained for that alone, "
        "since it would be paid for again.",
        "To train the same recipe once more:",
    )


def still_running_note(case: Case, record: ModelRecord) -> Note:
    """The job of the recipe before costs money to its end."""
    return Note(
        "warning",
        "The former job still runs",
        f"{record.job.id} was started for {case.model.address} before, goes on, and is paid for to its end.",
        address=case.model.address,
        advice="Set lifecycle.cancel_running to cancel such a job when it is replaced.",
    )


def blocked_note(case: Case, parent: Address, severity: Literal["error", "warning"]) -> Note:
    """A child is not trained on a parent that this plan cannot provide."""
    return Note(
        severity,
        "Waits for its parent",
        f"{case.model.address} is trained on top of {parent}, which this plan cannot provide. "
        "Nothing is started for it.",
        address=case.model.address,
        advice="" if severity == "warning" else f"What {parent} waits for is told with it.",
    )


def doubt_note(case: Case) -> Note:
    """Where nobody but a person can tell whether a call was paid for, nothing is started."""
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


def open_call_notes(state: State, seen: Observation) -> list[Note]:
    """One note for each paid call that an earlier run left open and that the next apply can look for by itself."""
    addresses = [Address("model", name) for name in sorted(state.intents)]
    return [
        Note(
            "warning",
            "An earlier paid call is in doubt",
            f"An earlier run may have started a job for {address}. The next apply looks for it before it starts "
            "anything, and takes it over where it is there.",
            address=address,
        )
        for address in addresses
        if address not in seen.unsearchable
    ]


def _withheld(case: Case, reason: Reason, summary: str, detail: str, advice: str) -> Note:
    return Note(
        "warning",
        summary,
        detail,
        address=case.model.address,
        advice=advice,
        command=f"ftplan apply -replace={case.model.address}",
        withheld=reason,
        estimate=case.estimate,
    )
