"""What is only told, and changes nothing: how a run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ftplan.core.facts import JobProgress
from ftplan.core.spec import Address

Verb = Literal[
    "Uploading",
    "Training",
    "Starting",
    "Adopting",
    "Following",
    "Cancelling",
    "Forgetting",
    "Destroying",
    "Promoting",
    "Taking",
]
"""What a step is doing. Starting is a training that is not followed."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins."""

    address: Address
    verb: Verb
    detail: str = ""


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """Bytes of a file sent so far."""

    address: Address
    sent: int
    total: int


@dataclass(frozen=True, slots=True)
class JobFollowed:
    """A look at a running job. `age_seconds` since the provider created it; `remaining_seconds` until it is expected to
    be done, None where nobody can tell."""

    address: Address
    job_id: str
    phase: str
    age_seconds: float
    progress: JobProgress | None = None
    remaining_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a training turned out to cost, in USD, by the tokens it is billed for, and what it was `estimated` at."""

    amount: Decimal
    trained_tokens: int
    rehearsal: bool = False
    estimated: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step is complete. `id` is what it gave: a file, a job or a model."""

    address: Address
    verb: Verb
    id: str = ""
    seconds: float = 0.0
    spent: Spent | None = None


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step ended badly. The rest goes on."""

    address: Address
    verb: Verb
    summary: str
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A step was not begun because another one failed."""

    address: Address
    because: Address


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to do for a while, and why: a rate limit, a provider that does not answer, a search that must settle."""

    address: Address
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class QuestionsAnswered:
    """How many questions to models are answered by now, of `total`; `kept` were in an earlier run."""

    address: Address
    done: int
    total: int
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """Something worth knowing that belongs to no step."""

    summary: str
    detail: str = ""
    severity: str = "warning"
    address: Address | None = None
    command: str = ""


Notice = (
    StepStarted
    | UploadProgress
    | JobFollowed
    | StepDone
    | StepFailed
    | StepSkipped
    | Waiting
    | QuestionsAnswered
    | Told
)
