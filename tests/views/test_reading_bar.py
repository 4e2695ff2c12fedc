"""Reading that takes a while is shown at a terminal, and leaves nothing behind there."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import pytest

from ftplan.views.reading_bar import ReadingBar

MB = 1_000_000
VISIBLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ERASED = "\x1b[2K"


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """Every line that was drawn, one over the other."""
        return [line.rstrip() for line in re.split(r"[\r\n]", VISIBLE.sub("", self.getvalue())) if line.strip()]


def reading(seconds: float, *, width: int = 120, name: str = "data/train.jsonl", total: int = 100 * MB) -> Terminal:
    """A terminal at which 10 MB are read each half second, for so many seconds."""
    clock, terminal = Clock(), Terminal()
    bar = ReadingBar(terminal, now=clock, colour=False, width=width)
    for step in range(int(seconds * 2) + 1):
        clock.time = 100.0 + step / 2
        bar.tell(name, step * 10 * MB, total)
    bar.close()
    return terminal


def test_what_takes_less_than_a_second_is_not_spoken_of() -> None:
    assert reading(0.5).getvalue() == ""


def test_after_a_second_speed_and_time_left_are_shown() -> None:
    (line,) = set(reading(1).lines)
    assert re.fullmatch(r"data/train\.jsonl ━+ +20\.0 MB of 100\.0 MB, 20\.0 MB/s, 4s left", line), line


def test_the_bar_goes_on_and_time_left_goes_down() -> None:
    lines = reading(3).lines
    assert "30.0 MB of 100.0 MB, 20.0 MB/s, 4s left" in lines[1]
    assert "60.0 MB of 100.0 MB, 20.0 MB/s, 2s left" in lines[-1]


def test_the_line_is_cleared_and_the_cursor_given_back() -> None:
    said = reading(3).getvalue()
    assert VISIBLE.sub("", said.rpartition(ERASED)[2]).strip() == ""
    assert said.count("\x1b[?25h") == said.count("\x1b[?25l") == 1


def test_nothing_is_drawn_once_it_is_closed() -> None:
    clock, terminal = Clock(), Terminal()
    bar = ReadingBar(terminal, now=clock, width=80)
    bar.close()
    clock.time += 60
    bar.tell("a", 1, 2)
    assert terminal.getvalue() == ""


def test_it_is_drawn_ten_times_a_second_at_most() -> None:
    clock, terminal = Clock(), Terminal()
    bar = ReadingBar(terminal, now=clock, colour=False, width=80)
    for step in range(2_000):
        clock.time = 100.0 + step / 1_000
        bar.tell("a", step, 2_000)
    bar.close()
    assert 8 <= len([line for line in terminal.lines if "left" in line]) <= 13


def test_a_second_reading_has_a_speed_of_its_own() -> None:
    """A file is hashed fast, and counted slowly behind that."""
    clock, terminal = Clock(), Terminal()
    bar = ReadingBar(terminal, now=clock, colour=False, width=120)
    for seconds, done in ((0, 1), (1, 90 * MB), (1.2, 2 * MB), (2.2, 3 * MB)):
        clock.time = 100.0 + seconds
        bar.tell("a", done, 100 * MB)
    bar.close()
    assert "90.0 MB/s, 1s left" in terminal.lines[0]
    assert "3.0 MB of 100.0 MB, 1.0 MB/s, 1m37s left" in terminal.lines[-1]


def test_a_slow_start_is_forgotten_soon() -> None:
    clock, terminal = Clock(), Terminal()
    bar = ReadingBar(terminal, now=clock, colour=False, width=120)
    bar.tell("a", 0, 100 * MB)
    for second in range(10, 20):
        clock.time = 100.0 + second
        bar.tell("a", (second - 9) * 5 * MB, 100 * MB)
    bar.close()
    assert "0.5 MB/s" not in terminal.lines[-1]
    assert "50.0 MB of 100.0 MB, 5.0 MB/s, 10s left" in terminal.lines[-1]


def test_a_file_longer_than_was_estimated_is_read_to_its_end() -> None:
    assert "120.0 MB of 120.0 MB, 20.0 MB/s, 0s left" in reading(6, total=100 * MB).lines[-1]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_a_bar_fits_on_one_line_of_any_terminal(width: int) -> None:
    lines = reading(2, width=width, name="a/very/long/path/to/some/training/data/of/mine.jsonl").lines
    assert lines
    assert all(len(line) <= width for line in lines)
    if width >= 40:
        assert all("MB/s" in line for line in lines)


def test_a_hostile_name_can_do_nothing_to_a_terminal() -> None:
    terminal = reading(1, name="\x1b]0;taken\x07\u202e[bold]x[/bold]")
    assert "\x1b]" not in terminal.getvalue()
    assert "\\u{1b}]0;taken\\u{7}\\u{202e}[bold]x" in terminal.lines[0]


def test_rich_is_not_paid_for_before_a_second_has_gone_by() -> None:
    code = (
        "import sys; from ftplan.views.reading_bar import ReadingBar; bar = ReadingBar(sys.stderr, now=lambda: 0.0); "
        "bar.tell('a', 1, 2); bar.close(); sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
