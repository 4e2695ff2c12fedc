"""Endpoints of /v1/models, and which model a name stands for."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from starlette.routing import Route

from ftplan.sandbox.catalog import ALIASES, ORGANIZATION, SHUTDOWN_DATES, snapshot_of
from ftplan.sandbox.ledger import Ledger
from ftplan.sandbox.schedule import Fit, Job, status_of
from ftplan.sandbox.wire import Call, Json, WireError, endpoint, not_found

_CHECKPOINT = re.compile(r"(ft:.+):ckpt-step-(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A model that answers: its full name, and the job it came from (None for a base)."""

    name: str
    job: Job | None


class Models:
    """The bases, and every tuned model of the store that is finished and not deleted."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def routes(self) -> list[Route]:
        one = "/models/{model:path}"
        return [
            Route("/models", endpoint(self.list), methods=["GET"]),
            Route(one, endpoint(self.retrieve), methods=["GET"]),
            Route(one, endpoint(self.delete), methods=["DELETE"]),
        ]

    def find(self, name: str) -> Found:
        """Raises a 404 with the code model_not_found when nothing answers to the name."""
        snapshot = snapshot_of(name)
        if snapshot is not None:
            return Found(snapshot, None)
        checkpoint = _CHECKPOINT.fullmatch(name)
        found = self._ledger.of_model(checkpoint.group(1) if checkpoint else name)
        if found is not None and _is_there(*found):
            job, now = found[0], time.time()
            kept = {one["fine_tuned_model_checkpoint"] for one in self._ledger.checkpoints(job, now)}
            if not checkpoint or name in kept:
                return Found(name, job)
        raise not_found(
            f"The model {name[:100]!r} does not exist or you do not have access to it.", "model", "model_not_found"
        )

    def list(self, call: Call) -> Json:
        tuned = [_shown(job.model_id, job) for job, fit in self._ledger.newest_first() if _is_there(job, fit)]
        bases = [_shown(name, None) for name in (*SHUTDOWN_DATES, *ALIASES)]
        return {"object": "list", "data": [*bases, *tuned]}

    def retrieve(self, call: Call) -> Json:
        name = call.params["model"]
        return _shown(name, self.find(name).job)

    def delete(self, call: Call) -> Json:
        name = call.params["model"]
        job = self.find(name).job
        if job is None or name != job.model_id:
            raise WireError(403, f"{name} is not a model of yours to delete.", param="model")
        self._ledger.change(job.id, lambda job, fit: replace(job, model_deleted=True))
        return {"id": name, "object": "model", "deleted": True}


def _is_there(job: Job, fit: Fit) -> bool:
    return not job.model_deleted and status_of(job, fit, time.time()) == "succeeded"


def _shown(name: str, job: Job | None) -> Json:
    root = job.root if job else snapshot_of(name) or name
    return {
        "id": name,
        "object": "model",
        "created": int(job.created) if job else 1_744_588_800,
        "owned_by": ORGANIZATION if job else "system",
        # A tuned model goes dark with its base.
        "shutdown_date": SHUTDOWN_DATES[root],
    }
