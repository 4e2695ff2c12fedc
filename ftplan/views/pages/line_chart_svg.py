"""Lines over steps as an SVG that keeps its letters readable at any width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

from ftplan.views.pages.markup import Html, element

SIDES = 1000
LEVELS, MOST_STEPS, PIECE = 5, 6, 40
KINDS = 6

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
.lines .grid { stroke: var(--grid); vector-effect: non-scaling-stroke; }
.level, .at { position: absolute; color: var(--soft); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.level { left: 0; width: 3rem; text-align: right; transform: translateY(-50%); }
.at { bottom: 0; transform: translateX(-50%); }
.keys { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 0; padding: 0; list-style: none; }
.key { display: inline-block; width: 1.1rem; height: .25rem; margin-right: .4rem; border-radius: .125rem;
  vertical-align: middle; }
"""
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line: what it is called, its value by step, and what is said of it beside its name."""

    name: str
    points: Mapping[int, float]
    remark: str = ""


def line_chart(lines: Sequence[Drawn], name: str) -> Html:
    """`lines`, at least one with a point, as a picture that is called `name`, with a key below."""
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
    keys = [
        element("li", element("span", class_=f"key k{number % KINDS}"), line.name, " ", element("small", line.remark))
        for number, line in enumerate(lines)
    ]
    return element("figure", element("div", picture, labels, class_="plot"), element("ul", keys, class_="keys"))


def _reach(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _across_line(share: float) -> Html:
    y = f"{share * SIDES:.1f}"
    return element("line", x1="0", x2=SIDES, y1=y, y2=y, class_="grid")


def _path(line: Drawn, number: int, across: Callable[[float], float], down: Callable[[float], float]) -> Html:
    """The line in pieces, each of which goes on where the one before ended: an attribute holds only so much text."""
    points = [f"{across(step) * SIDES:.2f},{down(value) * SIDES:.2f}" for step, value in line.points.items()]
    # A single point is a line to itself, which a round end makes a dot of.
    points = points if len(points) > 1 else points * 2
    pieces = [points[start : start + PIECE + 1] for start in range(0, len(points) - 1, PIECE)]
    return element(
        "g",
        element("title", f"{line.name}: {len(line.points):,} steps. {line.remark}"),
        [element("path", d=f"M{' L'.join(piece)}") for piece in pieces],
        class_=f"k{number % KINDS}",
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _steps(left: int, right: int, across: Callable[[float], float]) -> Iterator[Html]:
    wide = (right - left) / MOST_STEPS
    unit = 10 ** floor(log10(wide)) if wide >= 1 else 1
    step = next(int(unit * times) for times in (1, 2, 5, 10) if unit * times >= wide)
    for at in range(-(-left // step) * step, right + 1, step):
        yield element("span", f"{at:,}", class_="at", style=f"left: calc(3.5rem + (100% - 3.5rem) * {across(at):.4f})")
