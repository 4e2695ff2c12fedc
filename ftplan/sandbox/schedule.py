"""What a job is at a given moment: worked out on reading from its times and its fit, never stored as a status.

A job has its own clock, in seconds of its life, which stands still while it is paused and ends when it is cancelled.
Because it is read off the wall clock, a job goes on while no process runs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ftplan.sandbox.wire import Json

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
STARTED = frozenset({"running", "pausing", "paused", "succeeded"})


@dataclass(frozen=True, slots=True)
class Job:
    """What was ordered and what was done to it since; times are seconds since the epoch."""

    id: str
    created: float
    model_id: str  # what the tuned model will be called
    model: str  # what is trained on: a snapshot, or a tuned model
    root: str  # the snapshot at the bottom of it
    method: str
    order: dict[str, Any]  # the request, checked and with its defaults
    validating_seconds: float
    queued_seconds: float
    running_seconds: float
    segments: list[list[float]]  # [wall time, seconds lived until then], one for each start of the clock
    pausing_seconds: float = 0.0
    paused_at: float | None = None
    cancelled_at: float | None = None
    listed_at: float = 0.0
    stuck_in: str | None = None
    refused: dict[str, Any] | None = None  # an error it was told to fail with when its files are checked
    fails: dict[str, Any] | None = None  # the same, at the end of its training
    model_deleted: bool = False

    @property
    def starts_due(self) -> float:
        return self.validating_seconds + self.queued_seconds

    @property
    def ends_due(self) -> float:
        return self.starts_due + self.running_seconds

    def lived(self, now: float) -> float:
        """Seconds of its life at ``now``."""
        until = min(at for at in (now, self.paused_at, self.cancelled_at) if at is not None)
        wall, lived = self.segments[-1]
        return lived + max(0.0, until - wall)

    def wall(self, due: float) -> float:
        """When a moment of its life was, or will be."""
        wall, lived = max((s for s in self.segments if s[1] <= due), default=self.segments[0])
        return wall + due - lived

    def dumped(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Fit:
    """How far the training really got. ``checked_at`` is None until the rows were read."""

    checked_at: float | None = None
    error: dict[str, Any] | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    total_steps: int = 0
    done_at: float | None = None
    trained_tokens: int | None = None
    result_file: str | None = None

    @property
    def is_over(self) -> bool:
        return self.error is not None or self.done_at is not None

    def dumped(self) -> str:
        return json.dumps(asdict(self))


def status_of(job: Job, fit: Fit, now: float) -> str:
    """The job's status at ``now``, in the words of the wire."""
    if job.cancelled_at is not None:
        return "cancelled"
    lived = job.lived(now)
    if job.stuck_in == "validating_files" or lived < job.validating_seconds or fit.checked_at is None:
        return "validating_files"
    if fit.error is not None:
        return "failed"
    if job.paused_at is not None:
        return "pausing" if now < job.paused_at + job.pausing_seconds else "paused"
    if job.stuck_in == "queued" or lived < job.starts_due or now < job.segments[-1][0]:
        return "queued"
    if job.stuck_in == "running" or lived < job.ends_due or fit.done_at is None:
        return "running"
    return "failed" if job.fails else "succeeded"


def finished_at(job: Job, fit: Fit, status: str) -> int | None:
    """When it came to its end, or None while it has not."""
    if status not in TERMINAL:
        return None
    if job.cancelled_at is not None:
        return int(job.cancelled_at)
    if fit.error is not None:
        return int(max(job.wall(job.validating_seconds), fit.checked_at or 0.0))
    return int(max(job.wall(job.ends_due), fit.done_at or 0.0))


def paused(job: Job, now: float) -> Job:
    """The job with its clock stopped."""
    return replace(job, paused_at=now)


def resumed(job: Job, now: float) -> Job:
    """The job with its clock going again, after it has queued once more."""
    segment = [now + job.queued_seconds, job.lived(now)]
    return replace(job, paused_at=None, segments=[*job.segments, segment])


def job_from(text: str) -> Job:
    return Job(**json.loads(text))


def fit_from(text: str | None) -> Fit:
    return Fit(**json.loads(text)) if text else Fit()


def failure(job: Job, fit: Fit, status: str) -> Json | None:
    """What stands in the job's ``error``, or None when it did not fail."""
    if status != "failed":
        return None
    return fit.error or job.fails
