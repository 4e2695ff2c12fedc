"""What is measured (datasets), known (catalogs) or seen (a provider's answers). All of it may be thrown away
and looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Literal, TypeAlias

from ftplan.core.checkpoints import Checkpoint
from ftplan.core.spec import Address

Format = Literal["chat", "preference", "reinforcement", "completion"]
Encoding: TypeAlias = str
"""A way to split text into tokens: one of `ENCODINGS`, or `FILE_ENCODING` and a hash of a tokenizer's own file."""
ENCODINGS = ("o200k_base", "o200k_harmony", "cl100k_base")
FILE_ENCODING = "tokenizer:"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """Token counts of one dataset in one encoding. `longest_line` counts from 1.

    `total` follows the published recipe: every string field, framing per message and name, tools; once per row. It is
    what is billed. `trained` is the part of it that is learned: content and calls of assistant messages whose weight is
    not 0, or of both outputs of a preference row, or a completion, without framing. `beyond` are those of `total` that
    lie behind the first `limit` of their row.
    """

    total: int
    longest: int
    longest_line: int
    trained: int = 0
    limit: int | None = None
    beyond: int = 0

    def cut_by(self, limit: int | None) -> int:
        """How many tokens a service leaves out that cuts each row after `limit`. Where they were counted for another
        limit, as two base models with one dataset bring it about, only what is cut in any case is told."""
        if limit is None or self.limit is None or limit >= self.longest:
            return 0
        return self.beyond if limit <= self.limit else max(0, self.longest - limit)


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """One dataset as measured in a single pass.

    `sha256` is of the bytes (what is uploaded); `content_sha256` of the canonical rows in order (what they mean).
    """

    sha256: str
    content_sha256: str
    bytes: int
    rows: int
    format: Format
    tokens: Mapping[Encoding, TokenFacts] = field(default_factory=dict)
    rows_with_tools: int = 0
    rows_with_images: int = 0


class Phase(str, Enum):
    """Where a job stands. A word of the provider's that we do not know is UNKNOWN: keep looking."""

    VALIDATING = "validating"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def settled(self) -> bool:
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the provider shows it. `ready` is None while the provider still works on it."""

    id: str
    filename: str
    bytes: int
    ready: bool | None = True
    created_at: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the provider shows it. Times are epoch seconds; `trained_tokens` is what is billed, once known."""

    id: str
    phase: Phase
    status: str
    model: str = ""
    training_file: str = ""
    validation_file: str | None = None
    fine_tuned_model: str | None = None
    created_at: int = 0
    finished_at: int | None = None
    estimated_finish: int | None = None
    trained_tokens: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    seed: int | None = None
    suffix: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    hyperparameters: Mapping[str, int | float | str] = field(default_factory=dict)
    result_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model as the provider shows it."""

    id: str
    shutdown: date | None = None


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a running job is, from its latest metrics. Loss in nats as the provider reports it; `rehearsal` marks
    the numbers of an emulator."""

    step: int | None = None
    total_steps: int | None = None
    train_loss: float | None = None
    valid_loss: float | None = None
    message: str = ""
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What a service said of a job, when it did (epoch seconds). `level` is the service's word: info, warn, error.
    `data` are the figures that came with it, such as step and train_loss."""

    id: str
    created_at: int
    message: str
    level: str = "info"
    kind: str = "message"
    data: Mapping[str, int | float | str] = field(default_factory=dict)


FileKey = tuple[str, str]
"""(provider name, content_sha256)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything a plan needs to have seen. A key that is absent was not asked for (`-refresh=false`);
    None means asked, and gone.

    `found` holds, for each model whose recipe is not the remembered one, the jobs that carry its fingerprint,
    oldest first. `unsearchable` names the models for which no search was possible, and why.
    `models` holds fine-tuned models by address, at that of an alias what it stands for where that is not its model's
    output of today; `bases` the provider's own word on (provider, base id); `doubles` further jobs that carry the key
    of a model's remembered one; `checkpoints` those that are kept of the jobs of models for which one is declared.
    """

    jobs: Mapping[Address, RemoteJob | None] = field(default_factory=dict)
    models: Mapping[Address, RemoteModel | None] = field(default_factory=dict)
    files: Mapping[FileKey, RemoteFile | None] = field(default_factory=dict)
    found: Mapping[Address, tuple[RemoteJob, ...]] = field(default_factory=dict)
    found_files: Mapping[FileKey, RemoteFile] = field(default_factory=dict)
    unsearchable: Mapping[Address, str] = field(default_factory=dict)
    bases: Mapping[tuple[str, str], RemoteModel | None] = field(default_factory=dict)
    doubles: Mapping[Address, tuple[RemoteJob, ...]] = field(default_factory=dict)
    checkpoints: Mapping[Address, tuple[Checkpoint, ...]] = field(default_factory=dict)
