"""The streams that this process was given: they may be closed, or lead to where nothing fits any more."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from ftplan.errors import FtplanError, Problem


class Unwritten(Exception):
    """The answer could not be written. No error of a step: whatever is under way ends, as with a reader that has gone.
    `told` is for stderr, whatever form the answer was to have."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        detail = f"stdout: {error.strerror or error}. What was to stand there is not whole."
        advice = "Whatever was done before is in the state. Make room, or write elsewhere, and run it again."
        self.told = FtplanError(Problem("The answer cannot be written", detail, advice=advice))


def open_closed_streams() -> None:
    """Lets words that nobody is to hear (`>&-`) go nowhere. `print` would send those of a closed stderr to stdout."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def leave(stream: TextIO) -> None:
    """Gives up on a stream. Python would complain once more when it closes what it could not write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def leave_what_fails(stream: TextIO) -> None:
    """Gives up on a stream where what it holds back cannot be written."""
    try:
        stream.flush()
    except OSError:
        leave(stream)


def written(text: str, end: str = "\n") -> None:
    """Writes to stdout, at once. Raises `Unwritten`, or `BrokenPipeError` where whoever read it has gone."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unwritten(error) from error


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
