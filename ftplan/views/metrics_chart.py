"""Figures of trainings as charts on a terminal: plotille's door. Lines in colour, or letters where there is none."""

from __future__ import annotations

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
    _frame(figure, chart.lines)
    for number, line in enumerate(chart.lines):
        points = line.trend or line.points
        steps, values = list(points), list(points.values())
        if drawn and len(steps) > 1:
            figure.plot(steps, values, lc=_COLOURS[number % len(_COLOURS)])
        else:
            figure.plot(steps, values, marker=_letter(number), interp=None)
    first, last = min(min(line.points) for line in chart.lines), max(max(line.points) for line in chart.lines)
    for mark in chart.marks if drawn and last > first else ():
        figure.axvline((mark.step - first) / (last - first), lc="bright_black")
    yield style.bold(chart.title)
    text = str(figure.show())
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


def _frame(figure: Any, lines: Sequence[Line]) -> None:
    steps = [step for line in lines for step in line.points]
    values = [value for line in lines for value in (line.trend or line.points).values()]
    low, high = min(values), max(values)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    figure.set_x_limits(min_=min(steps), max_=max(steps) if max(steps) > min(steps) else min(steps) + 1)
    figure.set_y_limits(min_=low - room, max_=high + room)


def _letter(number: int) -> str:
    return ascii_lowercase[number % len(ascii_lowercase)]


def _label(value: float, chars: int, delta: Any = None, left: bool = False) -> str:
    text = f"{value:.4g}"
    return text.ljust(chars) if left else text.rjust(chars)
