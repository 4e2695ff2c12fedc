"""Rows of bars, each with its name and its figure above it: a picture that fits a phone, since nothing stands beside
anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ftplan.views.pages.markup import Html, element, joined
from ftplan.views.pages.svg_text import columns, fitted
from ftplan.views.style import clean

ROW, BAR, AXIS = 46, 12, 22
# A phone has room for so many letters in a line; where a name and a figure do not fit, it is shown less of the name.
_LETTERS, _NARROW_LETTERS, _NAME_LETTERS = 84, 35, 60
_BASELINE, _BAR_TOP = 16, 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar, from and to in per cent of the width. What is `striped` may come, or comes to less."""

    start: float
    end: float
    look: Literal["sure", "striped"] = "sure"


@dataclass(frozen=True, slots=True)
class BarRow:
    """`name` is foreign and cut to its room, `figure` is ours. `stop` is where a mark ends the bar, in per cent."""

    name: str
    figure: str
    pieces: tuple[Piece, ...] = ()
    stop: float | None = None
    tone: Literal["", "bad"] = ""


def bar_rows_svg(rows: Sequence[BarRow], name: str, ticks: Iterable[tuple[float, str]] = ()) -> Html:
    """`rows` below each other, as a picture that is called `name`. `ticks` are lines down through all of them, each
    with its place in per cent and what stands below it."""
    marks = list(ticks)
    foot = len(rows) * ROW
    return element(
        "svg",
        element(
            "g",
            [_tick(place, said, foot) for place, said in marks],
            [_row(row, number * ROW) for number, row in enumerate(rows)],
            aria_hidden="true",
        ),
        class_="rows",
        height=foot + (AXIS if marks else 0),
        role="img",
        aria_label=name,
    )


def _row(row: BarRow, top: int) -> Html:
    middle = top + _BAR_TOP + BAR / 2
    stop = None
    if row.stop is not None:
        x = f"{row.stop:.2f}%"
        stop = element("line", x1=x, x2=x, y1=top + _BAR_TOP - 4, y2=top + _BAR_TOP + BAR + 4, class_="stop")
    return element(
        "g",
        element("title", f"{clean(row.name)}: {row.figure}"),
        _names(row, top + _BASELINE),
        element("text", row.figure, x="100%", y=top + _BASELINE, class_=f"figure {row.tone}".strip()),
        element("line", x1="0", x2="100%", y1=middle, y2=middle, class_="track") if row.pieces or row.tone else None,
        [_piece(piece, middle) for piece in row.pieces],
        stop,
    )


def _names(row: BarRow, y: int) -> Html:
    """The name as far as there is room for it: less on a phone."""
    said = fitted(clean(row.name), min(_NAME_LETTERS, max(8, _LETTERS - columns(row.figure))))
    short = fitted(said, max(8, _NARROW_LETTERS - columns(row.figure)))
    if short == said:
        return element("text", said, x=0, y=y, class_="name")
    return joined(
        element("text", said, x=0, y=y, class_="name wide"), element("text", short, x=0, y=y, class_="name narrow")
    )


def _piece(piece: Piece, middle: float) -> Html:
    # However short it is, it is seen.
    end = max(piece.end, piece.start + 0.4)
    return element(
        "line",
        x1=f"{piece.start:.2f}%",
        x2=f"{end:.2f}%",
        y1=middle,
        y2=middle,
        class_=piece.look,
    )


def _tick(place: float, said: str, foot: int) -> Html:
    x = f"{place:.2f}%"
    anchor = "start" if place < 6 else "end" if place > 94 else "middle"
    return joined(
        element("line", x1=x, x2=x, y1=4, y2=foot, class_="grid"),
        element("text", said, x=x, y=foot + 14, text_anchor=anchor, class_="tick"),
    )
