"""The one thread that trains: jobs in the order they came, and on start-up those an earlier process left unfinished."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ftplan.sandbox.fitting import Fitting, Stopped
from ftplan.sandbox.ledger import Ledger
from ftplan.sandbox.schedule import Fit, Job


class Trainer:
    """Fits jobs in the background until it is closed."""

    def __init__(self, ledger: Ledger, fitting: Callable[[Callable[[], bool]], Fitting], log: Callable[[str], None]):
        self._ledger, self._log = ledger, log
        self._closing = threading.Event()
        self._given_up: set[str] = set()
        self._current: str | None = None
        self._fitting = fitting(lambda: self._closing.is_set() or self._current in self._given_up)
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sandbox-trainer", daemon=True)

    def start(self) -> None:
        for job, fit in reversed(self._ledger.newest_first()):
            if _is_unfinished(job, fit):
                self._waiting.put(job.id)
        self._thread.start()

    def train(self, job_id: str) -> None:
        self._waiting.put(job_id)

    def give_up(self, job_id: str) -> None:
        """Trains no more of a job that was cancelled."""
        self._given_up.add(job_id)

    def stop(self) -> None:
        """Ends within a step, in its own time; an unfinished job is left for the next start."""
        self._closing.set()
        self._waiting.put(None)

    def close(self) -> None:
        """Stops, and is gone when this returns."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while (job_id := self._waiting.get()) is not None and not self._closing.is_set():
            job, fit = self._ledger.job(job_id)
            if not _is_unfinished(job, fit):
                continue
            self._current = job_id
            try:
                self._fitting.run(job)
            except Stopped:
                self._log(f"training of {job_id} stopped")
            except Exception as error:  # the other jobs must still be trained; this one stays unfinished
                self._log(f"training of {job_id} broke off: {error!r}")


def _is_unfinished(job: Job, fit: Fit) -> bool:
    return job.cancelled_at is None and not fit.is_over
