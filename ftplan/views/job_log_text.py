"""What a service says of a job, a line an event: for people, and as JSON."""

from __future__ import annotations

from datetime import datetime, timezone

from ftplan.core.facts import JobEvent
from ftplan.views.json_text import json_text
from ftplan.views.style import Look, Style, clean

_LOOKS: dict[str, Look] = {"error": "red", "warn": "yellow", "warning": "yellow"}
MESSAGE_CHARACTERS = 2000


def event_line(event: JobEvent, style: Style) -> str:
    """The time in UTC, the level where it is worth a word, and what was said, on one line."""
    said = clean(event.message, MESSAGE_CHARACTERS) or clean(event.kind)
    look = _LOOKS.get(event.level)
    level = f"{style.paint(clean(event.level, 20), look)}: " if look else ""
    return f"{style.faint(_time(event))}  {level}{said}"


def event_json(event: JobEvent, address: str, job_id: str) -> str:
    """The event as one JSON object on one line."""
    document = {
        "address": address,
        "job_id": job_id,
        "id": event.id,
        "created_at": _time(event),
        "level": event.level,
        "type": event.kind,
        "message": event.message,
        "data": dict(event.data),
    }
    return json_text(document, indent=None)


def _time(event: JobEvent) -> str:
    try:
        return datetime.fromtimestamp(event.created_at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"
