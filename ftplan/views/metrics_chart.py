"""Figures of trainings as charts on a terminal: plotille's door. Lines in colour, or letters where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import Any

from ftplan.views.metrics_lines import Chart, Line, charts
from ftplan.views.metrics_text import Report
from ftplan.views.style import Look, Style

HEIGHT, NARROWEST, WIDEST = 12, 40, 110
# The labels of the height, the frame around it, and the name of the steps behind their line.
_BESIDE = 23
_COLOURS: tuple[Look, ...] = ("cyan", "yellow", "magenta", "green", "blue", "red")
# There is a label below each tenth column.
_LABELLED = 10
_BLANK = "\u2800"


def render_charts(reports: Sequence[Report], style: Style, columns: int, *, unicode: bool = True) -> str:
    """Every chart, without a newline at its end; empty where nothing can be drawn. Without `unicode` all of it is
    ASCII."""
    if columns < NARROWEST:
        return ""
    width = min(columns, WIDEST) - _BESIDE
    blocks = [list(_chart(chart, style, width, unicode=unicode)) for chart in charts(reports)]
    return "\n\n".join("\n".join(block) for block in blocks)


def _chart(chart: Chart, style: Style, width: int, *, unicode: bool) -> Iterator[str]:
    # 18 ms to import; only a chart pays it.
    import plotille

    drawn = style.colour and unicode
    figure: Any = plotille.Figure()
    figure.width, figure.height, figure.origin = width, HEIGHT, False
    figure.with_colors, figure.color_mode = drawn, "names"
    figure.x_label, figure.y_label = "step", ""
    figure.register_label_formatter(float, _label)
    figure.register_label_formatter(int, _label)
    first, last = _frame(figure, chart.lines)
    for number, line in enumerate(chart.lines):
        points = line.trend or line.points
        steps, values = list(points), list(points.values())
        if drawn and len(steps) > 1:
            figure.plot(steps, values, lc=_COLOURS[number % len(_COLOURS)])
        else:
            figure.plot(steps, values, marker=_letter(number), interp=None)
    for mark in chart.marks if drawn else ():
        figure.axvline((mark.step - first) / (last - first), lc="bright_black")
    yield style.bold(chart.title)
    text = str(figure.show()).replace("()", "", 1)  # where the height would have its unit
    yield from (line.rstrip() for line in (text if drawn else text.replace(_BLANK, " ")).splitlines())
    yield from _legend(chart, style, drawn)


def _legend(chart: Chart, style: Style, drawn: bool) -> Iterator[str]:
    """A line each: how it is drawn, what it is, and where it is at its best."""
    for number, line in enumerate(chart.lines):
        mark = style.paint("──", _COLOURS[number % len(_COLOURS)]) if drawn else f" {_letter(number)}"
        best = "" if line.best is None else f", best {line.points[line.best]:.6g} at step {line.best:,}"
        mean = f" (means of {line.around})" if line.trend else ""
        yield f"  {mark} {line.label}{mean}{style.faint(best)}"
    for told in chart.marks:
        yield f"  {style.faint('│') if drawn else ' '}  {told.label}"


def _frame(figure: Any, lines: Sequence[Line]) -> tuple[int, float]:
    """Fits the figure to `lines`. Returns the steps at its left and right edge."""
    first, last = _edges([step for line in lines for step in line.points], figure.width)
    figure.set_x_limits(min_=first, max_=last)
    values = [value for line in lines for value in (line.trend or line.points).values()]
    low, high = min(values), max(values)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    figure.set_y_limits(min_=low - room, max_=high + room)
    return first, last


def _edges(steps: Sequence[int], width: int) -> tuple[int, float]:
    """The ends of an axis around `steps` on which each tenth column, where a label stands, is a round step."""
    apart = _round_up((max(steps) - min(steps)) * _LABELLED / width)
    # Where the first label stands before the first step, less is left for the rest.
    while (first := min(steps) // apart * apart) + apart * width / _LABELLED < max(steps):
        apart = _round_up(apart + 1)
    return first, first + apart * width / _LABELLED


def _round_up(steps: float) -> int:
    """The next number of steps of two digits and zeros behind; at least one."""
    apart = max(1, math.ceil(steps))
    zeros = int(10 ** max(0, len(str(apart)) - 2))
    return math.ceil(apart / zeros) * zeros


def _letter(number: int) -> str:
    return ascii_lowercase[number % len(ascii_lowercase)]


def _label(value: float, chars: int, delta: Any = None, left: bool = False) -> str:
    text = f"{value:.4g}"
    return text.ljust(chars) if left else text.rjust(chars)
