"""Lines over steps as an SVG that keeps its letters readable at any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, log10

from ftplan.views.pages.markup import Html, element

SIDES = 1000
LEVELS, MOST_STEPS, PIECE = 5, 6, 40
KINDS = 6
# A number there would be written over the edge.
_NEAR_THE_END = 0.96

STYLESHEET = (
    "".join(
        f".lines .k{number} {{ stroke: var(--k{number}); }} .dot.k{number} {{ fill: var(--k{number}); }} "
        f".key.k{number} {{ background: var(--k{number}); }}\n"
        for number in range(KINDS)
    )
    + """
:root { --k0: #0060a0; --k1: #b34400; --k2: #00704f; --k3: #a03a77; --k4: #7a5500; --k5: #4444b0; }
@media (prefers-color-scheme: dark) {
  :root { --k0: #6cb8f0; --k1: #ff9d66; --k2: #5fd0a8; --k3: #f09ac8; --k4: #e8bd5a; --k5: #a9a9ff; }
}
.plot { position: relative; margin-top: 1rem; padding: 0 0 1.75rem 3.5rem; }
.plot svg { display: block; width: 100%; height: 15rem; overflow: visible; }
.lines path { fill: none; stroke-width: 2px; vector-effect: non-scaling-stroke; }
.lines .behind path { stroke-width: 1px; opacity: .3; }
.lines .grid { stroke: var(--grid); vector-effect: non-scaling-stroke; }
.lines .mark { stroke: var(--soft); stroke-width: 2px; stroke-dasharray: 6 4; vector-effect: non-scaling-stroke; }
.key.mark { background: repeating-linear-gradient(90deg, var(--soft) 0 .35rem, transparent .35rem .55rem); }
.level, .at { position: absolute; color: var(--soft); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.level { right: calc(100% - 3rem); white-space: nowrap; transform: translateY(-50%); }
.at { bottom: 0; transform: translateX(-50%); white-space: nowrap; }
.at.end { transform: translateX(-100%); }
.keys { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 0; padding: 0; list-style: none; }
.key { display: inline-block; width: 1.1rem; height: .25rem; margin-right: .4rem; border-radius: .125rem;
  vertical-align: middle; }
"""
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line: what it is called, its value by step, and what is said of it beside its name. With a `trend`, that is
    the line, and the values are faint behind it."""

    name: str
    points: Mapping[int, float]
    remark: str = ""
    trend: Mapping[int, float] = field(default_factory=dict)


def line_chart(lines: Sequence[Drawn], name: str, marks: Mapping[int, str] | None = None) -> Html:
    """`lines`, at least one with a point, as a picture that is called `name`, with a key below. `marks` are words about
    single steps."""
    steps = [step for line in lines for step in line.points]
    values = [value for line in lines for value in line.points.values()]
    left, right = min(steps), max(max(steps), min(steps) + 1)
    low, high = _reach(values)

    def across(step: float) -> float:
        return (step - left) / (right - left)

    def down(value: float) -> float:
        return 1 - (value - low) / (high - low)

    levels = [low + (high - low) * number / (LEVELS - 1) for number in range(LEVELS)]
    picture = element(
        "svg",
        element(
            "g",
            [_across_line(down(level)) for level in levels],
            [_path(line, number, across, down) for number, line in enumerate(lines)],
            [_trend(line, number, across, down) for number, line in enumerate(lines) if line.trend],
            [_down_line(across(step)) for step in marks or ()],
            class_="lines",
            aria_hidden="true",
        ),
        viewBox=f"0 0 {SIDES} {SIDES}",
        preserveAspectRatio="none",
        role="img",
        aria_label=name,
    )
    labels = [
        *(element("span", f"{level:.3g}", class_="level", style=f"top: {down(level) * 15:.2f}rem") for level in levels),
        *_steps(left, right, across),
    ]
    keys = element("ul", _keys(lines, marks or {}), class_="keys")
    return element("figure", element("div", picture, labels, class_="plot"), keys)


def _keys(lines: Sequence[Drawn], marks: Mapping[int, str]) -> Iterator[Html]:
    for number, line in enumerate(lines):
        key = element("span", class_=f"key k{number % KINDS}")
        yield element("li", key, line.name, " ", element("small", line.remark))
    for told in marks.values():
        yield element("li", element("span", class_="key mark"), told)


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest value with some room around, which begins at nothing where nothing is below that."""
    low, high = min(values), max(values)
    room = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    return max(low - room, 0.0) if low >= 0 else low - room, high + room


def _across_line(share: float) -> Html:
    y = f"{share * SIDES:.1f}"
    return element("line", x1="0", x2=SIDES, y1=y, y2=y, class_="grid")


def _down_line(share: float) -> Html:
    x = f"{min(max(share, 0.0), 1.0) * SIDES:.1f}"
    return element("line", x1=x, x2=x, y1="0", y2=SIDES, class_="mark")


def _path(line: Drawn, number: int, across: Callable[[float], float], down: Callable[[float], float]) -> Html:
    """The line in pieces, each of which goes on where the one before ended: an attribute holds only so much text."""
    return element(
        "g",
        element("title", f"{line.name}: {len(line.points):,} steps. {line.remark}"),
        _pieces(line.points, across, down),
        class_=f"k{number % KINDS}{' behind' if line.trend else ''}",
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _trend(line: Drawn, number: int, across: Callable[[float], float], down: Callable[[float], float]) -> Html:
    return element("g", _pieces(line.trend, across, down), class_=f"k{number % KINDS}", stroke_linejoin="round")


def _pieces(
    values: Mapping[int, float], across: Callable[[float], float], down: Callable[[float], float]
) -> list[Html]:
    points = [f"{across(step) * SIDES:.2f},{down(value) * SIDES:.2f}" for step, value in values.items()]
    # A single point is a line to itself, which a round end makes a dot of.
    points = points if len(points) > 1 else points * 2
    pieces = [points[start : start + PIECE + 1] for start in range(0, len(points) - 1, PIECE)]
    return [element("path", d=f"M{' L'.join(piece)}") for piece in pieces]


def _steps(left: int, right: int, across: Callable[[float], float]) -> Iterator[Html]:
    wide = (right - left) / MOST_STEPS
    unit = 10 ** floor(log10(wide)) if wide >= 1 else 1
    step = next(int(unit * times) for times in (1, 2, 5, 10) if unit * times >= wide)
    for at in range(-(-left // step) * step, right + 1, step):
        edge = " end" if across(at) > _NEAR_THE_END else ""
        left_of = f"left: calc(3.5rem + (100% - 3.5rem) * {across(at):.4f})"
        yield element("span", f"{at:,}", class_=f"at{edge}", style=left_of)
