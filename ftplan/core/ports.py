"""The doors out: what the engine needs of a provider and a clock, and nothing more. Those of state stores are in
`core/stores.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol, runtime_checkable

from ftplan.core.catalog import Catalog
from ftplan.core.checkpoints import Checkpoint
from ftplan.core.comparing.questions import Answer, Question
from ftplan.core.desired import DesiredModel
from ftplan.core.facts import JobEvent, JobProgress, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.integrations import WandbReport
from ftplan.core.metrics import RawMetrics
from ftplan.errors import Problem

CALL_TIMEOUT_SECONDS = 60.0
"""No write to a provider takes longer, unless a run is told otherwise: what has not arrived by then never will."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a service can do. What it cannot do becomes a problem at plan time."""

    methods: tuple[str, ...] = ("supervised", "dpo", "reinforcement")
    searches_jobs: bool = True
    searches_files: bool = True
    deletes_models: bool = True
    deletes_files: bool = True
    continues_training: bool = True


@dataclass(frozen=True, slots=True)
class JobRequest:
    """Everything one paid call says. `metadata` holds our marks and the user's pairs."""

    base_model: str
    training_file: str
    validation_file: str | None
    method: str
    n_epochs: int | str
    hyperparameters: Mapping[str, int | float | str]
    grader: Mapping[str, Any] | None
    suffix: str | None
    seed: int | None
    metadata: Mapping[str, str]
    wandb: WandbReport | None = None


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file to send. `open` gives the open file positioned at its start; the same one is hashed and sent."""

    filename: str
    bytes: int
    sha256: str
    open: Callable[[], BinaryIO]


class ProviderReader(Protocol):
    """A service as a plan sees it: it cannot change anything. None means "asked, and gone" and nothing else;
    every other failure raises `NotAllowed` or `Unreachable`."""

    @property
    def name(self) -> str: ...

    @property
    def catalog(self) -> Catalog: ...

    def capabilities(self) -> Capabilities:
        """What the service can do."""

    def validate(self, model: DesiredModel) -> Sequence[Problem]:
        """What the service would refuse in this model, found without asking it."""

    def check_access(self) -> None:
        """Raises `NotAllowed` when the key is missing or wrong. One cheap request at most."""

    def get_file(self, file_id: str) -> RemoteFile | None: ...

    def get_job(self, job_id: str) -> RemoteJob | None: ...

    def get_model(self, model_id: str) -> RemoteModel | None: ...

    def find_file(self, sha256: str, bytes: int) -> RemoteFile | None:
        """The oldest usable file whose name carries this hash and whose size agrees."""

    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        """Every job whose metadata carries all of `marks`, oldest first. Re-checked on our side: a server may
        ignore the filter and list everything."""


class Provider(ProviderReader, Protocol):
    """A service as an apply sees it."""

    def put_file(self, request: UploadRequest, progress: Callable[[int], None]) -> RemoteFile:
        """The file sent, perhaps not ready yet. `progress` gets the bytes sent so far. Raises `Rejected` or
        `OutcomeUnknown`."""

    def start_job(self, request: JobRequest) -> RemoteJob:
        """The job started, by exactly one request and no retries. Raises `Rejected` (nothing was bought) or
        `OutcomeUnknown` (it may have been)."""

    def cancel_job(self, job_id: str) -> RemoteJob | None: ...

    def delete_file(self, file_id: str) -> bool:
        """True when deleted, False when it was gone already."""

    def delete_model(self, model_id: str) -> bool:
        """True when deleted, False when it was gone already."""


@runtime_checkable
class ListsJobs(Protocol):
    """A service that cannot search its jobs by metadata, but shows all of them."""

    def list_jobs(self, since: int) -> Sequence[RemoteJob]:
        """Every job created at `since` (epoch seconds) or later, oldest first. Raises as a search does."""


@runtime_checkable
class HasProgress(Protocol):
    """A service that tells how far a job is."""

    def progress(self, job_id: str) -> JobProgress | None: ...


@runtime_checkable
class HasEvents(Protocol):
    """A service that tells what happened to a job."""

    def events(self, job_id: str, after: str | None = None) -> Sequence[JobEvent] | None:
        """Every event of the job behind the one with the id `after`, oldest first and each once; None where there is
        no such job. Where `after` is not told any more, all there are."""


@runtime_checkable
class HasPause(Protocol):
    """A service that can halt a job and let it go on later. Each is one request and no retries, and gives None where
    there is no such job; raises `Rejected` or `OutcomeUnknown`."""

    def pause_job(self, job_id: str) -> RemoteJob | None: ...

    def resume_job(self, job_id: str) -> RemoteJob | None: ...


@runtime_checkable
class HasCheckpoints(Protocol):
    """A service that keeps models as they were along a job."""

    def checkpoints(self, job_id: str) -> Sequence[Checkpoint] | None:
        """Every checkpoint that is kept of the job, by its step; None where there is no such job."""


@runtime_checkable
class Answers(Protocol):
    """A service whose models can be asked."""

    def answer(self, question: Question) -> Answer:
        """What the model answers: one request, no retries, billed by its tokens. May be called by several threads at
        once. Raises `Unreachable` for what may go well later (a rate limit with its `retry_after`, a model that is not
        ready yet), `Rejected` for what will not, `NotAllowed` for the key."""


@runtime_checkable
class HasMetrics(Protocol):
    """A service that tells what was measured while a job trained."""

    def metrics(self, job_id: str) -> RawMetrics | None:
        """Every figure there is of the job up to now; None where there is no such job. What is told of it in one place
        and cannot be read is a remark in it: only what is wrong with all of it raises."""


class Clock(Protocol):
    """Time. `monotonic` is for waiting and windows, `now` (UTC) for dates that are shown or stored."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...
