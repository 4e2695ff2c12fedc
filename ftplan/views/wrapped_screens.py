"""Screens around another one: one that keeps a record beside it, and one that leaves the heartbeat out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from ftplan.core.events import Event
from ftplan.core.notices import JobFollowed, UploadProgress
from ftplan.views.terminal import Screen


@dataclass(slots=True)
class Recorded:
    """`screen`, and every event as a line of the stream to `record`. `now` gives seconds since the epoch."""

    screen: Screen
    record: Callable[[str], None]
    now: Callable[[], float]

    def tell(self, event: Event) -> None:
        from ftplan.views.json_stream import event_stream

        line = event_stream(event, datetime.fromtimestamp(self.now(), timezone.utc))
        if line is not None:
            self.record(line)
        self.screen.tell(event)

    def close(self) -> None:
        self.screen.close()


@dataclass(slots=True)
class Quiet:
    """`screen` without word of what merely goes on: what begins, what ends, and what stands still is told."""

    screen: Screen

    def tell(self, event: Event) -> None:
        if not isinstance(event, (JobFollowed, UploadProgress)):
            self.screen.tell(event)

    def close(self) -> None:
        self.screen.close()
