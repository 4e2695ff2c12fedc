"""Signals as words: the first one asks to stop, a second one leaves at once."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from types import FrameType

from ftplan.errors import Interrupted, Problem

EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143}


class _Leaving(BaseException):
    """A signal that ends what goes on. Not an `Exception`: libraries that catch every one, the SDK among them, would
    take it for a failure of their own, and try again."""


class Stop:
    """Whether somebody asked us to stop. Outside of `finishing` a signal ends what goes on at once, by raising
    `Interrupted`; inside, the first one only leaves its name, so that what is in hand can be finished."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._finishing = False
        self._woken = threading.Event()

    def __call__(self) -> str | None:
        return self._name

    def wait(self, seconds: float) -> None:
        """Sleeps, but not through a signal."""
        self._woken.wait(seconds)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes SIGINT and SIGTERM for as long as it lasts."""
        before = {name: signal.signal(getattr(signal, name), self._heard) for name in EXIT_CODES}
        try:
            yield
        except _Leaving:
            raise interrupted(str(self._name), "The state is as it was last saved.") from None
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """The time in which a first signal is only noted."""
        self._finishing = True
        try:
            yield
        finally:
            self._finishing = False

    def _heard(self, number: int, frame: FrameType | None) -> None:
        again = self._name is not None
        self._name = signal.Signals(number).name
        self._woken.set()
        if again or not self._finishing:
            raise _Leaving


def interrupted(name: str, detail: str, advice: str = "") -> Interrupted:
    """The error for the signal `name`, with its exit code."""
    error = Interrupted(Problem("Interrupted", detail, advice=advice))
    error.exit_code = EXIT_CODES.get(name, 130)
    return error


class WakefulClock:
    """The real clock, whose sleep a signal ends."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)
