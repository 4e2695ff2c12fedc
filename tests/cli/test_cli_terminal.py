"""At a terminal: bars that are redrawn, and a question that takes `yes` and nothing else."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from workbench import DEADLINE_SECONDS, Workbench


class Terminal:
    """The command at a terminal of its own."""

    def __init__(self, bench: Workbench, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ftplan", *words],
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


@pytest.fixture
def terminal(bench: Workbench) -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_one(*words: str) -> Terminal:
        opened.append(Terminal(bench, *words))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_yes_approves_and_the_screen_is_given_back(bench: Workbench, terminal: Open) -> None:
    bench.bot()
    at = terminal("apply")
    at.until_it_says("Only 'yes' will be accepted")
    at.until_it_says("Enter a value: ")
    at.types("yes\n")
    assert at.end() == 0
    assert "\x1b[32m" in at.said, "a terminal is coloured"
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed." in at.said
    assert "Creation complete" in at.said
    assert at.said.count("\x1b[?25h") >= at.said.count("\x1b[?25l"), "the cursor is hidden for good"
    assert bench.bought() == (1, 1)


@pytest.mark.parametrize("answer", ["YES\n", "\x04"], ids=["YES", "end of input"])
def test_nothing_but_yes_approves(bench: Workbench, terminal: Open, answer: str) -> None:
    bench.bot()
    at = terminal("-no-color", "apply")
    at.until_it_says("Enter a value: ")
    at.types(answer)
    assert at.end() == 1
    assert "Apply cancelled" in at.said
    assert "\x1b[3" not in at.said
    assert bench.bought() == (0, 0)


def test_a_job_is_followed_on_one_line_and_ctrl_c_leaves_it_running(bench: Workbench, terminal: Open) -> None:
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    at = terminal("apply", "-auto-approve")
    at.until_it_says(r"model\.bot .*running")
    os.killpg(at.process.pid, signal.SIGINT)
    assert at.end() == 130
    assert "Jobs that go on" in at.said
    assert "Traceback" not in at.said
    assert at.said.count("\x1b[?25h") >= at.said.count("\x1b[?25l"), "the cursor is hidden for good"


def test_ctrl_c_at_the_question_changes_nothing(bench: Workbench, terminal: Open) -> None:
    bench.bot()
    at = terminal("apply")
    at.until_it_says("Enter a value: ")
    os.killpg(at.process.pid, signal.SIGINT)
    assert at.end() == 130
    assert "Traceback" not in at.said
    assert bench.bought() == (0, 0)
    assert not (bench.folder / "ftplan.state.json").exists()
