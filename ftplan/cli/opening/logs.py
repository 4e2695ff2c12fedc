"""FTPLAN_LOG: what is asked of the providers and what came of it, a line a call, for those who want to know why.

No line holds a key or a dataset row: calls are logged by name and id, failures in the words that a user would read.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TypeVar, cast

from ftplan.core.catalog import Catalog
from ftplan.core.checkpoints import Checkpoint
from ftplan.core.comparing.questions import Answer, Question
from ftplan.core.desired import DesiredModel
from ftplan.core.facts import JobEvent, JobProgress, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.metrics import RawMetrics
from ftplan.core.ports import (
    Answers,
    Capabilities,
    HasCheckpoints,
    HasEvents,
    HasMetrics,
    HasPause,
    HasProgress,
    JobRequest,
    ListsJobs,
    Provider,
    UploadRequest,
)
from ftplan.errors import FtplanError, Problem, UsageError
from ftplan.views.style import clean

T = TypeVar("T")

LEVELS = ("trace", "debug", "info", "warn", "error")


class Log:
    """Lines of at least one level, to stderr or to the file that FTPLAN_LOG_PATH names."""

    def __init__(self, level: str, path: str | None) -> None:
        self._least = LEVELS.index(level)
        self._path = path

    def write(self, level: str, text: str) -> None:
        if LEVELS.index(level) < self._least:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = f"{now} [{level.upper()}] {clean(text, 1000)}\n"
        if self._path is None:
            sys.stderr.write(line)
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line)


def open_log(environ: Mapping[str, str]) -> Log | None:
    """The log that FTPLAN_LOG asks for, None where it asks for none. Raises `UsageError`."""
    level = environ.get("FTPLAN_LOG", "").strip().lower()
    if not level:
        return None
    if level not in LEVELS:
        raise UsageError("Invalid FTPLAN_LOG", detail=f"It is one of {', '.join(LEVELS)}, not {level[:40]!r}.")
    log = Log(level, environ.get("FTPLAN_LOG_PATH") or None)
    try:
        log.write("debug", f"ftplan begins, pid {os.getpid()}")
    except OSError as error:
        problem = Problem("Log cannot be written", f"FTPLAN_LOG_PATH: {error.strerror or error}.")
        raise UsageError(problem) from error
    return log


def logged(provider: Provider, log: Log) -> Provider:
    """`provider`, its calls logged: reads at debug, writes at info, failures at warn. What it cannot do, it cannot do
    logged either: optional powers are told by the methods that are there."""
    powers = [
        (HasProgress, _LoggedProgress),
        (HasEvents, _LoggedEvents),
        (HasMetrics, _LoggedMetrics),
        (HasPause, _LoggedPause),
        (HasCheckpoints, _LoggedCheckpoints),
        (Answers, _LoggedAnswers),
        (ListsJobs, _LoggedListing),
    ]
    parts = tuple(part for power, part in powers if isinstance(provider, power))
    made: Provider = type("LoggedProvider", (*parts, LoggedProvider), {})(provider, log)
    return made


class LoggedProvider:
    """A provider that says what it is asked and what came of it."""

    def __init__(self, inner: Provider, log: Log) -> None:
        self._inner = inner
        self._log = log

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def catalog(self) -> Catalog:
        return self._inner.catalog

    def capabilities(self) -> Capabilities:
        return self._inner.capabilities()

    def validate(self, model: DesiredModel) -> Sequence[Problem]:
        return self._inner.validate(model)

    def check_access(self) -> None:
        self._call("debug", "check_access", self._inner.check_access)

    def get_file(self, file_id: str) -> RemoteFile | None:
        return self._call("debug", f"get_file {file_id}", lambda: self._inner.get_file(file_id))

    def get_job(self, job_id: str) -> RemoteJob | None:
        return self._call("debug", f"get_job {job_id}", lambda: self._inner.get_job(job_id))

    def get_model(self, model_id: str) -> RemoteModel | None:
        return self._call("debug", f"get_model {model_id}", lambda: self._inner.get_model(model_id))

    def find_file(self, sha256: str, bytes: int) -> RemoteFile | None:
        return self._call("debug", f"find_file {sha256[:12]}", lambda: self._inner.find_file(sha256, bytes))

    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        return self._call("debug", f"find_jobs {' '.join(sorted(marks))}", lambda: self._inner.find_jobs(marks))

    def put_file(self, request: UploadRequest, progress: Callable[[int], None]) -> RemoteFile:
        return self._call("info", f"put_file {request.filename}", lambda: self._inner.put_file(request, progress))

    def start_job(self, request: JobRequest) -> RemoteJob:
        return self._call("info", f"start_job on {request.base_model}", lambda: self._inner.start_job(request))

    def cancel_job(self, job_id: str) -> RemoteJob | None:
        return self._call("info", f"cancel_job {job_id}", lambda: self._inner.cancel_job(job_id))

    def delete_file(self, file_id: str) -> bool:
        return self._call("info", f"delete_file {file_id}", lambda: self._inner.delete_file(file_id))

    def delete_model(self, model_id: str) -> bool:
        return self._call("info", f"delete_model {model_id}", lambda: self._inner.delete_model(model_id))

    def _call(self, level: str, what: str, call: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            answer = call()
        except FtplanError as error:
            told = "; ".join(f"{problem.summary}: {problem.detail}" for problem in error.problems)
            self._log.write("warn", f"{self.name}: {what} failed after {self._since(begun)}: {told}")
            raise
        self._log.write(level, f"{self.name}: {what} took {self._since(begun)}: {_told(answer)}")
        return answer

    @staticmethod
    def _since(begun: float) -> str:
        return f"{(time.monotonic() - begun) * 1000:.0f} ms"


class _LoggedProgress(LoggedProvider):
    def progress(self, job_id: str) -> JobProgress | None:
        inner = cast(HasProgress, self._inner)
        return self._call("trace", f"progress {job_id}", lambda: inner.progress(job_id))


class _LoggedEvents(LoggedProvider):
    def events(self, job_id: str, after: str | None = None) -> Sequence[JobEvent] | None:
        inner = cast(HasEvents, self._inner)
        return self._call("debug", f"events {job_id} after {after}", lambda: inner.events(job_id, after))


class _LoggedMetrics(LoggedProvider):
    def metrics(self, job_id: str) -> RawMetrics | None:
        inner = cast(HasMetrics, self._inner)
        return self._call("debug", f"metrics {job_id}", lambda: inner.metrics(job_id))


class _LoggedCheckpoints(LoggedProvider):
    def checkpoints(self, job_id: str) -> Sequence[Checkpoint] | None:
        inner = cast(HasCheckpoints, self._inner)
        return self._call("debug", f"checkpoints {job_id}", lambda: inner.checkpoints(job_id))


class _LoggedAnswers(LoggedProvider):
    def answer(self, question: Question) -> Answer:
        inner = cast(Answers, self._inner)
        return self._call("debug", f"answer {question.model}", lambda: inner.answer(question))


class _LoggedPause(LoggedProvider):
    def pause_job(self, job_id: str) -> RemoteJob | None:
        inner = cast(HasPause, self._inner)
        return self._call("info", f"pause_job {job_id}", lambda: inner.pause_job(job_id))

    def resume_job(self, job_id: str) -> RemoteJob | None:
        inner = cast(HasPause, self._inner)
        return self._call("info", f"resume_job {job_id}", lambda: inner.resume_job(job_id))


class _LoggedListing(LoggedProvider):
    def list_jobs(self, since: int) -> Sequence[RemoteJob]:
        inner = cast(ListsJobs, self._inner)
        return self._call("debug", f"list_jobs since {since}", lambda: inner.list_jobs(since))


def _told(answer: object) -> str:
    if isinstance(answer, Answer):
        # Never its text: a prompt may hold what its owner shows to nobody but the model.
        return f"{answer.finish_reason or 'answered'}, {answer.prompt_tokens} + {answer.completion_tokens} tokens"
    if isinstance(answer, RawMetrics):
        parts = {"results file": answer.results, "checkpoints": answer.checkpoints, "events": answer.events}
        return ", ".join(f"{len(said.columns)} columns in the {name}" for name, said in parts.items())
    if isinstance(answer, (RemoteFile, RemoteJob, RemoteModel)):
        return f"{answer.id} {answer.status}" if isinstance(answer, RemoteJob) else answer.id
    return f"{len(answer)} found" if isinstance(answer, (tuple, list)) else str(answer)
