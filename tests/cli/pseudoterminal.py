"""The command at a terminal: it sees one, and so does who reads what it writes there."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable

from workbench import DEADLINE_SECONDS, Workbench

# As `python -m ftplan`, by a clock that runs a thousand times as fast.
HURRIED = (
    "import sys, time; true = time.monotonic; time.monotonic = lambda: 1_000 * true(); "
    "from ftplan.__main__ import main; main()"
)


class Terminal:
    """The command at a terminal of its own; `hurried` makes whatever takes a millisecond take a second for it."""

    def __init__(self, bench: Workbench, *words: str, hurried: bool = False) -> None:
        self._ours, theirs = pty.openpty()
        environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        self.process = subprocess.Popen(
            [sys.executable, *(("-c", HURRIED) if hurried else ("-m", "ftplan")), *words],
            cwd=bench.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environ,
            start_new_session=True,
        )
        os.close(theirs)
        self.said = ""

    def until_it_says(self, pattern: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while re.search(pattern, self.said) is None:
            assert time.monotonic() < deadline, f"{pattern!r} was not said: {self.said}"
            assert self._read(), f"it ended without {pattern!r}: {self.said}"

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        while self._read():
            pass
        return self.process.wait(DEADLINE_SECONDS)

    def _read(self) -> bool:
        """False when there is nothing more to come."""
        if not select.select([self._ours], [], [], DEADLINE_SECONDS)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            return False  # Linux says so when the last process at the terminal has gone
        self.said += data.decode()
        return bool(data)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_SECONDS)
        os.close(self._ours)


Open = Callable[..., Terminal]
