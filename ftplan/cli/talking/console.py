"""Where words go: answers to stdout, problems and progress to stderr; and all of it as JSON lines if asked, to stdout
instead or to a file beside."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TextIO

from ftplan.cli.talking.streams import Unwritten, written
from ftplan.core.events import Event
from ftplan.core.plan import Plan
from ftplan.errors import Problem
from ftplan.views.progress_text import Tally
from ftplan.views.style import Style, clean
from ftplan.views.terminal import Screen

if TYPE_CHECKING:
    from ftplan.cli.talking.argv import CommandLine
    from ftplan.cli.talking.stream_file import StreamFile
    from ftplan.views.reading_bar import ReadingBar

NOTE_CHARACTERS = 500


class Console:
    """The two streams of this process and how they are to be written."""

    def __init__(
        self,
        *,
        no_color: bool,
        json: bool = False,
        compact_warnings: bool = False,
        concise: bool = False,
        into: StreamFile | None = None,
    ) -> None:
        self._no_color = no_color or bool(os.environ.get("NO_COLOR"))
        self._compact = compact_warnings
        self._concise = concise
        self._into = into
        self.json = json

    def style(self, stream: TextIO) -> Style:
        return Style(colour=not self._no_color and stream.isatty())

    def say(self, text: str) -> None:
        """One answer on stdout; not in JSON mode, where every line is an object."""
        if not self.json:
            written(text)

    def line(self, text: str) -> None:
        """One JSON object on stdout."""
        written(text)

    @property
    def columns(self) -> int:
        """How wide the terminal of stdout is; 100 where it is none."""
        return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100

    @property
    def streaming(self) -> bool:
        """Whether somebody reads the stream: stdout with -json, the file of -json-into."""
        return self.json or self._into is not None

    def stream(self, lines: Iterable[str]) -> None:
        """Lines of the stream, to whoever reads it."""
        for text in lines:
            if self.json:
                self.line(text)
            if self._into is not None:
                self._into.line(text)

    def note(self, text: str) -> None:
        """A word beside the answer, on stderr: stdout may be read by a program."""
        sys.stdout.flush()
        print(clean(text, NOTE_CHARACTERS), file=sys.stderr, flush=True)

    def problems(self, problems: Iterable[Problem]) -> None:
        """Everything that is wrong, at once."""
        found = list(problems)
        if self.streaming:
            from ftplan.views.json_stream import diagnostic_line

            self.stream(diagnostic_line(problem, self.now()) for problem in found)
        if found and not self.json:
            from ftplan.views.message_text import render_problems

            sys.stdout.flush()
            text = render_problems(found, self.style(sys.stderr), compact_warnings=self._compact)
            print(text, file=sys.stderr, flush=True)

    def begin(self) -> None:
        """The first line of a stream on stdout, which says what reads it. A file has it since it was opened."""
        if self.json:
            from ftplan.views.json_stream import version_line

            self.line(version_line(self.now()))

    def plan(self, plan: Plan, *, errors: bool = False) -> None:
        """A plan, with its bill, its clock and its warnings; its errors where nobody reports them afterwards."""
        if self.streaming:
            from ftplan.views.plan_stream import plan_stream

            self.stream(plan_stream(plan, self.now(), errors=errors))
        if not self.json:
            from ftplan.views.plan_text import render_plan

            told = {"compact_warnings": self._compact, "errors": errors, "concise": self._concise}
            self.say(render_plan(plan, self.style(sys.stdout), **told))

    def reckoning(self, plan: Plan) -> None:
        """How the bill of a plan was worked out; a stream's change summary has it already."""
        if not self.json:
            from ftplan.views.cost_text import render_reckoning

            self.say(render_reckoning(plan, self.style(sys.stdout)))

    def screen(self) -> Screen:
        """Who is told what happens during an apply."""
        from ftplan.views.terminal import open_screen
        from ftplan.views.wrapped_screens import Quiet, Recorded

        colour = self.style(sys.stderr).colour
        screen = open_screen(sys.stderr, colour=colour, json=self.json, now=time.time)
        if self._concise and not self.json and not sys.stderr.isatty():
            screen = Quiet(screen)
        return screen if self._into is None else Recorded(screen, self._into.line, time.time)

    def reading_bar(self, now: Callable[[], float]) -> ReadingBar | None:
        """Who is told how far a file was read; None where nobody sits at a terminal, or it cannot redraw a line."""
        unattended = os.environ.get("CI", "").lower() not in ("", "0", "false") or os.environ.get("TERM") == "dumb"
        if self.json or unattended or not sys.stderr.isatty():
            return None
        from ftplan.views.reading_bar import ReadingBar

        return ReadingBar(sys.stderr, now=now, colour=self.style(sys.stderr).colour)

    def ask(self, question: str) -> bool:
        """Whether the user answers `yes`, that word alone."""
        print(question, file=sys.stderr)
        print("\n  Enter a value: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip() == "yes"

    @staticmethod
    def now() -> datetime:
        return datetime.now(timezone.utc)


def console_of(line: CommandLine, options: Mapping[str, Any]) -> Console:
    """The console of a command that plans, as its options ask for it."""
    told = {name: options[name] for name in ("json", "compact_warnings", "concise")}
    return Console(no_color=line.no_color, into=line.stream, **told)


class Voice:
    """Who tells an apply: counts it, and shows it on a screen while `speaking`. A screen may redraw what stands on
    the terminal, so it must not be there while a question is asked."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._screen: Screen | None = None
        self._unheard: OSError | None = None
        self.tally = Tally()

    def tell(self, event: Event) -> None:
        self.tally.tell(event)
        if self._screen is not None:
            self._on_screen(lambda screen: screen.tell(event))

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """The time in which a screen is up. Raises `Unwritten` at its end where a stream of JSON could not be told all
        of it: jobs that were paid for are not left alone because a disk is full."""
        self._screen = self._console.screen()
        try:
            yield
        finally:
            self._on_screen(lambda screen: screen.close())
            self._screen = None
        if self._unheard is not None and self._console.json:
            raise Unwritten(self._unheard)

    def _on_screen(self, told: Callable[[Screen], None]) -> None:
        if self._screen is not None:
            try:
                told(self._screen)
            except BrokenPipeError:
                raise
            except OSError as error:
                self._screen, self._unheard = None, error


def may_ask(wanted: bool) -> bool:
    """Whether a question may be asked: `-input=false` and FTPLAN_INPUT forbid it, and so does a stdin that is no
    terminal."""
    forbidden = os.environ.get("FTPLAN_INPUT", "").lower() in ("0", "false")
    return wanted and not forbidden and sys.stdin is not None and sys.stdin.isatty()
