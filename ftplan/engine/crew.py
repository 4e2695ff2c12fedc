"""Threads that ask: the only ones there are. They know nothing but the call they are given."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
N = TypeVar("N")


class Crew(Generic[N, T]):
    """Up to `size` calls at once. What came of each comes back here, an exception as a value. The threads end with the
    process, so that whoever is asked to leave leaves."""

    def __init__(self, size: int) -> None:
        self._given: queue.SimpleQueue[tuple[N, Callable[[], T]] | None] = queue.SimpleQueue()
        self._came: queue.SimpleQueue[tuple[N, T | Exception]] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def give(self, name: N, call: Callable[[], T]) -> None:
        """Has `call` made as soon as a thread is free."""
        self._given.put((name, call))

    def next(self, seconds: float) -> tuple[N, T | Exception] | None:
        """The next call that has ended, None where none does within `seconds`."""
        try:
            return self._came.get(timeout=seconds)
        except queue.Empty:
            return None

    def dismiss(self) -> None:
        """Lets the threads end once they are free."""
        for _ in self._threads:
            self._given.put(None)

    def _work(self) -> None:
        while (task := self._given.get()) is not None:
            name, call = task
            try:
                came: T | Exception = call()
            except Exception as error:
                came = error
            self._came.put((name, came))
