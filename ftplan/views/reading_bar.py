"""How far a file was read, on one line of a terminal: drawn when it takes longer than a second, gone when it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from ftplan.views.progress_text import duration, size
from ftplan.views.style import clean

if TYPE_CHECKING:
    from ftplan.views.terminal import LoneBar

SHOWN_AFTER_SECONDS = 1.0
DRAWN_EVERY_SECONDS = 0.1
MEASURED_SECONDS = 5.0


class ReadingBar:
    """One bar for one file after the other. It is drawn by whoever reads, so that no thread is needed for it, and
    `now` gives seconds from any beginning."""

    def __init__(
        self, stream: TextIO, *, now: Callable[[], float], colour: bool = True, width: int | None = None
    ) -> None:
        self._stream, self._now, self._colour, self._width = stream, now, colour, width
        self._began = self._drawn = now()
        self._name = ""
        # When how much of this reading was done, lately: what starts slowly, as workers do, is forgotten soon.
        self._past: deque[tuple[float, int]] = deque()
        self._done = 0
        self._bar: LoneBar | None = None
        self._closed = False

    def tell(self, name: str, done: int, total: int) -> None:
        """That of the file called `name`, which has about `total` bytes, `done` are read."""
        now = self._now()
        if name != self._name or done < self._done:
            self._past.clear()
        if not self._past or now >= self._past[-1][0] + DRAWN_EVERY_SECONDS:
            self._past.append((now, done))
        while now - self._past[0][0] > MEASURED_SECONDS and len(self._past) > 2:
            self._past.popleft()
        self._name, self._done = name, done
        due = self._drawn + DRAWN_EVERY_SECONDS if self._bar else self._began + SHOWN_AFTER_SECONDS
        if now >= due and not self._closed:
            self._drawn = now
            self._draw(name, done, max(done, total, 1))

    def close(self) -> None:
        """Takes the bar away for good. Whatever is told later is not shown."""
        self._closed = True
        if self._bar is not None:
            self._bar.close()

    def _draw(self, name: str, done: int, total: int) -> None:
        if self._bar is None:
            # With rich, for which only those pay who have to wait anyway.
            from ftplan.views.terminal import LoneBar

            self._bar = LoneBar(self._stream, now=self._now, colour=self._colour, width=self._width)
        name_room = min(max(self._bar.columns // 3, 8), 40)
        said = self._said(done, total, max(self._bar.room - name_room, 4))
        self._bar.draw(clean(name, name_room), done, total, said)

    def _said(self, done: int, total: int, room: int) -> str:
        """What fits of how fast it goes, how long it will take, and how much there is."""
        began, before = self._past[0]
        seconds = self._drawn - began
        speed = (done - before) / seconds if seconds > 0 else 0
        left = [f"{size(int(speed))}/s", f"{duration(-(-(total - done) // speed))} left"] if speed > 0 else []
        amount = f"{size(done)} of {size(total)}"
        said = ", ".join([amount, *left])
        return said if len(said) <= room else clean(", ".join(left) or amount, room)
