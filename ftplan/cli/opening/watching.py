"""Files that are watched while they are read, so that whoever waits at a terminal sees how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ftplan.cli.talking.console import Console
from ftplan.datasets.reading.watched import watched

Watch = Callable[[BinaryIO, str], BinaryIO]


def unwatched(file: BinaryIO, name: str) -> BinaryIO:
    """`file` as it is."""
    return file


@contextmanager
def watching(console: Console | None, now: Callable[[], float] = time.monotonic) -> Iterator[Watch]:
    """What makes a file, which is called by the name beside it, one whose reading shows, for as long as this lasts.
    Where there is no console, or nobody looks at it, files stay what they are."""
    bar = console.reading_bar(now) if console is not None else None
    if bar is None:
        yield unwatched
        return
    try:
        yield lambda file, name: watched(file, lambda done, total: bar.tell(name, done, total))
    finally:
        bar.close()
