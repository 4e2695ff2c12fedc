"""The kinds of step a plan is made of, as values, each with the reason it is planned for. Nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from ftplan.core.recipe import FieldChange
from ftplan.core.spec import Address


class Reason(str, Enum):
    """Why a step is planned. The words are part of the plan's JSON."""

    NEW = "new"
    CHANGED = "changed"
    FORCED = "forced"
    FAILED = "failed"
    LOST = "lost"
    FOUND = "found"
    SHARED = "shared"
    RUNNING = "running"
    NEEDED = "needed"
    UNDECLARED = "undeclared"
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What an estimate was worked out from. `counted` are the tokens of one epoch, of which `cut` lie beyond the
    `limit` of an example; None where they were not counted. `epochs` are the fewest, the likely and the most.
    Prices in USD per million tokens or per hour, `origin` who names them; `hours` the fewest and the most, and
    `assumption` why. `factor` is what earlier bills, so many `jobs`, were of what was counted."""

    rows: int = 0
    encoding: str = ""
    counted: int | None = None
    cut: int = 0
    limit: int | None = None
    epochs: tuple[int, int, int] = (1, 1, 1)
    per_million: Decimal | None = None
    per_hour: Decimal | None = None
    hours: tuple[Decimal, Decimal] | None = None
    assumption: str = ""
    factor: Decimal = Decimal(1)
    jobs: int = 0
    origin: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a training is estimated to cost, in USD; with `answers`, what so many answers to evaluations cost. `low` and
    `high` differ where the provider picks the epochs, or bills hours, or answers may be longer; both None where no
    price is known. `tokens` are the likely training tokens over all epochs; not exact where the base model's tokenizer
    is not known, and another one's was used. `providers` are paid, where it need not be that of the step."""

    tokens: int
    low: Decimal | None
    high: Decimal | None
    epochs: int | None
    basis: str
    exact_epochs: bool = True
    exact_tokens: bool = True
    reckoning: Reckoning = field(default_factory=Reckoning)
    answers: int = 0
    providers: tuple[str, ...] = ()

    @property
    def counted(self) -> int | None:
        """The training tokens over all epochs as counted here, whatever earlier bills say; None where there is no
        count."""
        counted = self.reckoning.counted
        return None if counted is None else (counted - self.reckoning.cut) * self.reckoning.epochs[1]


@dataclass(frozen=True, slots=True)
class Upload:
    """Send one file, or take over the one `found_id` names: the same content, already at the provider.

    `replaces` is the content the dataset had before, where that was uploaded.
    """

    address: Address
    provider: str
    path: str
    sha256: str
    content_sha256: str
    bytes: int
    rows: int
    filename: str
    reason: Reason
    replaces: str | None = None
    found_id: str | None = None


@dataclass(frozen=True, slots=True)
class Train:
    """Start one paid job. `parent` is trained first where it is part of the same plan."""

    address: Address
    provider: str
    fingerprint: str
    key: str
    attempt: int
    recipe: Mapping[str, Any]
    reason: Reason
    estimate: Estimate
    changes: tuple[FieldChange, ...] = ()
    parent: Address | None = None
    detail: str = ""
    replaces_model: str | None = None


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over what is already paid for: a job found at the provider, or the one `shared_with` starts."""

    address: Address
    provider: str
    fingerprint: str
    key: str
    attempt: int
    recipe: Mapping[str, Any]
    reason: Reason
    job_id: str | None = None
    shared_with: Address | None = None
    parent: Address | None = None
    changes: tuple[FieldChange, ...] = ()
    detail: str = ""
    model_id: str | None = None


@dataclass(frozen=True, slots=True)
class Await:
    """Follow a job that runs already."""

    address: Address
    provider: str
    job_id: str
    reason: Reason = Reason.RUNNING
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a job that runs."""

    address: Address
    provider: str
    job_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Forget:
    """Stop managing; nothing is deleted at the provider."""

    address: Address
    reason: Reason
    model_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete at the provider: a fine-tuned model (its job is cancelled first where it runs), or a file."""

    address: Address
    provider: str
    reason: Reason
    model_id: str | None = None
    job_id: str | None = None
    running: bool = False
    file_id: str | None = None
    content_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Promote:
    """Let an alias stand for the output of `model`, once the evaluations it `requires` are passed; `estimate` is of
    what their answers cost, and `decided_by` has by their names digests of what their verdicts depend on.
    `model_id` is None where only the apply can tell, and `former_id` where the alias stood for nothing."""

    address: Address
    provider: str
    model: Address
    requires: tuple[str, ...]
    reason: Reason
    model_id: str | None = None
    job_id: str | None = None
    former_id: str | None = None
    estimate: Estimate | None = None
    decided_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Take:
    """Let a checkpoint be the output of a model, in the place of `before`: what was `wish`ed, in words. `model_id` and
    `step` are None where only the apply can tell, and the step where it is the last one; `figure` is the value that it
    is the best by."""

    address: Address
    provider: str
    wish: str
    reason: Reason
    before: str | None = None
    former_id: str | None = None
    model_id: str | None = None
    step: int | None = None
    job_id: str | None = None
    figure: float | None = None


Step = Upload | Train | Adopt | Await | Cancel | Forget | Delete | Promote | Take
