"""What is remembered: the state. It holds what was done and bought, never a secret and never a dataset row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ftplan.core.entries import Quote, SpendEntry
from ftplan.core.facts import FileKey, Phase
from ftplan.core.handover import AliasRecord, Approval, EvalRecord, Origin, TakenCheckpoint
from ftplan.core.spec import Lifecycle

STATE_VERSION = 4


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file we uploaded, or found and took over. `datasets` are the declared names that mean this content; `account`
    says at which service it is, since a provider's name may come to mean another one."""

    provider: str
    content_sha256: str
    sha256: str
    bytes: int
    filename: str
    id: str
    uploaded_at: str = ""
    datasets: tuple[str, ...] = ()
    account: str = ""

    @property
    def key(self) -> FileKey:
        return (self.provider, self.content_sha256)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A paid job as last seen. Times as the provider gave them, in epoch seconds."""

    id: str
    phase: Phase
    base_model: str = ""
    training_file: str = ""
    validation_file: str | None = None
    fine_tuned_model: str | None = None
    created_at: int = 0
    finished_at: int | None = None
    trained_tokens: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    result_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormerJob:
    """A job this model had before: it was paid for, so it is never forgotten while the model is managed."""

    fingerprint: str
    job: JobRecord
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A managed model. `recipe` is the canonical recipe `fingerprint` was made of; `lifecycle` is kept because
    the rules of a model must outlive its block in the YAML. `adopted` says that we did not start the job."""

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
    former: tuple[FormerJob, ...] = ()
    origin: Origin = field(default_factory=Origin)
    checkpoint: TakenCheckpoint | None = None

    @property
    def jobs(self) -> tuple[JobRecord, ...]:
        """The job that it has, and those that it had, newest first."""
        return (self.job, *(former.job for former in reversed(self.former)))

    @property
    def taken(self) -> TakenCheckpoint | None:
        """The checkpoint that is taken of the job it has now; None where it is used as its last step left it."""
        return self.checkpoint if self.checkpoint is not None and self.checkpoint.job_id == self.job.id else None

    @property
    def output(self) -> str | None:
        """The id to use the model by: the checkpoint taken of its job, else what the job came to."""
        return self.taken.model_id if self.taken is not None else self.job.fine_tuned_model


@dataclass(frozen=True, slots=True)
class Intent:
    """A paid call about to be made, stored before it is made. `settled_seconds` after it was stored, the call has
    reached the provider or never will: the time the run that made it allowed itself. `quote` is what it was expected
    to cost."""

    name: str
    provider: str
    key: str
    fingerprint: str
    attempt: int
    recipe: Mapping[str, Any]
    created_at: str
    training_file: str = ""
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    parent: str | None = None
    settled_seconds: float = 80.0
    quote: Quote = field(default_factory=Quote)
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class PackedFigures:
    """What was measured in the job `job_id`, which is over, as text."""

    job_id: str
    packed: str


@dataclass(frozen=True, slots=True)
class State:
    """Everything remembered of a project. `serial` grows by one a write; `lineage` is made once.

    `files` by (provider, content), `models` and `intents` by model name; `used_plans` are the digests of saved
    plans that an apply has used up, newest last; `ledger` is what was reserved and billed, oldest first, and only
    ever grows; `approvals` by alias are of promotions that were approved and not carried out yet; `figures` by job are
    what was measured, packed, where there is no room for it beside the state.
    """

    project: str
    lineage: str
    serial: int = 0
    workspace: str = "default"
    files: Mapping[FileKey, FileRecord] = field(default_factory=dict)
    models: Mapping[str, ModelRecord] = field(default_factory=dict)
    intents: Mapping[str, Intent] = field(default_factory=dict)
    used_plans: tuple[str, ...] = ()
    ledger: tuple[SpendEntry, ...] = ()
    aliases: Mapping[str, AliasRecord] = field(default_factory=dict)
    evaluations: Mapping[tuple[str, str], EvalRecord] = field(default_factory=dict)
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    figures: Mapping[str, PackedFigures] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.files or self.models or self.intents)

    def holding(self, files: Iterable[FileRecord], models: Iterable[ModelRecord], intents: Iterable[Intent]) -> State:
        """This state with exactly these records."""
        return replace(
            self,
            files={record.key: record for record in files},
            models={record.name: record for record in models},
            intents={intent.name: intent for intent in intents},
        )
