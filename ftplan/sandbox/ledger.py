"""Jobs as rows: their orders, their fits, their events and checkpoints. All SQL about jobs is here.

Orders are written by requests and fits by the trainer, in tables of their own, so neither overwrites the other.
Ids of what the trainer writes are derived from the job, so a fit taken up again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ftplan.sandbox.schedule import Fit, Job, fit_from, job_from
from ftplan.sandbox.store import Store
from ftplan.sandbox.wire import Json, derived_id, not_found

_KEPT_CHECKPOINTS = 3
_BATCH = 200
_JOINED = "SELECT jobs.doc, fits.doc FROM jobs LEFT JOIN fits ON fits.job_id = jobs.id "


@dataclass(frozen=True, slots=True)
class Happening:
    """An event or a checkpoint: when in the job's life it is due, and what is told of it."""

    label: str  # unique within the job
    due: float
    doc: Json
    step: int = 0


class Ledger:
    """Every job of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, job: Job) -> None:
        with self._store.writing() as db:
            row = (job.id, job.model_id, job.dumped())
            db.execute("INSERT INTO jobs (id, model_id, doc) VALUES (?, ?, ?)", row)

    def job(self, job_id: str) -> tuple[Job, Fit]:
        """Raises a 404 when there is none."""
        found = self._select("WHERE jobs.id = ?", job_id)
        if not found:
            raise not_found(f"Could not find fine tune: {job_id[:80]}", "fine_tuning_job_id", "fine_tune_not_found")
        return found[0]

    def of_model(self, model_id: str) -> tuple[Job, Fit] | None:
        found = self._select("WHERE jobs.model_id = ?", model_id)
        return found[0] if found else None

    def newest_first(self) -> list[tuple[Job, Fit]]:
        return self._select("ORDER BY jobs.seq DESC")

    def change(self, job_id: str, change: Callable[[Job, Fit], Job]) -> tuple[Job, Fit]:
        """The job after ``change``, which sees it as nobody else can change it meanwhile."""
        with self._store.writing() as db:
            job, fit = self.job(job_id)
            job = change(job, fit)
            db.execute("UPDATE jobs SET doc = ? WHERE id = ?", (job.dumped(), job_id))
        return job, fit

    def save_fit(self, job_id: str, fit: Fit) -> None:
        """Keeps how far the training got; what is over stays as it is (another process may have been faster)."""
        with self._store.writing() as db:
            kept = db.execute("SELECT doc FROM fits WHERE job_id = ?", (job_id,)).fetchone()
            if kept is None or not fit_from(kept[0]).is_over:
                db.execute("INSERT OR REPLACE INTO fits (job_id, doc) VALUES (?, ?)", (job_id, fit.dumped()))

    def tell(self, job: Job, events: Sequence[Happening], stored: float) -> None:
        rows = [
            (derived_id("ftevent-", job.id, event.label), job.id, event.due, stored, json.dumps(event.doc))
            for event in events
        ]
        with self._store.writing() as db:
            db.executemany("INSERT OR IGNORE INTO events (id, job_id, due, stored, doc) VALUES (?, ?, ?, ?, ?)", rows)

    def keep_checkpoint(self, job: Job, checkpoint: Happening, stored: float) -> None:
        row = (
            derived_id("ftckpt_", job.id, checkpoint.label),
            job.id,
            checkpoint.step,
            checkpoint.due,
            stored,
            json.dumps(checkpoint.doc),
        )
        with self._store.writing() as db:
            db.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)", row)

    def events(self, job: Job, now: float) -> Iterator[Json]:
        """What has happened so far, newest first, read as far as it is asked for."""
        query = (
            "SELECT id, due, stored, doc FROM events WHERE job_id = ? AND due <= ? "
            "AND stored <= ? ORDER BY due DESC, seq DESC LIMIT ? OFFSET ?"
        )
        skipped, last = 0, now if job.cancelled_at is None else job.cancelled_at
        while True:
            with self._store.reading() as db:
                rows = db.execute(query, (job.id, job.lived(now), last, _BATCH, skipped)).fetchall()
            for event_id, due, stored, doc in rows:
                yield {
                    "object": "fine_tuning.job.event",
                    "id": event_id,
                    "created_at": int(max(job.wall(due), stored)),
                    **json.loads(doc),
                }
            if len(rows) < _BATCH:
                return
            skipped += _BATCH

    def checkpoints(self, job: Job, now: float) -> list[Json]:
        """The last three so far, newest first."""
        query = (
            "SELECT id, due, stored, step, doc FROM checkpoints WHERE job_id = ? AND due <= ? "
            "AND stored <= ? ORDER BY step DESC LIMIT ?"
        )
        last = now if job.cancelled_at is None else job.cancelled_at
        with self._store.reading() as db:
            rows = db.execute(query, (job.id, job.lived(now), last, _KEPT_CHECKPOINTS)).fetchall()
        return [
            {
                "object": "fine_tuning.job.checkpoint",
                "id": checkpoint_id,
                "created_at": int(max(job.wall(due), stored)),
                "fine_tuned_model_checkpoint": f"{job.model_id}:ckpt-step-{step}",
                "fine_tuning_job_id": job.id,
                "step_number": step,
                "metrics": json.loads(doc),
            }
            for checkpoint_id, due, stored, step, doc in rows
        ]

    def _select(self, tail: str, *values: Any) -> list[tuple[Job, Fit]]:
        with self._store.reading() as db:
            rows = db.execute(_JOINED + tail, values).fetchall()
        return [(job_from(job), fit_from(fit)) for job, fit in rows]


def message(text: str, level: str = "info") -> Json:
    """The body of a plain event. Every one says that it is a rehearsal."""
    return {"level": level, "type": "message", "message": f"Rehearsal: {text}", "data": {}}
