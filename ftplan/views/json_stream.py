"""Events as a stream: one JSON object a line, in the manner of Terraform's machine-readable UI."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import assert_never

import ftplan
from ftplan.core.events import UNTOLD, Event, JobStarted
from ftplan.core.notices import (
    JobFollowed,
    QuestionsAnswered,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    Told,
    UploadProgress,
    Verb,
    Waiting,
)
from ftplan.core.plan import Mode
from ftplan.core.spec import Address
from ftplan.errors import Problem
from ftplan.views import progress_text as words
from ftplan.views.json_documents import diagnostic
from ftplan.views.json_text import json_text, plain
from ftplan.views.style import clean

UI_VERSION = "1.2"


def stream_line(kind: str, message: str, now: datetime, *, level: str = "info", **fields: Any) -> str:
    """One line of the stream, without its newline. `kind` becomes `type`."""
    head = {"@level": level, "@message": message, "@module": "ftplan", "@timestamp": _timestamp(now)}
    return json_text({**head, **fields, "type": kind}, indent=None)


def version_line(now: datetime) -> str:
    """The first line of every stream."""
    version = ftplan.__version__
    return stream_line("version", f"ftplan {version}", now, ftplan=version, ui=UI_VERSION)


def event_stream(event: Event, now: datetime) -> str | None:
    """`event` as one line; None for facts that only the state needs."""
    if isinstance(event, UNTOLD):
        return None
    match event:
        case StepStarted() | StepDone() | StepFailed() | StepSkipped():
            return _step_line(event, now)
        case UploadProgress() | JobFollowed() | JobStarted() | Waiting() | QuestionsAnswered():
            return _progress_line(event, now)
        case Told():
            return _told_line(event, now)
        case _:
            assert_never(event)


def _step_line(event: StepStarted | StepDone | StepFailed | StepSkipped, now: datetime) -> str:
    match event:
        case StepStarted():
            hook = _hook(event.address, event.verb)
            return stream_line("apply_start", words.started_line(event), now, hook=hook)
        case StepDone():
            return stream_line("apply_complete", words.done_line(event), now, hook=_done(event))
        case StepFailed():
            hook, told = _hook(event.address, event.verb), diagnostic(words.failed_problem(event))
            return stream_line(
                "apply_errored", words.failed_line(event), now, level="error", hook=hook, diagnostic=told
            )
        case StepSkipped():
            hook = {"resource": named_resource(event.address), "because": str(event.because)}
            return stream_line("apply_skipped", words.skipped_line(event), now, level="warn", hook=hook)
        case _:
            assert_never(event)


def _progress_line(
    event: UploadProgress | JobFollowed | JobStarted | Waiting | QuestionsAnswered, now: datetime
) -> str:
    match event:
        case QuestionsAnswered():
            hook = {**_hook(event.address, "Promoting"), "answers": event.done, "questions": event.total}
            return stream_line("apply_progress", words.answered_line(event), now, hook=hook)
        case UploadProgress():
            hook = {**_hook(event.address, "Uploading"), "sent_bytes": event.sent, "total_bytes": event.total}
            return stream_line("apply_progress", words.upload_line(event), now, hook=hook)
        case JobFollowed():
            return stream_line("apply_progress", words.still_line(event), now, hook=_followed(event))
        case JobStarted():
            hook = {**_hook(Address("model", event.name), "Training"), "job_id": event.job.id, "adopted": event.adopted}
            return stream_line("job_started", words.job_line(event), now, hook={**hook, "key": event.key})
        case Waiting():
            hook = {"resource": named_resource(event.address), "seconds": event.seconds, "why": event.why}
            return stream_line("waiting", words.waiting_line(event), now, hook=hook)
        case _:
            assert_never(event)


def diagnostic_line(problem: Problem, now: datetime) -> str:
    """One problem as a line."""
    word, level = ("Error", "error") if problem.severity == "error" else ("Warning", "warn")
    said = f"{word}: {clean(problem.summary)}"
    return stream_line("diagnostic", said, now, level=level, diagnostic=diagnostic(problem))


def summary_stream_line(counts: tuple[int, int, int], now: datetime, mode: Mode = "normal") -> str:
    """The closing line of an apply; `counts` are added, changed, destroyed."""
    add, change, remove = counts
    operation = "destroy" if mode == "destroy" else "apply"
    changes = {"add": add, "change": change, "import": 0, "remove": remove, "operation": operation}
    return stream_line("change_summary", words.apply_summary(counts, mode), now, changes=changes)


def outputs_line(outputs: Mapping[str, Any], now: datetime) -> str:
    """The outputs after an apply; `outputs` as `output_document` gives them."""
    return stream_line("outputs", f"Outputs: {len(outputs)}", now, outputs=plain(outputs))


def _timestamp(now: datetime) -> str:
    return now.isoformat(timespec="microseconds").replace("+00:00", "Z")


def named_resource(address: Address) -> dict[str, Any]:
    """What a line is about, as Terraform's stream names resources."""
    return {
        "addr": str(address),
        "module": "",
        "resource": str(address),
        "implied_provider": "ftplan",
        "resource_type": address.kind,
        "resource_name": address.name,
        "resource_key": None,
    }


def _hook(address: Address, verb: Verb) -> dict[str, Any]:
    return {"resource": named_resource(address), "action": words.wording(verb).action}


def _followed(event: JobFollowed) -> dict[str, Any]:
    hook = {**_hook(event.address, "Training"), "elapsed_seconds": int(event.age_seconds)}
    hook |= {"job_id": event.job_id, "phase": event.phase}
    if event.remaining_seconds is not None:
        hook["remaining_seconds"] = int(event.remaining_seconds)
    if event.progress is not None:
        names = ("step", "total_steps", "train_loss", "valid_loss")
        hook |= {name: getattr(event.progress, name) for name in names}
    return hook


def _done(event: StepDone) -> dict[str, Any]:
    hook = {**_hook(event.address, event.verb), "elapsed_seconds": int(event.seconds)}
    if event.id:
        hook |= {"id_key": "id", "id_value": event.id}
    if event.spent is not None:
        spent = event.spent
        hook["spent"] = {
            "usd": float(spent.amount),
            "estimated_usd": None if spent.estimated is None else float(spent.estimated),
            "tokens": spent.trained_tokens,
            "rehearsal": spent.rehearsal,
        }
    return hook


def _told_line(event: Told, now: datetime) -> str:
    address = str(event.address) if event.address else ""
    if event.severity not in ("error", "warning"):
        return stream_line("log", clean(event.summary), now, detail=event.detail, address=address)
    return diagnostic_line(words.told_problem(event), now)
