"""What OpenAI's wire tells of a training: the results file, the checkpoints and the events of its job.

Shapes: https://developers.openai.com/api/reference/resources/fine_tuning (checkpoints, events) and .../resources/files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ftplan.core.checkpoints import Checkpoint
from ftplan.core.metrics import Measured, Point, RawMetrics, measured
from ftplan.errors import ProviderError
from ftplan.providers.openai_answers import pages, unless_gone
from ftplan.providers.openai_clients import Clients
from ftplan.providers.openai_errors import Translator
from ftplan.providers.openai_failures import says_gone
from ftplan.providers.openai_wire import checked_id, job_from_wire
from ftplan.providers.results_file import read_results

ROWS_PER_PAGE = 100
MOST_ROWS = 20_000
"""More events than these are not asked for: the results file says the same in one answer."""
_CHUNK_BYTES = 64 * 1024
_NO_COLUMNS = ("step", "total_steps")


@dataclass(slots=True)
class _Told:
    """What is to be said beside the figures of one job."""

    remarks: list[str] = field(default_factory=list)
    unheard: bool = False


class Results:
    """What was measured of a job, read from all places where the service keeps it."""

    def __init__(self, clients: Clients, translate: Translator) -> None:
        self._clients = clients
        self._translate = translate

    def of(self, job_id: str) -> RawMetrics | None:
        """As `HasMetrics.metrics`. A place that cannot be read is a remark; that the job cannot be read raises."""
        with self._translate.reading(f"show the job {job_id}"):
            id, jobs = checked_id(job_id), self._jobs
            body = unless_gone(lambda: jobs.retrieve(id))
            job = job_from_wire(body) if body is not None else None
        if job is None:
            return None
        told = _Told()
        results = Measured()
        if job.result_files:
            file_id = job.result_files[0]
            results = self._told_in(told, f"results file {file_id}", lambda: self._file(file_id, told))
        checkpoints = self._told_in(told, f"checkpoints of the job {id}", lambda: self._checkpoints(id))
        events = self._told_in(told, f"events of the job {id}", lambda: self._events(id))
        remarks = tuple(map(self._translate.clean, told.remarks))
        return RawMetrics(results, checkpoints, events, job.phase.settled, told.unheard, remarks)

    @property
    def _jobs(self) -> Any:
        return self._clients.reads.fine_tuning.jobs.with_raw_response

    def _told_in(self, told: _Told, what: str, read: Callable[[], Measured]) -> Measured:
        """What `read` gives, and nothing where it fails, which is noted."""
        try:
            with self._translate.reading(f"show the {what}"):
                return read()
        except ProviderError as error:
            told.unheard = True
            told.remarks += [problem.detail or problem.summary for problem in error.problems]
            return Measured()

    def checkpoints(self, job_id: str) -> tuple[Checkpoint, ...] | None:
        """Every checkpoint that is kept of the job, by its step; None where there is no such job."""
        with self._translate.reading(f"show the checkpoints of the job {job_id}"):
            id = checked_id(job_id)
            if unless_gone(lambda: self._jobs.retrieve(id)) is None:
                return None
            checkpoints = self._clients.reads.fine_tuning.jobs.checkpoints.with_raw_response
            rows = _all(lambda page: checkpoints.list(id, limit=ROWS_PER_PAGE, **page))
        found = [one for one in map(_checkpoint, rows) if one is not None]
        return tuple(sorted(found, key=lambda one: one.step))

    def _checkpoints(self, id: str) -> Measured:
        checkpoints = self._clients.reads.fine_tuning.jobs.checkpoints.with_raw_response
        return measured(_checkpoint_points(_all(lambda page: checkpoints.list(id, limit=ROWS_PER_PAGE, **page))))

    def _events(self, id: str) -> Measured:
        rows = _all(lambda page: self._jobs.list_events(id, limit=ROWS_PER_PAGE, **page))
        # Newest first; what was said last of a step counts.
        return measured(_event_points(rows[::-1]))

    def _file(self, file_id: str, told: _Told) -> Measured:
        """The figures of the results file, read as they come."""
        id = checked_id(file_id)
        try:
            with self._clients.reads.files.with_streaming_response.content(id) as answer:
                found, wrong = read_results(answer.iter_bytes(_CHUNK_BYTES))
        except Exception as error:
            if not says_gone(error):
                raise
            told.remarks.append(f"The results file {id} is not there any more.")
            return Measured()
        told.remarks += [f"The results file {id} is not as it should be: {why}." for why in wrong]
        return found


def _all(ask: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """The rows of every page, as far as they are asked for; none where the service knows no such list."""
    try:
        return list(islice(pages(ask), MOST_ROWS))
    except Exception as error:
        if not says_gone(error):
            raise
        return []


def _checkpoint(row: Any) -> Checkpoint | None:
    """One checkpoint; None for what is none that could be used."""
    step, model_id = _table(row).get("step_number"), _table(row).get("fine_tuned_model_checkpoint")
    if not isinstance(step, int) or isinstance(step, bool) or not isinstance(model_id, str) or not model_id:
        return None
    read = measured(_checkpoint_points([row]))
    return Checkpoint(step, model_id, {name: series[step] for name, series in read.columns.items() if step in series})


def _checkpoint_points(rows: Iterable[Any]) -> Iterator[Point]:
    for row in map(_table, rows):
        metrics = _table(row.get("metrics"))
        step = row.get("step_number", metrics.get("step"))
        yield from ((step, name, value) for name, value in metrics.items() if name not in _NO_COLUMNS)


def _event_points(rows: Iterable[Any]) -> Iterator[Point]:
    for row in map(_table, rows):
        data = _table(row.get("data"))
        yield from ((data.get("step"), name, value) for name, value in data.items() if name not in _NO_COLUMNS)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
