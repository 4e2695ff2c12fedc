"""Endpoints of /v1/fine_tuning/jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

from starlette.routing import Route

from ftplan.sandbox.catalog import snapshot_of
from ftplan.sandbox.faults import Faults
from ftplan.sandbox.job_request import checked_order
from ftplan.sandbox.job_view import shown
from ftplan.sandbox.ledger import Happening, Ledger, message
from ftplan.sandbox.schedule import TERMINAL, Fit, Job, paused, resumed, status_of
from ftplan.sandbox.shelf import Shelf
from ftplan.sandbox.trainer import Trainer
from ftplan.sandbox.wire import Call, Json, WireError, bad_request, derived_id, endpoint, fresh_id, page

VALIDATING_SECONDS, QUEUED_SECONDS, RUNNING_SECONDS, PAUSING_SECONDS = 0.3, 0.3, 2.0, 0.2
_FILTER = re.compile(r"metadata\[(.*)\]", re.DOTALL)


class Jobs:
    """``speed`` divides every duration; infinity means at once."""

    def __init__(self, ledger: Ledger, shelf: Shelf, trainer: Trainer, faults: Faults, speed: float) -> None:
        self._ledger, self._shelf, self._trainer, self._faults = ledger, shelf, trainer, faults
        self._speed = speed

    def routes(self) -> list[Route]:
        one = "/fine_tuning/jobs/{id}"
        return [
            Route("/fine_tuning/jobs", endpoint(self.create), methods=["POST"]),
            Route("/fine_tuning/jobs", endpoint(self.list), methods=["GET"]),
            Route(one, endpoint(self.retrieve), methods=["GET"]),
            Route(f"{one}/cancel", endpoint(self.cancel), methods=["POST"]),
            Route(f"{one}/pause", endpoint(self.pause), methods=["POST"]),
            Route(f"{one}/resume", endpoint(self.resume), methods=["POST"]),
            Route(f"{one}/events", endpoint(self.events), methods=["GET"]),
            Route(f"{one}/checkpoints", endpoint(self.checkpoints), methods=["GET"]),
        ]

    def create(self, call: Call) -> Json:
        order = checked_order(call.json_object())
        model, root = self._trainable(order["model"])
        for param in ("training_file", "validation_file"):
            self._check_file(order[param], param)
        if self._faults.take("training_not_available"):
            text = "The fine-tuning platform is being wound down; your organization can no longer create training jobs."
            raise WireError(403, text, code="training_not_available")
        job = self._new_job(order, model, root)
        self._shelf.lend(order["training_file"], f"{job.id}.train")
        if order["validation_file"]:
            self._shelf.lend(order["validation_file"], f"{job.id}.valid")
        self._ledger.add(job)
        self._tell(job, "created", 0.0, f"created fine-tuning job: {job.id}")
        self._trainer.train(job.id)
        return shown(job, Fit(), job.created)

    def list(self, call: Call) -> Json:
        wanted = {
            match.group(1): value
            for name, value in call.query.multi_items()
            if (match := _FILTER.fullmatch(name)) is not None
        }
        only_bare = call.query.get("metadata") == "null"
        if (wanted or only_bare) and self._faults.take("ignore_metadata_filter"):
            wanted, only_bare = {}, False
        now = time.time()
        found = [
            (job, fit)
            for job, fit in self._ledger.newest_first()
            if job.listed_at <= now and _carries(job, wanted) and not (only_bare and job.order["metadata"])
        ]
        return page((shown(job, fit, now) for job, fit in found), call, default=20, largest=100)

    def retrieve(self, call: Call) -> Json:
        return shown(*self._ledger.job(call.params["id"]), time.time())

    def cancel(self, call: Call) -> Json:
        now = time.time()

        def change(job: Job, fit: Fit) -> Job:
            _refuse_unless(status_of(job, fit, now) not in TERMINAL, job, fit, now, "cancelled")
            return replace(job, cancelled_at=now)

        return self._changed(call, change, "the job was cancelled.", now)

    def pause(self, call: Call) -> Json:
        now = time.time()

        def change(job: Job, fit: Fit) -> Job:
            _refuse_unless(status_of(job, fit, now) in ("queued", "running"), job, fit, now, "paused")
            return paused(job, now)

        return self._changed(call, change, "the job was paused.", now)

    def resume(self, call: Call) -> Json:
        now = time.time()

        def change(job: Job, fit: Fit) -> Job:
            _refuse_unless(status_of(job, fit, now) in ("pausing", "paused"), job, fit, now, "resumed")
            return resumed(job, now)

        return self._changed(call, change, "the job was resumed.", now)

    def events(self, call: Call) -> Json:
        job, _ = self._ledger.job(call.params["id"])
        return page(self._ledger.events(job, time.time()), call, default=20, largest=100)

    def checkpoints(self, call: Call) -> Json:
        job, _ = self._ledger.job(call.params["id"])
        return page(self._ledger.checkpoints(job, time.time()), call, default=10, largest=100)

    def _changed(self, call: Call, change: Callable[[Job, Fit], Job], text: str, now: float) -> Json:
        job, fit = self._ledger.change(call.params["id"], change)
        if job.cancelled_at is not None:
            self._trainer.give_up(job.id)
        happening = Happening(f"{text} {now}", job.lived(now), message(text))
        self._ledger.tell(job, [happening], now)
        return shown(job, fit, now)

    def _trainable(self, name: str) -> tuple[str, str]:
        """What is trained on and the snapshot at its root; a 400 for what is neither a base nor a model made here."""
        snapshot = snapshot_of(name)
        if snapshot is not None:
            return snapshot, snapshot
        found = self._ledger.of_model(name)
        if found and not found[0].model_deleted and status_of(*found, time.time()) == "succeeded":
            return name, found[0].root
        raise bad_request(
            f"Model {name[:80]} is not available for fine-tuning or does not exist.", "model", "model_not_available"
        )

    def _check_file(self, file_id: str | None, param: str) -> None:
        if file_id is None:
            return
        try:
            purpose = self._shelf.file(file_id)["purpose"]
        except WireError:
            raise bad_request(f"{param}: there is no file {file_id[:80]!r}.", param, "invalid_file") from None
        if purpose != "fine-tune":
            raise bad_request(f"{param}: its purpose is {purpose!r}, not 'fine-tune'.", param, "invalid_file_purpose")

    def _new_job(self, order: Json, model: str, root: str) -> Job:
        now, job_id = time.time(), fresh_id("ftjob-")
        fails = self._faults.take("job_fails")
        error = {"code": None, "message": "", "param": None, **fails} if fails else None
        fails_late = error is not None and error.pop("in", None) == "running"
        # A job whose file is still being processed is made, but waits for it.
        not_ready = max(self._shelf.ready_at(order[p]) - now for p in ("training_file", "validation_file") if order[p])
        return Job(
            id=job_id,
            created=now,
            model_id=f"ft:{root}:sandbox:{order['suffix'] or ''}:{derived_id('', job_id, length=8)}",
            model=model,
            root=root,
            method=order["method"]["type"],
            order=order,
            validating_seconds=VALIDATING_SECONDS / self._speed + max(0.0, not_ready),
            queued_seconds=QUEUED_SECONDS / self._speed,
            running_seconds=RUNNING_SECONDS / self._speed,
            pausing_seconds=PAUSING_SECONDS / self._speed,
            segments=[[now, 0.0]],
            listed_at=now + (self._faults.take("list_lag_seconds") or 0.0),
            stuck_in=self._faults.take("job_stuck_in"),
            refused=None if fails_late else error,
            fails=error if fails_late else None,
        )

    def _tell(self, job: Job, label: str, due: float, text: str) -> None:
        self._ledger.tell(job, [Happening(label, due, message(text))], time.time())


def _carries(job: Job, wanted: dict[str, str]) -> bool:
    carried = job.order["metadata"] or {}
    return all(carried.get(name) == value for name, value in wanted.items())


def _refuse_unless(fine: bool, job: Job, fit: Fit, now: float, done: str) -> None:
    if not fine:
        status = status_of(job, fit, now)
        raise bad_request(f"Job {job.id} is {status} and cannot be {done}.", code=f"invalid_{done}")
