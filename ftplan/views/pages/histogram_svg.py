"""How a set of numbers is spread, drawn as an SVG that keeps its letters readable at any width."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ftplan.views.pages.markup import Html, counted, element, joined

MOST_BARS, FEWEST_BARS = 30, 8
# Across, everything is in per cent of the width; down, in pixels: text between bars is then never stretched.
TOP, HEIGHT, BOTTOM, GAP = 46, 220, 28, 0.1
MARK_LINE = 18
# How many lines lie across, how many labels stand below, and how much of the width the label of those far off needs.
MOST_LEVELS, MOST_LABELS, FAR_ROOM = 4, 8, 9


@dataclass(frozen=True, slots=True)
class Bar:
    """How many numbers lie from `first` to `last`; `far` is for the few beyond all other bars."""

    first: int
    last: int
    count: int
    far: bool = False

    def __str__(self) -> str:
        return f"{self.first:,}" if self.first == self.last else f"{self.first:,} to {self.last:,}"


def bars(numbers: Sequence[int]) -> list[Bar]:
    """All of `numbers`, at least one, in bars of one width that begin at round numbers. A few that are far longer than
    all others share the last bar, so that the others can still be told apart."""
    ranked = sorted(numbers)
    low, high = ranked[0], ranked[-1]
    most_end = ranked[-(-len(ranked) * 99 // 100) - 1]
    far = high > 2 * most_end
    width = _round_step((most_end if far else high) - low + 1, MOST_BARS)
    first, last = low // width, (most_end if far else high) // width
    missing = max(0, FEWEST_BARS - (last - first + 1))
    first = max(0, first - missing // 2)
    last = max(last, first + FEWEST_BARS - 1)
    found = [_bar(ranked, number * width, (number + 1) * width - 1) for number in range(first, last + 1)]
    return [*found, _bar(ranked, (last + 1) * width, high, far=True)] if high >= (last + 1) * width else found


def histogram_svg(found: Sequence[Bar], marks: Mapping[str, int], name: str) -> Html:
    """`found` as a picture that is called `name`, with a line at the value of each of at most two `marks`."""
    most = max(bar.count for bar in found)
    scale = HEIGHT / most
    return element(
        "svg",
        # Some browsers read out what is in a picture beside its name.
        element(
            "g",
            [_level(value, scale) for value in range(0, most + 1, _round_step(most, MOST_LEVELS))],
            [_column(bar, number, 100 / len(found), scale) for number, bar in enumerate(found)],
            _edges(found),
            # The later one above, so that the line of an earlier one does not run through its label.
            [_mark(label, value, row, found) for row, (label, value) in enumerate(reversed([*marks.items()]))],
            aria_hidden="true",
        ),
        class_="chart",
        height=TOP + HEIGHT + BOTTOM,
        role="img",
        aria_label=name,
    )


def _bar(ranked: Sequence[int], first: int, last: int, *, far: bool = False) -> Bar:
    return Bar(first, last, bisect_right(ranked, last) - bisect_left(ranked, first), far)


def _round_step(reach: int, most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... of which no more than `most` go into `reach`."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if step * most >= reach:
                return step
        unit *= 10


def _level(value: int, scale: float) -> Html:
    """A line across, and how many rows are that high."""
    y = f"{TOP + HEIGHT - value * scale:.1f}"
    return joined(
        element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid" if value else "axis"),
        element("text", _short(value), x="-8", y=y, dy="4", text_anchor="end"),
    )


def _column(bar: Bar, number: int, share: float, scale: float) -> Html:
    # However few they are, they are seen.
    tall = max(bar.count * scale, 2) if bar.count else 0
    return element(
        "rect",
        element("title", f"{bar}: {counted(bar.count, 'row')}"),
        x=f"{(number + GAP / 2) * share:.3f}%",
        y=f"{TOP + HEIGHT - tall:.1f}",
        width=f"{(1 - GAP) * share:.3f}%",
        height=f"{tall:.1f}",
        class_="far" if bar.far else "bar",
    )


def _edges(found: Sequence[Bar]) -> Iterator[Html]:
    """What is written below the bars: round numbers, and where those begin that are far off."""
    near = [bar for bar in found if not bar.far]
    share, low, high = 100 / len(found), near[0].first, near[-1].last
    step = _round_step(high - low + 1, MOST_LABELS)
    room = len(near) * share - (FAR_ROOM if len(near) < len(found) else 0)
    wanted = [value for value in range(-(-low // step) * step, high + 2, step) if _across(value, found) <= room]
    for number, value in enumerate(wanted):
        yield _label(_short(value), _across(value, found), "spare" if number % 2 else None)
    if len(near) < len(found):
        yield _label(f"{_short(high + 1)}+", 100 - share / 2, None)


def _label(said: str, across: float, kind: str | None) -> Html:
    return element("text", said, x=f"{across:.3f}%", y=TOP + HEIGHT + 20, text_anchor="middle", class_=kind)


def _across(value: int, found: Sequence[Bar]) -> float:
    """Where `value` stands, in per cent of the width: where its bar begins, or in its middle where it has its own."""
    width = found[0].last - found[0].first + 1
    at = (value - found[0].first + (0.5 if width == 1 else 0)) / width
    return min(100 * at / len(found), 100)


def _mark(label: str, value: int, row: int, found: Sequence[Bar]) -> Html:
    across = _across(value, found)
    x, y = f"{across:.3f}%", 12 + row * MARK_LINE
    left = across > 50
    return element(
        "g",
        element("line", x1=x, x2=x, y1=y - 9, y2=TOP + HEIGHT),
        element("text", f"{label} {value:,}", x=x, y=y, dx=-6 if left else 6, text_anchor="end" if left else None),
        class_="mark",
    )


def _short(number: int) -> str:
    """A round number in a few letters."""
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= 10 * unit:
            return f"{number / unit:g}{letter}"
    return f"{number:,}"
