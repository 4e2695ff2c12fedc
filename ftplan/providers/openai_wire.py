"""The wire's objects and ours: pure translation, no network, no SDK. What comes in was written by somebody else, so
every field may be missing, null, or of another type.

Shapes: https://developers.openai.com/api/reference/resources/fine_tuning and .../resources/files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ftplan.core.facts import JobEvent, JobProgress, Phase, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.ports import JobRequest

PHASES: Mapping[str, Phase] = {
    "validating_files": Phase.VALIDATING,
    "queued": Phase.QUEUED,
    "pending": Phase.QUEUED,
    "running": Phase.RUNNING,
    "pausing": Phase.PAUSED,
    "paused": Phase.PAUSED,
    "succeeded": Phase.SUCCEEDED,
    "failed": Phase.FAILED,
    "cancelled": Phase.CANCELLED,
}
FILE_READY: Mapping[str, bool] = {"processed": True, "error": False, "deleted": False}
DETAIL_LIMIT = 300

_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,256}")


class BadId(ValueError):
    """An id that must not be put into a URL."""


def checked_id(id: str) -> str:
    """`id` when it may stand in a URL; an id of `../files/x` would ask about something else. Raises `BadId`."""
    if not isinstance(id, str) or not _ID.fullmatch(id) or ".." in id:
        raise BadId(f"{str(id)[:80]!r} is no id of this service")
    return id


def own_id(body: Mapping[str, Any]) -> str:
    """The id in an answer. A ValueError where it has none that could be used later."""
    try:
        return checked_id(body["id"])
    except (KeyError, TypeError, BadId):
        raise ValueError("an object without a usable id") from None


def job_from_wire(body: Mapping[str, Any]) -> RemoteJob:
    """The job in `body`. A status we do not know keeps its word and is `Phase.UNKNOWN`. Raises ValueError where there
    is no job in it."""
    status = _text(body.get("status"))
    error = _table(body.get("error"))  # null, {} and {"code": null, ...} all mean that there is none
    return RemoteJob(
        id=own_id(body),
        phase=PHASES.get(status, Phase.UNKNOWN),
        status=status,
        model=_text(body.get("model")),
        training_file=_text(body.get("training_file")),
        validation_file=_text(body.get("validation_file")) or None,
        fine_tuned_model=_text(body.get("fine_tuned_model")) or None,
        created_at=_whole(body.get("created_at")) or 0,
        finished_at=_whole(body.get("finished_at")),
        estimated_finish=_whole(body.get("estimated_finish")) or None,  # 0 has been seen for "not known"
        trained_tokens=_whole(body.get("trained_tokens")),
        error_code=_text(error.get("code")) or None,
        error_message=_text(error.get("message"))[:DETAIL_LIMIT] or None,
        seed=_whole(body.get("seed")),
        suffix=_text(body.get("user_provided_suffix")) or _text(body.get("suffix")) or None,
        metadata={str(key): _text(value) for key, value in _table(body.get("metadata")).items()},
        hyperparameters=_hyperparameters(body),
        result_files=tuple(name for name in map(_text, _rows(body.get("result_files"))) if name),
    )


def file_from_wire(body: Mapping[str, Any]) -> RemoteFile:
    """The file in `body`. Raises ValueError where there is no file in it."""
    status = _text(body.get("status"))
    ready = FILE_READY.get(status)
    detail = _text(body.get("status_details")) or f"status {status!r}"
    return RemoteFile(
        id=own_id(body),
        filename=_text(body.get("filename")),
        bytes=_whole(body.get("bytes")) or 0,
        ready=ready,
        created_at=_whole(body.get("created_at")) or 0,
        detail="" if ready else detail[:DETAIL_LIMIT],
    )


def model_from_wire(body: Mapping[str, Any]) -> RemoteModel:
    """The model in `body`; a shutdown date in another form than YYYY-MM-DD is no date."""
    try:
        shutdown = date.fromisoformat(_text(body.get("shutdown_date"))[:10])
    except ValueError:
        shutdown = None
    return RemoteModel(own_id(body), shutdown)


def progress_from_wire(events: Iterable[Mapping[str, Any]]) -> JobProgress | None:
    """How far a job is, from one page of its events in any order; None where there are none."""
    # Newest first. The sort is stable and most servers list that way, so events of one second keep their order.
    newest = sorted(events, key=lambda event: _whole(event.get("created_at")) or 0, reverse=True)
    if not newest:
        return None
    data: Mapping[str, Any] = next((data for data in (_table(e.get("data")) for e in newest) if "step" in data), {})
    return JobProgress(
        step=_whole(data.get("step")),
        total_steps=_whole(data.get("total_steps")),
        train_loss=_number(data.get("train_loss")),
        valid_loss=_number(data.get("valid_loss")),
        message=_text(newest[0].get("message"))[:DETAIL_LIMIT],
    )


def event_from_wire(body: Mapping[str, Any]) -> JobEvent:
    """The event in `body`. Figures are kept, and whatever else came with them is not."""
    data = {key: value for key, value in _table(body.get("data")).items() if isinstance(value, (int, float, str))}
    return JobEvent(
        own_id(body),
        _whole(body.get("created_at")) or 0,
        _text(body.get("message")),
        _text(body.get("level")) or "info",
        _text(body.get("type")) or "message",
        data,
    )


def job_to_wire(request: JobRequest) -> dict[str, Any]:
    """The body of the one paid call. What is not said stays out: an `auto` or a null is the service's own choice."""
    hyperparameters = {name: value for name, value in request.hyperparameters.items() if value not in ("auto", None)}
    if isinstance(request.n_epochs, int):
        hyperparameters["n_epochs"] = request.n_epochs
    settings: dict[str, Any] = {"hyperparameters": hyperparameters} if hyperparameters else {}
    if request.grader is not None:
        settings["grader"] = dict(request.grader)
    method: dict[str, Any] = {"type": request.method}
    if settings:
        method[request.method] = settings
    optional = {
        "validation_file": request.validation_file,
        "suffix": request.suffix,
        "seed": request.seed,
        "metadata": dict(request.metadata) or None,
        "integrations": [{"type": "wandb", "wandb": request.wandb.as_mapping()}] if request.wandb is not None else None,
    }
    body = {"model": request.base_model, "training_file": request.training_file, "method": method}
    return body | {name: value for name, value in optional.items() if value is not None}


def _hyperparameters(body: Mapping[str, Any]) -> dict[str, int | float | str]:
    """What the job is trained with: the deprecated place first, and the method's own over it."""
    method = _table(body.get("method"))
    settings = _table(method.get(_text(method.get("type"))))
    named = {**_table(body.get("hyperparameters")), **_table(settings.get("hyperparameters"))}
    return {key: value for key, value in named.items() if isinstance(value, (int, float, str))}


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
