"""A training service in memory: it keeps what it is told, settles jobs on a virtual clock, and fails as scripted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeVar

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.desired import DesiredModel
from ftplan.core.facts import Phase, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.ports import Capabilities, Clock, JobRequest, UploadRequest
from ftplan.core.recipe import MARK_ADDRESS
from ftplan.errors import OutcomeUnknown, Problem, Rejected, Unreachable

T = TypeVar("T")
Kind = Literal["lost", "dropped", "late", "rejected", "busy", "let in", "unreachable"]
WRITES = ("put_file", "start_job", "cancel_job", "delete_file", "delete_model")
BASE = "base-2026"
CATALOG = Catalog(
    type="fake",
    title="Fake",
    models={BASE: BaseModel(BASE, methods=("supervised",), train_per_million=Decimal(25))},
    list_lag_seconds=60.0,
    poll_seconds=10.0,
)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call. lost: done, then no answer; dropped: never done, no answer; late: done
    `seconds` later, no answer; busy: refused, to be asked again after `seconds`; let in: done, and answered as if
    busy."""

    kind: Kind
    seconds: float | None = None


@dataclass
class Job:
    """A job, when it was made, and how it is going to end."""

    shown: RemoteJob
    made: float
    ending: Phase


class FakeService:
    """A `Provider`. Set its public attributes to make it behave badly; `calls` counts, `log` tells the order.

    `endings` are the final phases of the jobs still to be started, `words` the status of those that are, both by the
    address in their metadata; `lag` is how long a
    new job is missing from searches, `search_seconds` how old a search's answer is when it comes; `around` is called
    before and after the work of every write.
    """

    name = "svc"
    catalog = CATALOG

    def __init__(self, clock: Clock, log: list[str], around: Callable[[str], None] = lambda label: None) -> None:
        self._clock, self.log, self._around = clock, log, around
        self._faults: dict[tuple[str, int], Fault] = {}
        self._later: list[tuple[float, Callable[[], object]]] = []
        self.can = Capabilities()
        self.calls: Counter[str] = Counter()
        self.files: dict[str, RemoteFile] = {}
        self.jobs: dict[str, Job] = {}
        self.requests: list[JobRequest] = []
        self.deleted: set[str] = set()
        self.endings: dict[str, Phase] = {}
        self.words: dict[str, str] = {}
        self.lag = 0.0
        self.search_seconds = 0.0
        self.training_seconds = 60.0
        self.trained_tokens: int | None = None
        self.file_processing: list[bool | None] = []
        self.ignores_filter = False

    def fail(self, label: str, kind: Kind, hits: Sequence[int] = (1,), seconds: float | None = None) -> None:
        """Scripts a fault for the calls of `label` with these numbers, counted from 1."""
        self._faults.update({(label, hit): Fault(kind, seconds) for hit in hits})

    @property
    def writes(self) -> int:
        return sum(self.calls[label] for label in WRITES)

    def jobs_of(self, name: str) -> list[RemoteJob]:
        return [self._shown(job) for job in self.jobs.values() if job.shown.metadata[MARK_ADDRESS] == f"model.{name}"]

    def shown(self, job_id: str) -> RemoteJob | None:
        """The job as it stands now, for whoever watches the service rather than calls it."""
        return self._shown(self.jobs[job_id]) if job_id in self.jobs else None

    def resume(self, other: FakeService) -> None:
        """Goes on from where `other` is: the same files, jobs and habits, on our own clock."""
        self.files, self.deleted, self.endings = dict(other.files), set(other.deleted), dict(other.endings)
        self.jobs = {id: replace(job) for id, job in other.jobs.items()}
        self.lag, self.training_seconds = other.lag, other.training_seconds

    # What a plan may ask.

    def capabilities(self) -> Capabilities:
        return self.can

    def validate(self, model: DesiredModel) -> Sequence[Problem]:
        return ()

    def check_access(self) -> None:
        return None

    def get_file(self, file_id: str) -> RemoteFile | None:
        self._read("get_file")
        file = self.files.get(file_id)
        if file is not None and self.file_processing:
            ready = self.file_processing.pop(0)
            self.files[file_id] = file = replace(file, ready=ready, detail="" if ready is not False else "bad row")
        return file

    def get_job(self, job_id: str) -> RemoteJob | None:
        self._read("get_job")
        return self._shown(self.jobs[job_id]) if job_id in self.jobs else None

    def get_model(self, model_id: str) -> RemoteModel | None:
        self._read("get_model")
        made = {self._shown(job).fine_tuned_model for job in self.jobs.values()} | {BASE}
        return RemoteModel(model_id) if model_id in made - self.deleted else None

    def find_file(self, sha256: str, bytes: int) -> RemoteFile | None:
        self._read("find_file")
        fits = (f for f in self.files.values() if sha256[:32] in f.filename and f.bytes == bytes and f.ready)
        return next(fits, None)

    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        self._read("find_jobs")
        old = [job.shown for job in self.jobs.values() if self._clock.monotonic() - job.made >= self.lag]
        fits = [job.id for job in old if self.ignores_filter or marks.items() <= job.metadata.items()]
        shown = tuple(self._shown(self.jobs[id]) for id in fits)
        if self.search_seconds:
            self._clock.sleep(self.search_seconds)
        return shown

    # What only an apply may ask.

    def put_file(self, request: UploadRequest, progress: Callable[[int], None]) -> RemoteFile:
        def work() -> RemoteFile:
            with request.open() as file:
                assert len(file.read()) == request.bytes
            progress(request.bytes)
            ready = None if self.file_processing else True
            file_id = f"file-{len(self.files) + 1}"
            self.files[file_id] = RemoteFile(
                file_id, request.filename, request.bytes, ready, created_at=int(self._clock.now().timestamp())
            )
            return self.files[file_id]

        return self._write("put_file", work)

    def start_job(self, request: JobRequest) -> RemoteJob:
        def work() -> RemoteJob:
            self.requests.append(request)
            job = RemoteJob(
                id=f"job-{len(self.jobs) + 1}",
                phase=Phase.QUEUED,
                status="queued",
                model=request.base_model,
                training_file=request.training_file,
                created_at=int(self._clock.now().timestamp()),
                metadata=request.metadata,
            )
            self.jobs[job.id] = Job(job, self._clock.monotonic(), self._ending(request))
            return job

        return self._write("start_job", work)

    def cancel_job(self, job_id: str) -> RemoteJob | None:
        def work() -> RemoteJob | None:
            job = self.jobs.get(job_id)
            if job is not None and not self._shown(job).phase.settled:
                job.shown = replace(job.shown, phase=Phase.CANCELLED, status="cancelled")
            return self._shown(job) if job else None

        return self._write("cancel_job", work)

    def delete_file(self, file_id: str) -> bool:
        return self._write("delete_file", lambda: self.files.pop(file_id, None) is not None)

    def delete_model(self, model_id: str) -> bool:
        def work() -> bool:
            there = model_id not in self.deleted
            self.deleted.add(model_id)
            return there

        return self._write("delete_model", work)

    # How it works.

    def _ending(self, request: JobRequest) -> Phase:
        return self.endings.get(request.metadata[MARK_ADDRESS], Phase.SUCCEEDED)

    def _shown(self, job: Job) -> RemoteJob:
        """The job as it stands now: queued, then running, then settled."""
        address, age = job.shown.metadata[MARK_ADDRESS], self._clock.monotonic() - job.made
        if job.shown.phase is Phase.CANCELLED or age < 10:
            return job.shown
        if address in self.words:
            return replace(job.shown, phase=Phase.UNKNOWN, status=self.words[address])
        if age < self.training_seconds:
            return replace(job.shown, phase=Phase.RUNNING, status="running")
        phase = job.ending
        if phase is not Phase.SUCCEEDED:
            return replace(job.shown, phase=phase, status=phase.value, error_code="bad", error_message="no luck")
        return replace(
            job.shown,
            phase=phase,
            status="succeeded",
            fine_tuned_model=f"ft:{job.shown.id}",
            trained_tokens=self.trained_tokens,
        )

    def _read(self, label: str) -> None:
        fault = self._next(label)
        if fault is not None:
            raise Unreachable(Problem(f"{label}: no answer"))

    def _write(self, label: str, work: Callable[[], T]) -> T:
        fault = self._next(label)
        self._around(f"before {label}")
        if fault is not None and fault.kind == "let in":
            work()
        if fault is not None and fault.kind in ("rejected", "busy", "let in"):
            refusal = Rejected(Problem(f"{label}: {fault.kind}"))
            refusal.busy, refusal.retry_after = fault.kind != "rejected", fault.seconds
            raise refusal
        if fault is not None and fault.kind == "late":
            self._later.append((self._clock.monotonic() + (fault.seconds or 0.0), work))
        if fault is None or fault.kind == "lost":
            answer = work()
        self._around(f"after {label}")
        if fault is not None:
            raise OutcomeUnknown(Problem(f"{label}: no answer"))
        return answer

    def _next(self, label: str) -> Fault | None:
        """Does what was late, counts the call and tells its fault."""
        now = self._clock.monotonic()
        due = [work for when, work in self._later if when <= now]
        self._later = [(when, work) for when, work in self._later if when > now]
        for work in due:
            work()
        self.calls[label] += 1
        self.log.append(label)
        return self._faults.get((label, self.calls[label]))
