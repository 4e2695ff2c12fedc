"""What is measured (datasets), known (catalogs) or seen (a provider's answers). All of it may be thrown away
and looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Literal, TypeAlias

from ftplan.core.spec import Address, MethodKind

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
    not 0, or of both outputs of a preference row, or a completion, without framing.
    """

    total: int
    longest: int
    longest_line: int
    trained: int = 0


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


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model a provider can tune. Prices in USD; `None` means not known, never free. `images` says whether images
    are documented for its training data."""

    id: str
    methods: tuple[MethodKind, ...]
    encoding: Encoding = "o200k_base"
    train_per_million: Decimal | None = None
    train_per_hour: Decimal | None = None
    shutdown: date | None = None
    max_example_tokens: int | None = None
    images: bool | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is known of a provider without asking it: a dated, sourced table.

    From `jobs_end` on, the provider takes no new jobs.
    `rehearsal` marks an emulator: prices are those of the service it stands for, and nothing is billed.
    `hosts` are the provider's own, to which a key may be sent; `list_lag_seconds` is how long a list may lag
    behind a create.
    """

    type: str
    title: str
    models: Mapping[str, BaseModel] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    prices_as_of: str = ""
    prices_source: str = ""
    jobs_end: date | None = None
    hosts: tuple[str, ...] = ()
    default_key_env: str | None = None
    list_lag_seconds: float = 60.0
    poll_seconds: float = 10.0
    max_graded_rows: int | None = None
    max_graded_validation_rows: int | None = None
    max_image_rows: int | None = None
    max_file_bytes: int | None = None
    min_rows: int = 10
    rehearsal: bool = False

    def canonical(self, model: str) -> str:
        """The snapshot that `model` means; the word itself where the catalog knows no better."""
        return self.aliases.get(model, model)

    def base(self, model: str) -> BaseModel | None:
        """What is known of `model`: a snapshot, an alias, or an `ft:` id, which is priced as its base."""
        if model.startswith("ft:"):
            model = model.split(":")[1]
        return self.models.get(self.canonical(model))


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


FileKey = tuple[str, str]
"""(provider name, content_sha256)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything a plan needs to have seen. A key that is absent was not asked for (`-refresh=false`);
    None means asked, and gone.

    `found` holds, for each model whose recipe is not the remembered one, the jobs that carry its fingerprint,
    oldest first. `unsearchable` names the models for which no search was possible, and why.
    `models` holds fine-tuned models by address; `bases` the provider's own word on (provider, base id); `doubles`
    further jobs that carry the key of a model's remembered one.
    """

    jobs: Mapping[Address, RemoteJob | None] = field(default_factory=dict)
    models: Mapping[Address, RemoteModel | None] = field(default_factory=dict)
    files: Mapping[FileKey, RemoteFile | None] = field(default_factory=dict)
    found: Mapping[Address, tuple[RemoteJob, ...]] = field(default_factory=dict)
    found_files: Mapping[FileKey, RemoteFile] = field(default_factory=dict)
    unsearchable: Mapping[Address, str] = field(default_factory=dict)
    bases: Mapping[tuple[str, str], RemoteModel | None] = field(default_factory=dict)
    doubles: Mapping[Address, tuple[RemoteJob, ...]] = field(default_factory=dict)
