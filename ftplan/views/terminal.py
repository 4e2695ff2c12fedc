"""Screens: readers of an apply's events. Lines where there is no terminal, bars where there is one, JSON on demand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from typing_extensions import assert_never

from ftplan.core.events import UNTOLD, Event, JobStarted
from ftplan.core.notices import (
    JobFollowed,
    QuestionsAnswered,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    Told,
    UploadProgress,
    Verb,
    Waiting,
)
from ftplan.views import progress_text as words
from ftplan.views.event_text import event_text
from ftplan.views.style import Style, clean
from ftplan.views.tenths import Tenths

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

HEARTBEAT_SECONDS = 30.0
NARROW_COLUMNS = 70
WIDE_COLUMNS = 100


class Screen(Protocol):
    """Somebody who is told what happens."""

    def tell(self, event: Event) -> None: ...

    def close(self) -> None: ...


def open_screen(
    stream: TextIO, *, colour: bool, json: bool, now: Callable[[], float], out: TextIO | None = None
) -> Screen:
    """The screen that fits: JSON lines on `out` (stdout by default) when asked for, bars on `stream` where it is a
    terminal, plain lines elsewhere. `now` gives seconds since the epoch."""
    if json:
        return JsonScreen(out or sys.stdout, now)
    if stream.isatty():
        return LiveScreen(stream, now=now, colour=colour)
    return PlainScreen(stream, now=now, colour=colour)


@dataclass(slots=True)
class PlainScreen:
    """One line an event. A running job is spoken of when its phase changes, and at most every 30 seconds."""

    stream: TextIO
    now: Callable[[], float]
    colour: bool = False
    _said_at: dict[str, float] = field(default_factory=dict)
    _phases: dict[str, str] = field(default_factory=dict)
    _verbs: dict[str, Verb] = field(default_factory=dict)
    _tenths: Tenths = field(default_factory=Tenths)

    def tell(self, event: Event) -> None:
        if isinstance(event, QuestionsAnswered) and not self._tenths.is_next(event):
            return
        if isinstance(event, StepStarted):
            self._verbs[str(event.address)] = event.verb
        if isinstance(event, (JobFollowed, UploadProgress, Waiting)) and not self._due(event):
            return
        verb = self._verbs.get(str(getattr(event, "address", "")), "Training")
        text = event_text(event, Style(self.colour), verb)
        if text:
            self._said_at[str(getattr(event, "address", ""))] = self.now()
            self.stream.write(text + "\n")
            self.stream.flush()

    def close(self) -> None:
        self.stream.flush()

    def _due(self, event: JobFollowed | UploadProgress | Waiting) -> bool:
        address = str(event.address)
        news = event.phase if isinstance(event, JobFollowed) else getattr(event, "why", "")
        changed = bool(news) and self._phases.get(address) != news
        if changed:
            self._phases[address] = news
        return changed or self.now() - self._said_at.get(address, float("-inf")) >= HEARTBEAT_SECONDS


@dataclass(slots=True)
class JsonScreen:
    """One JSON object an event."""

    stream: TextIO
    now: Callable[[], float]
    _tenths: Tenths = field(default_factory=Tenths)

    def tell(self, event: Event) -> None:
        if isinstance(event, QuestionsAnswered) and not self._tenths.is_next(event):
            return
        from ftplan.views.json_stream import event_stream

        line = event_stream(event, datetime.fromtimestamp(self.now(), timezone.utc))
        if line is not None:
            self.stream.write(line + "\n")
            self.stream.flush()

    def close(self) -> None:
        self.stream.flush()


class LiveScreen:
    """A bar for each upload and a line for each job, redrawn in place; everything else scrolls by above them."""

    def __init__(
        self,
        stream: TextIO,
        *,
        now: Callable[[], float],
        colour: bool = True,
        width: int | None = None,
        ticks: bool = True,
    ) -> None:
        self._now = now
        self._style = Style(colour)
        self._rows: dict[str, Any] = {}
        self._console = _console(stream, colour, width)
        columns = self._console.width
        bar = 0 if columns < NARROW_COLUMNS else 20 if columns >= WIDE_COLUMNS else 10
        # Cut here to what fits: left to itself, rich would shorten the elapsed time as well.
        self._name_columns = min(max(columns // 3, 8), 32)
        self._said_columns = max(columns - self._name_columns - len(" 0:00:00 ") - bar - 1, 4)
        self._progress = _progress(self._console, bar, now, ticks=ticks)
        self._progress.start()

    def tell(self, event: Event) -> None:
        if isinstance(event, UNTOLD):
            return
        match event:
            case StepStarted():
                self._print(event)
                self._row(str(event.address), completed=0, total=None, said="")
            case UploadProgress():
                said = f"{words.size(event.sent)} of {words.size(event.total)}"
                self._row(str(event.address), completed=event.sent, total=event.total, said=said)
            case JobFollowed():
                self._follow(event)
            case QuestionsAnswered():
                said = f"{event.done:,} of {event.total:,} answers"
                self._row(str(event.address), completed=event.done, total=event.total, said=said)
            case Waiting():
                self._row(str(event.address), said=f"waiting {words.duration(event.seconds)}: {clean(event.why)}")
            case StepDone() | StepFailed() | StepSkipped():
                self._drop(str(event.address))
                self._print(event)
            case JobStarted() | Told():
                self._print(event)
            case _:
                assert_never(event)

    def refresh(self) -> None:
        """Draws the bars as they stand now."""
        self._progress.refresh()

    def close(self) -> None:
        """Takes the bars away and gives the terminal back."""
        self._progress.stop()

    def _follow(self, event: JobFollowed) -> None:
        progress = event.progress
        said = words.followed_words(event)
        known = progress is not None and progress.step is not None and progress.total_steps is not None
        steps = {"completed": progress.step, "total": progress.total_steps} if known and progress else {}
        row = self._row(str(event.address), said=said, **steps)
        task = next(task for task in self._progress.tasks if task.id == row)
        task.start_time = self._now() - event.age_seconds

    def _row(self, address: str, **fields: Any) -> Any:
        if "said" in fields:
            fields["said"] = clean(fields["said"], self._said_columns)
        if address not in self._rows:
            name = clean(address, self._name_columns)
            self._rows[address] = self._progress.add_task(name, total=None, said="")
        self._progress.update(self._rows[address], **fields)
        return self._rows[address]

    def _drop(self, address: str) -> None:
        if address in self._rows:
            self._progress.remove_task(self._rows.pop(address))

    def _print(self, event: Event) -> None:
        text = event_text(event, self._style)
        if text:
            from rich.text import Text

            self._console.print(Text.from_ansi(text), soft_wrap=True)


class LoneBar:
    """One bar with a name before and words behind it, on a line where nothing else is written meanwhile."""

    def __init__(self, stream: TextIO, *, now: Callable[[], float], colour: bool, width: int | None = None) -> None:
        console = _console(stream, colour, width)
        self.columns = console.width
        bar = 0 if self.columns < NARROW_COLUMNS else 30 if self.columns >= WIDE_COLUMNS else 15
        # What is left for words, beside the bar and the blanks.
        self.room = self.columns - bar - 3
        self._progress = _progress(console, bar, now, ticks=False, alone=True)
        self._task = self._progress.add_task("")

    def draw(self, name: str, done: int, total: int, said: str) -> None:
        self._progress.update(self._task, description=name, completed=done, total=total, said=said)
        # Not started before there is something to draw: else an empty line would flash up.
        (self._progress.refresh if self._progress.live.is_started else self._progress.start)()

    def close(self) -> None:
        """Takes it away, and gives the terminal back."""
        self._progress.stop()


def _console(stream: TextIO, colour: bool, width: int | None) -> Console:
    # Rich costs about 90 ms to import; only a terminal pays it.
    from rich.console import Console

    return Console(
        file=stream, force_terminal=True, no_color=not colour, highlight=False, markup=False, emoji=False, width=width
    )


def _progress(console: Console, bar: int, now: Callable[[], float], *, ticks: bool, alone: bool = False) -> Progress:
    """`alone` are bars beside which nobody writes anything: they show no time, and leave the streams as they are."""
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

    columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False)]
    columns += [BarColumn(bar_width=bar)] if bar else []
    columns += [] if alone else [TimeElapsedColumn()]
    said = TextColumn("{task.fields[said]}", markup=False)
    live: dict[str, Any] = {"auto_refresh": ticks, "refresh_per_second": 4, "transient": True}
    live |= {"redirect_stdout": not alone, "redirect_stderr": not alone}
    return Progress(*columns, said, console=console, get_time=now, **live)
