"""What happened. Facts change the state (`fold.py`), notices (`notices.py`) are only told. One stream, two readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftplan.core.entries import Answered, Quote
from ftplan.core.handover import Approval, EvalRecord, Origin, TakenCheckpoint, Target
from ftplan.core.notices import Notice
from ftplan.core.records import FileRecord, Intent, JobRecord, PackedFigures
from ftplan.core.spec import Lifecycle


@dataclass(frozen=True, slots=True)
class PlanUsed:
    """A saved plan was begun: it may never be begun again."""

    digest: str


@dataclass(frozen=True, slots=True)
class FileStored:
    """A file is at the provider and ready: uploaded by us, or found there."""

    record: FileRecord


@dataclass(frozen=True, slots=True)
class FileDropped:
    """A file is not at the provider any more: deleted by us, or seen gone."""

    provider: str
    content_sha256: str


@dataclass(frozen=True, slots=True)
class TrainingIntended:
    """A paid call is about to be made."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class IntentDropped:
    """The paid call of an intent is known not to have happened."""

    name: str
    why: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class JobStarted:
    """A job is ours: started by us, or adopted. It closes the intent of its model and retires the job before.
    `paid_here` says that this project paid for it, `quote` what it was expected to cost where no intent says so, and
    `origin` who had it started."""

    name: str
    provider: str
    fingerprint: str
    key: str
    attempt: int
    recipe: Mapping[str, Any]
    job: JobRecord
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    parent: str | None = None
    adopted: bool = False
    paid_here: bool = True
    quote: Quote = field(default_factory=Quote)
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job's phase, result or error is not what the state says."""

    name: str
    job: JobRecord


@dataclass(frozen=True, slots=True)
class LifecycleChanged:
    """The owner changed the rules of a model."""

    name: str
    lifecycle: Lifecycle


@dataclass(frozen=True, slots=True)
class ModelRemoved:
    """A model is managed no more: forgotten, or deleted at the provider."""

    name: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class CheckpointTaken:
    """The output of a model is a checkpoint of its job; None for its last step."""

    name: str
    taken: TakenCheckpoint | None


@dataclass(frozen=True, slots=True)
class EvaluationDone:
    """A model was evaluated: what was paid for it is not paid again."""

    record: EvalRecord


@dataclass(frozen=True, slots=True)
class AnswersBought:
    """Answers came that an evaluation had asked for, whether or not it came to its end."""

    entry: Answered


@dataclass(frozen=True, slots=True)
class PromotionApproved:
    """An apply was approved that is to move an alias: who goes on with it later need not ask again."""

    record: Approval


@dataclass(frozen=True, slots=True)
class FiguresKept:
    """What was measured in a job: its provider will not have it for ever."""

    record: PackedFigures


@dataclass(frozen=True, slots=True)
class AliasMoved:
    """An alias stands for another model now. `rolled_back` is the id of the model it was taken off because its owner
    went back: no apply moves it there again unasked."""

    name: str
    target: Target
    rolled_back: str | None = None


@dataclass(frozen=True, slots=True)
class AliasRemoved:
    """An alias is managed no more. The model it stood for stays."""

    name: str


Fact = (
    PlanUsed
    | FileStored
    | FileDropped
    | TrainingIntended
    | IntentDropped
    | JobStarted
    | JobSeen
    | LifecycleChanged
    | ModelRemoved
    | CheckpointTaken
    | EvaluationDone
    | AnswersBought
    | FiguresKept
    | PromotionApproved
    | AliasMoved
    | AliasRemoved
)

UNTOLD = (
    PlanUsed,
    FileStored,
    FileDropped,
    TrainingIntended,
    IntentDropped,
    JobSeen,
    LifecycleChanged,
    ModelRemoved,
    CheckpointTaken,
    EvaluationDone,
    AnswersBought,
    FiguresKept,
    PromotionApproved,
    AliasMoved,
    AliasRemoved,
)
"""The facts that only the state needs: whoever reads along is told by a notice, where there is anything to tell."""

Event = Fact | Notice
