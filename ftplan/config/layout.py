"""Where everything in a file stands and where it should: what `fmt` needs to know of the YAML."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from ftplan.config.source import Event, dashes, events
from ftplan.config.tree import Mark

INDENT = 2


@dataclass(slots=True)
class Layout:
    """Lines count from 1, columns (unlike marks) from 0.

    `starts` maps what begins a line (its line and column) to its new column. `gaps` holds, by line, the white space to
    replace as (start, stop, text). `shift` says by how much to move the lines inside of longer texts and brackets;
    of these, `verbatim` ones keep their line ends. `open_ended` lines begin such a text. `columns` maps, for each line
    that begins something, old to new columns of the levels it stands in.
    """

    starts: dict[Mark, int] = field(default_factory=dict)
    gaps: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)
    shift: dict[int, int] = field(default_factory=dict)
    verbatim: set[int] = field(default_factory=set)
    open_ended: set[int] = field(default_factory=set)
    columns: dict[int, dict[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Level:
    """An open collection: its column in the file (None until its first key is seen) and its new one."""

    kind: str
    new: int
    old: int | None
    flow: bool
    opened: Mark
    by: int = 0
    key: Event | None = None  # the key whose value comes next

    @property
    def shift(self) -> int:
        return self.by if self.old is None else self.new - self.old


def read_layout(text: str, file: str) -> Layout:
    """The layout of `text`. Raises ConfigError at a syntax error."""
    return _Reader(text, file).read()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.layout = Layout()
        self._lines = text.split("\n")
        self._file = file
        self._text = text
        self._dashes = dashes(text, file)
        self._levels: list[_Level] = []

    def read(self) -> Layout:
        for event in events(self._text, self._file):
            if event.kind == "end":
                self._close(event)
            elif event.kind != "document":
                self._node(event)
        return self.layout

    def _node(self, event: Event) -> None:
        level = self._levels[-1] if self._levels else None
        if level is not None and level.flow:
            self._inside_flow(event, level)
            return
        if level is not None and level.kind == "mapping" and level.key is None:
            self._key(event, level)
            return
        if level is None:
            new = 0
        elif level.kind == "mapping":
            new = self._value_of(event, level)
        else:
            new = self._item_of(event, level)
        if event.kind in ("mapping", "sequence"):
            self._open(event, new)
        elif event.kind == "scalar":
            self._text_lines(event, level)

    def _key(self, event: Event, level: _Level) -> None:
        line, column = event.start[0], event.start[1] - 1
        if level.old is None:
            level.old = column
        level.key = event
        self._begin(line, column, level.new)

    def _value_of(self, event: Event, level: _Level) -> int:
        key, level.key = level.key, None
        new = level.new + INDENT
        if key is not None and self._is_visible(event):
            line, column = event.start[0], event.start[1] - 1
            if key.stop[0] == line:
                self.layout.gaps.setdefault(line, []).append((key.stop[1] - 1, column, ": "))
            elif not self._is_dash_list(event):
                self._begin(line, column, new)
        return new

    def _item_of(self, event: Event, level: _Level) -> int:
        # A list within a list begins with its own first dash.
        dash = self._dash_before(event.start, inclusive=not self._is_dash_list(event))
        if dash is not None:
            line, column = dash[0], dash[1] - 1
            if level.old is None:
                level.old = column
            self._begin(line, column, level.new)
            if self._is_visible(event) and event.start[0] == line:
                self.layout.gaps.setdefault(line, []).append((column + 1, event.start[1] - 1, " "))
            elif self._is_visible(event):
                self._begin(event.start[0], event.start[1] - 1, level.new + INDENT)
        return level.new + INDENT

    def _open(self, event: Event, new: int) -> None:
        by = self._levels[-1].shift if self._levels else 0
        own = self.layout.starts.get((event.start[0], event.start[1] - 1))
        if event.flow and own is not None:
            by = own - (event.start[1] - 1)
        self._levels.append(_Level(event.kind, new, None, event.flow, event.start, by))

    def _close(self, event: Event) -> None:
        level = self._levels.pop()
        if level.flow and not (self._levels and self._levels[-1].flow):
            for line in range(level.opened[0] + 1, event.stop[0] + 1):
                self.layout.shift.setdefault(line, level.by)

    def _inside_flow(self, event: Event, level: _Level) -> None:
        if event.kind in ("mapping", "sequence"):
            self._levels.append(_Level(event.kind, 0, None, True, event.start, level.by))
        elif event.kind == "scalar" and event.stop[0] > event.start[0]:
            self.layout.open_ended.add(event.start[0])
            self.layout.verbatim.update(range(event.start[0] + 1, event.stop[0] + 1))

    def _text_lines(self, event: Event, level: _Level | None) -> None:
        """Moves the further lines of a text with what holds it."""
        first, last = event.start[0] + 1, event.stop[0]
        if event.block:
            last = self._block_end(event)
        own = self.layout.starts.get((event.start[0], event.start[1] - 1))
        by = own - (event.start[1] - 1) if own is not None and not event.block else level.shift if level else 0
        for line in range(first, last + 1):
            self.layout.shift[line] = by
            self.layout.verbatim.add(line)
        if last >= first and not event.block:
            self.layout.open_ended.add(event.start[0])

    def _block_end(self, event: Event) -> int:
        """The last line of a block text. Empty lines behind it belong to it only where its header says keep (`+`)."""
        last = event.stop[0] if event.stop[1] > 1 else event.stop[0] - 1
        last = min(last, len(self._lines))
        header = self._lines[event.start[0] - 1][event.start[1] - 1 :]
        if re.match(r"(?:&\S+\s+)?[|>]\d?\+|(?:&\S+\s+)?[|>]\+", header):
            return last
        while last > event.start[0] and not self._lines[last - 1].strip():
            last -= 1
        return last

    def _begin(self, line: int, column: int, new: int) -> None:
        self.layout.starts.setdefault((line, column), new)
        columns = self.layout.columns.setdefault(line, {})
        for level in self._levels:
            if level.old is not None:
                columns[level.old] = level.new  # the innermost of a column: a list may stand in that of its key

    def _dash_before(self, mark: Mark, *, inclusive: bool) -> Mark | None:
        """The last dash before `mark`, or at it."""
        index = bisect_left(self._dashes, (mark[0], mark[1] + inclusive)) - 1
        return self._dashes[index] if index >= 0 else None

    def _is_visible(self, event: Event) -> bool:
        """False for what stands only between the lines: an empty value."""
        return event.kind != "scalar" or event.stop != event.start

    def _is_dash_list(self, event: Event) -> bool:
        """True for a list whose mark is its first dash, which begins its line by itself."""
        return event.kind == "sequence" and not event.flow and event.anchor is None
