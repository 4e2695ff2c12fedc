"""What is going to be done, as values: the steps with what a reader needs to judge them. Nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from ftplan.core.dataset_diff import DatasetDiff
from ftplan.core.spec import Address
from ftplan.core.steps import Estimate, Promote, Reason, Step, Take, Upload
from ftplan.errors import Place

Mode = Literal["normal", "destroy", "refresh-only"]
Gate = Literal["budget", "spend", "changes", "lifetime", "protect", "policy"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the plan must know. `gate` names the gate that refuses because of it. `withheld` says why
    a training is needed that is not started without its owner's word, and `estimate` what it would cost.

    What a gate says has its `rule` by the name of its key, the `figure` and the `limit` as they are shown, the `flag`
    that passes it for one run where there is one, and the addresses whose steps it `blocks`.
    """

    severity: Literal["error", "warning", "info"]
    summary: str
    detail: str = ""
    address: Address | None = None
    gate: Gate | None = None
    advice: str = ""
    command: str = ""
    place: Place | None = None
    withheld: Reason | None = None
    estimate: Estimate | None = None
    rule: str = ""
    figure: str = ""
    limit: str = ""
    flag: str = ""
    blocks: tuple[Address, ...] = ()


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
    """How long a base model stays on. `days` counts from the day of the plan; `last_training` ends job creation.
    `cost_per_day` is what each training of this plan on it costs a day of that life, in USD, by its address."""

    provider: str
    base_model: str
    shutdown: str | None
    days: int | None
    last_training: str | None = None
    days_to_train: int | None = None
    cost_per_day: Mapping[str, Decimal] = field(default_factory=dict)


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
class Service:
    """Where a provider of the project is, as the plan was made: what the YAML says, else the environment. `base_url`
    holds no user, and is None where ftplan starts the service itself, or where only a plug-in knows."""

    type: str
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they may start, and everything a reader needs to judge them. `dataset_diffs` are by
    the names of datasets whose rows are not those that the models using them were trained on."""

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
    services: Mapping[str, Service] = field(default_factory=dict)
    dataset_diffs: Mapping[str, DatasetDiff] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.severity == "error")

    def refusals(self, address: Address) -> tuple[Note, ...]:
        """What the gates say against the steps of `address`."""
        return tuple(note for note in self.errors if note.gate and address in note.blocks)

    @property
    def withheld(self) -> tuple[Note, ...]:
        """The trainings that are needed and wait for their owner's consent."""
        return tuple(note for note in self.notes if note.withheld is not None)

    @property
    def changes_nothing(self) -> bool:
        """True when an apply would send no write and save nothing that matters to a reader."""
        return not self.steps

    def summary(self) -> dict[str, int]:
        """Counts of steps: upload, train, adopt, await, cancel, forget, delete, unchanged; of promote and take, which
        came later, only where there is one."""
        counts = dict.fromkeys(("upload", "train", "adopt", "await", "cancel", "forget", "delete"), 0)
        for step in self.steps:
            found = isinstance(step, Upload) and step.found_id is not None
            kind = "adopt" if found else type(step).__name__.lower()
            counts[kind] = counts.get(kind, 0) + 1
        return {**counts, "unchanged": len(self.unchanged)}

    def totals(self) -> tuple[int, int, int]:
        """(to add, to change, to destroy) as Terraform counts: uploads, trainings, adoptions and new aliases are added;
        a job to follow, an alias to move and another checkpoint to use are changed; and only what is deleted at the
        provider is destroyed."""
        counts = self.summary()
        new = sum(isinstance(step, Promote) and step.former_id is None for step in self.steps)
        added = counts["upload"] + counts["train"] + counts["adopt"] + new
        taken = sum(isinstance(step, Take) and step.before is not None for step in self.steps)
        return added, counts["await"] + counts.get("promote", 0) - new + taken, counts["delete"]
