"""OpenAI's fine-tuning, and everything that speaks its wire: the sandbox, regional hosts, compatible services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from ftplan.core.catalog import Catalog
from ftplan.core.checkpoints import Checkpoint
from ftplan.core.comparing.questions import Answer, Question
from ftplan.core.desired import DesiredModel
from ftplan.core.facts import JobEvent, JobProgress, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.metrics import RawMetrics
from ftplan.core.ports import Capabilities, JobRequest, UploadRequest
from ftplan.core.recipe import carries
from ftplan.errors import Problem, Rejected
from ftplan.providers.catalog import Limits, load_limits
from ftplan.providers.connection import Connection
from ftplan.providers.openai_answers import body_of, is_deleted, pages, rows_of, unless_gone
from ftplan.providers.openai_chat import answer
from ftplan.providers.openai_clients import Clients, Patience
from ftplan.providers.openai_errors import Translator
from ftplan.providers.openai_results import Results
from ftplan.providers.openai_rules import problems_of
from ftplan.providers.openai_uploads import PURPOSE, Uploads
from ftplan.providers.openai_wire import (
    checked_id,
    event_from_wire,
    file_from_wire,
    job_from_wire,
    job_to_wire,
    model_from_wire,
    progress_from_wire,
)

FILES_PER_PAGE = 10_000
JOBS_PER_PAGE = 100
EVENTS_PER_PAGE = 50


class OpenAIProvider:
    """A `Provider` that also tells how far a job is (`HasProgress`), what happened to it (`HasEvents`), what was
    measured meanwhile (`HasMetrics`), halts it for a while (`HasPause`), keeps checkpoints (`HasCheckpoints`), shows
    every job (`ListsJobs`) and asks models (`Answers`). `limits` and `patience` are for tests."""

    def __init__(
        self,
        connection: Connection,
        catalog: Catalog,
        *,
        limits: Limits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._limits = limits or load_limits(connection.type)
        self._clients = Clients(connection, patience or Patience(write_seconds=connection.call_seconds))
        self._translate = Translator(connection, catalog)
        self._files_seen: Sequence[RemoteFile] | None = None
        self._has_written_files = False

    @property
    def name(self) -> str:
        return self._connection.name

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    def capabilities(self) -> Capabilities:
        return Capabilities(searches_jobs=self._keeps_metadata())

    def validate(self, model: DesiredModel) -> Sequence[Problem]:
        host = urlsplit(self._connection.base_url or "").hostname
        is_own_host = self._catalog.rehearsal or host is None or host in self._catalog.hosts
        return problems_of(model, self._catalog, self._limits, is_own_host=is_own_host)

    def check_access(self) -> None:
        with self._translate.reading("say whether the key is good"):
            rows_of(body_of(self._clients.reads.files.with_raw_response.list(limit=1, purpose=PURPOSE)))

    def get_file(self, file_id: str) -> RemoteFile | None:
        with self._translate.reading(f"show the file {file_id}"):
            id = checked_id(file_id)
            body = unless_gone(lambda: self._clients.reads.files.with_raw_response.retrieve(id))
            return file_from_wire(body) if body is not None else None

    def get_job(self, job_id: str) -> RemoteJob | None:
        with self._translate.reading(f"show the job {job_id}"):
            id = checked_id(job_id)
            body = unless_gone(lambda: self._clients.reads.fine_tuning.jobs.with_raw_response.retrieve(id))
            return self._job(body) if body is not None else None

    def get_model(self, model_id: str) -> RemoteModel | None:
        with self._translate.reading(f"show the model {model_id}"):
            id = checked_id(model_id)
            body = unless_gone(lambda: self._clients.reads.models.with_raw_response.retrieve(id))
            return model_from_wire(body) if body is not None else None

    def find_file(self, sha256: str, bytes: int) -> RemoteFile | None:
        # One listing serves a whole plan. Once a file was sent every search asks anew: it may be looking for a file
        # whose upload was answered by silence.
        if self._files_seen is None or self._has_written_files:
            self._files_seen = self._list_files()
        usable = (file for file in self._files_seen if file.bytes == bytes and file.ready is not False)
        fits = (file for file in usable if carries(file.filename, sha256))
        return min(fits, key=lambda file: (file.created_at, file.id), default=None)

    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        found = self._list_jobs("search its jobs", metadata=dict(marks))
        return tuple(job for job in found if marks.items() <= job.metadata.items())

    def list_jobs(self, since: int) -> Sequence[RemoteJob]:
        # Not every service lists the newest first, so no page may be left out.
        return tuple(job for job in self._list_jobs("list its jobs") if job.created_at >= since)

    def progress(self, job_id: str) -> JobProgress | None:
        with self._translate.reading(f"show the events of the job {job_id}"):
            id, jobs = checked_id(job_id), self._clients.reads.fine_tuning.jobs.with_raw_response
            body = unless_gone(lambda: jobs.list_events(id, limit=EVENTS_PER_PAGE))
            return progress_from_wire(rows_of(body)) if body is not None else None

    def events(self, job_id: str, after: str | None = None) -> Sequence[JobEvent] | None:
        with self._translate.reading(f"show the events of the job {job_id}"):
            id, jobs = checked_id(job_id), self._clients.reads.fine_tuning.jobs.with_raw_response
            if unless_gone(lambda: jobs.retrieve(id)) is None:
                return None
            rows = pages(lambda page: jobs.list_events(id, limit=EVENTS_PER_PAGE, **page))
            # Newest first: nothing behind the one that is known is asked for.
            newest = takewhile(lambda event: event.id != after, map(event_from_wire, rows))
            oldest = list({event.id: event for event in newest}.values())[::-1]
            # The sort is stable, so that events of one second keep the order they were told in.
            return sorted(oldest, key=lambda event: event.created_at)

    def metrics(self, job_id: str) -> RawMetrics | None:
        return Results(self._clients, self._translate).of(job_id)

    def answer(self, question: Question) -> Answer:
        return answer(self._clients, self._translate, question)

    def checkpoints(self, job_id: str) -> Sequence[Checkpoint] | None:
        return Results(self._clients, self._translate).checkpoints(job_id)

    def put_file(self, request: UploadRequest, progress: Callable[[int], None]) -> RemoteFile:
        self._has_written_files = True
        with self._translate.writing(f"take the file {request.filename}"):
            client = self._clients.uploads
        return Uploads(client, self._translate, self._limits).send(request, progress)

    def start_job(self, request: JobRequest) -> RemoteJob:
        with self._translate.writing(f"start a job on {request.base_model}"):
            order = job_to_wire(request if self._keeps_metadata() else replace(request, metadata={}))
            # One POST. The writing client never repeats: see openai_clients.
            return self._job(body_of(self._clients.writes.fine_tuning.jobs.with_raw_response.create(**order)))

    def cancel_job(self, job_id: str) -> RemoteJob | None:
        try:
            with self._translate.writing(f"cancel the job {job_id}"):
                id = checked_id(job_id)
                body = unless_gone(lambda: self._clients.writes.fine_tuning.jobs.with_raw_response.cancel(id))
                return self._job(body) if body is not None else None
        except Rejected:
            # A job that came to its end by itself is refused, and is as over as one could wish.
            job = self.get_job(job_id)
            if job is not None and job.phase.settled:
                return job
            raise

    def pause_job(self, job_id: str) -> RemoteJob | None:
        with self._translate.writing(f"pause the job {job_id}"):
            id = checked_id(job_id)
            body = unless_gone(lambda: self._clients.writes.fine_tuning.jobs.with_raw_response.pause(id))
            return self._job(body) if body is not None else None

    def resume_job(self, job_id: str) -> RemoteJob | None:
        with self._translate.writing(f"resume the job {job_id}"):
            id = checked_id(job_id)
            body = unless_gone(lambda: self._clients.writes.fine_tuning.jobs.with_raw_response.resume(id))
            return self._job(body) if body is not None else None

    def delete_file(self, file_id: str) -> bool:
        self._has_written_files = True
        with self._translate.writing(f"delete the file {file_id}"):
            id = checked_id(file_id)
            return is_deleted(unless_gone(lambda: self._clients.writes.files.with_raw_response.delete(id)))

    def delete_model(self, model_id: str) -> bool:
        with self._translate.writing(f"delete the model {model_id}"):
            id = checked_id(model_id)
            return is_deleted(unless_gone(lambda: self._clients.writes.models.with_raw_response.delete(id)))

    def _keeps_metadata(self) -> bool:
        return self._limits.metadata_pairs > 0

    def _list_jobs(self, what: str, **filters: Any) -> Sequence[RemoteJob]:
        """The jobs of every page, oldest first."""
        with self._translate.reading(what):
            jobs = self._clients.reads.fine_tuning.jobs.with_raw_response
            ask = {"limit": JOBS_PER_PAGE, **filters}
            found = [self._job(row) for row in pages(lambda after: jobs.list(**ask, **after))]
        return sorted(found, key=lambda job: (job.created_at, job.id))

    def _job(self, body: Mapping[str, Any]) -> RemoteJob:
        """The job in `body`. What it says of its failure is kept in the state, so it is cleaned like any message."""
        job = job_from_wire(body)
        code, message = (self._translate.clean(text) if text else None for text in (job.error_code, job.error_message))
        return replace(job, error_code=code, error_message=message)

    def _list_files(self) -> Sequence[RemoteFile]:
        with self._translate.reading("list its files"):
            files = self._clients.reads.files.with_raw_response
            ask: dict[str, Any] = {"purpose": PURPOSE, "limit": FILES_PER_PAGE, "order": "asc"}
            return tuple(file_from_wire(row) for row in pages(lambda after: files.list(**ask, **after)))
