"""One event as a person reads it: a line, or a box where something went wrong."""

from __future__ import annotations

from typing_extensions import assert_never

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
from ftplan.errors import Problem
from ftplan.views import progress_text as words
from ftplan.views.message_text import render_problems
from ftplan.views.style import Style, clean


def event_text(event: Event, style: Style, verb: Verb = "Training") -> str:
    """`event` in one line, or a box; empty for facts that only the state needs. `verb` is that of its step."""
    if isinstance(event, UNTOLD):
        return ""
    match event:
        case StepStarted():
            return words.started_line(event)
        case UploadProgress():
            return words.upload_line(event)
        case JobFollowed():
            return words.still_line(event, verb)
        case JobStarted():
            return words.job_line(event)
        case StepDone():
            return words.done_line(event)
        case StepFailed():
            return f"{words.failed_line(event)}\n{_boxed(words.failed_problem(event), style)}"
        case StepSkipped():
            return words.skipped_line(event)
        case Waiting():
            return words.waiting_line(event)
        case QuestionsAnswered():
            return words.answered_line(event)
        case Told():
            return _told(event, style)
        case _:
            assert_never(event)


def _boxed(problem: Problem, style: Style) -> str:
    return render_problems([problem], style).rstrip("\n")


def _told(event: Told, style: Style) -> str:
    address = str(event.address) if event.address else ""
    if event.severity not in ("error", "warning"):
        return ": ".join(clean(part) for part in (address, event.summary, event.detail) if part)
    return _boxed(words.told_problem(event), style)
