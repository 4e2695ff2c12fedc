"""The streams that this process was given: they may be closed, or lead to where nothing fits any more."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from ftplan.errors import FtplanError, Problem


class Unwritten(FtplanError):
    """The answer could not be written. It is told on stderr, whatever form the answer was to have."""


def open_closed_streams() -> None:
    """Lets words that nobody is to hear (`>&-`) go nowhere. `print` would send those of a closed stderr to stdout."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def leave(stream: TextIO) -> None:
    """Gives up on a stream. Python would complain once more when it closes what it could not write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def written(text: str, end: str = "\n") -> None:
    """Writes to stdout, at once. Raises `Unwritten`, or `BrokenPipeError` where whoever read it has gone."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritten(error) from error


def unwritten(error: OSError) -> Unwritten:
    """What is told of an answer that was kept back by `error`; stdout is given up."""
    leave(sys.stdout)
    detail = f"stdout: {error.strerror or error}. What was to stand there is not whole."
    advice = "Whatever was done before is in the state. Make room, or write elsewhere, and run it again."
    return Unwritten(Problem("The answer cannot be written", detail, advice=advice))


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
