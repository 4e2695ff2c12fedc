"""A clock for tests: time passes only when somebody sleeps."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class StoppedClock:
    """A `Clock` that stands still until somebody sleeps on it. `slept` is every pause asked for."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)) -> None:
        self._start = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
