"""Reading that takes longer than a second shows at a terminal, nowhere else, and is gone when it is done."""

from __future__ import annotations

import io
import json
import os
import re
import signal
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from pseudoterminal import Open
from workbench import Workbench

from ftplan.cli.opening.watching import watching
from ftplan.cli.talking.console import Console

DATA = b"x" * 4_000_000
READERS: tuple[tuple[str, ...], ...] = (
    ("dataset", "check", "rows.jsonl", "-parallelism=1"),
    ("dataset", "stats", "rows.jsonl"),
    ("dataset", "split", "rows.jsonl"),
    ("dataset", "convert", "rows.jsonl"),
    ("validate",),
    ("plan",),
    ("apply", "-auto-approve"),
)
COLOUR = r"(?:\x1b\[[\d;]*m)*"
SPEED = rf"rows\.jsonl .*B/s, {COLOUR}[\dhm]+{COLOUR}s left"
COLOURS = re.compile(r"\x1b\[[\d;]*m")


class Screen(io.StringIO):
    """Where a bar can be drawn."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def attended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What surrounds somebody who sits at a terminal."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def read_slowly(stream: io.StringIO, console: Console | None, *, fails: bool = False) -> str:
    """What was written to `stream` while 4 MB were read, a second each."""
    clock = Clock()
    with redirect_stderr(stream), watching(console, clock) as watch:
        file = watch(io.BytesIO(DATA), "a.jsonl")
        while file.read(1_000_000):
            clock.seconds += 1
        if fails:
            raise KeyboardInterrupt
    return plain(stream.getvalue())


def plain(said: str) -> str:
    """Without colours, which rich gives to numbers wherever it may."""
    return COLOURS.sub("", said)


@pytest.mark.usefixtures("attended")
def test_a_terminal_shows_how_fast_it_goes_and_how_long_it_takes() -> None:
    said = read_slowly(Screen(), Console(no_color=True))
    assert "a.jsonl" in said
    assert "2.0 MB of 4.0 MB, 1.0 MB/s, 2s left" in said
    assert said.endswith("\x1b[2K")


@pytest.mark.usefixtures("attended")
def test_an_interruption_takes_the_bar_away() -> None:
    screen = Screen()
    with pytest.raises(KeyboardInterrupt):
        read_slowly(screen, Console(no_color=True), fails=True)
    said = screen.getvalue()
    assert "MB/s" in said
    assert said.count("\x1b[?25h") == said.count("\x1b[?25l") == 1
    assert said.rstrip().endswith("\x1b[2K")


@pytest.mark.usefixtures("attended")
def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_slowly(io.StringIO(), Console(no_color=True)) == ""
    assert read_slowly(Screen(), Console(no_color=True, json=True)) == ""
    assert read_slowly(Screen(), None) == ""
    monkeypatch.setenv("CI", "true")
    assert read_slowly(Screen(), Console(no_color=True)) == ""
    monkeypatch.setenv("CI", "false")
    assert "MB/s" in read_slowly(Screen(), Console(no_color=True))
    monkeypatch.setenv("TERM", "dumb")
    assert read_slowly(Screen(), Console(no_color=True)) == ""


@pytest.mark.usefixtures("attended")
def test_without_colours_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    assert "MB/s" in read_slowly(screen, Console(no_color=False))
    assert "\x1b[3" not in screen.getvalue()


@pytest.fixture
def large(bench: Workbench) -> Callable[[str], Path]:
    """A dataset that takes seconds to count: no word of it stands in it twice."""

    def made(name: str) -> Path:
        rows = (
            {"messages": [{"role": "user", "content": f"{n:x} " * 200}, {"role": "assistant", "content": str(n) * 100}]}
            for n in range(30_000)
        )
        return bench.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    return made


@pytest.mark.usefixtures("attended")
@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_every_command_that_reads_datasets_shows_it_and_ctrl_c_clears_it(
    words: tuple[str, ...], bench: Workbench, large: Callable[[str], Path], terminal: Open
) -> None:
    large("rows.jsonl")
    bench.bot()
    at = terminal(*words, hurried=True)
    at.until_it_says(SPEED)
    os.killpg(at.process.pid, signal.SIGINT)
    assert at.end() == 130
    assert "Interrupted" in at.said
    after = at.said.rpartition("\x1b[2K")[2]
    assert "MB/s" not in after, "the bar stands beside what was said behind it"
    assert at.said.count("\x1b[?25h") == at.said.count("\x1b[?25l") == 1


@pytest.mark.usefixtures("attended")
def test_what_is_read_in_no_time_shows_nothing(bench: Workbench, terminal: Open) -> None:
    bench.rows("rows.jsonl")
    at = terminal("-no-color", "dataset", "check", "rows.jsonl", "-rule=few-rows=off")
    assert at.end() == 0
    assert "\x1b" not in at.said
    assert at.said.endswith(": no problems\r\n")
