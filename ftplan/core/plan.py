"""What is going to be done, as values: steps with their reasons, notes, the bill. Nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from ftplan.core.recipe import FieldChange
from ftplan.core.spec import Address
from ftplan.errors import Place

Mode = Literal["normal", "destroy", "refresh-only"]
Gate = Literal["budget", "lifetime", "protect", "policy"]


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
class Estimate:
    """What a training is estimated to cost, in USD. `low` and `high` differ where the provider picks the epochs;
    both None where no price is known. `tokens` are training tokens over all epochs."""

    tokens: int
    low: Decimal | None
    high: Decimal | None
    epochs: int | None
    basis: str
    exact_epochs: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the plan must know. `gate` names the gate that refuses because of it."""

    severity: Literal["error", "warning", "info"]
    summary: str
    detail: str = ""
    address: Address | None = None
    gate: Gate | None = None
    advice: str = ""
    command: str = ""
    place: Place | None = None


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


Step = Upload | Train | Adopt | Await | Cancel | Forget | Delete


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A declared thing for which nothing has to be done, with what is known of it."""

    address: Address
    provider: str
    model_id: str | None = None
    job_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BaseLife:
    """How long a base model stays on. `days` counts from the day of the plan; `last_training` ends job creation."""

    provider: str
    base_model: str
    shutdown: str | None
    days: int | None
    last_training: str | None = None
    days_to_train: int | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What the whole plan is estimated to cost. `unpriced` names the models with no known price."""

    low: Decimal
    high: Decimal
    tokens: int
    as_of: str
    by_address: Mapping[str, Estimate] = field(default_factory=dict)
    unpriced: tuple[str, ...] = ()
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they may start, and everything a reader needs to judge them."""

    project: str
    mode: Mode
    lineage: str
    serial: int
    config_digest: str
    dataset_digests: Mapping[str, str]
    created_at: str
    steps: tuple[Step, ...] = ()
    unchanged: tuple[Unchanged, ...] = ()
    notes: tuple[Note, ...] = ()
    bill: Bill | None = None
    lives: tuple[BaseLife, ...] = ()
    drift: tuple[Note, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    after: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    workspace: str = "default"

    @property
    def errors(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.severity == "error")

    @property
    def changes_nothing(self) -> bool:
        """True when an apply would send no write and save nothing that matters to a reader."""
        return not self.steps

    def summary(self) -> dict[str, int]:
        """Counts of steps: upload, train, adopt, await, cancel, forget, delete, unchanged."""
        counts = dict.fromkeys(("upload", "train", "adopt", "await", "cancel", "forget", "delete"), 0)
        for step in self.steps:
            found = isinstance(step, Upload) and step.found_id is not None
            counts["adopt" if found else type(step).__name__.lower()] += 1
        return {**counts, "unchanged": len(self.unchanged)}

    def totals(self) -> tuple[int, int, int]:
        """(to add, to change, to destroy) as Terraform counts: uploads, trainings and adoptions are added, a job
        to follow is changed, and only what is deleted at the provider is destroyed."""
        counts = self.summary()
        return counts["upload"] + counts["train"] + counts["adopt"], counts["await"], counts["delete"]
