"""Figures of trainings as a picture: matplotlib's door (`ftplan[png]`)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from ftplan.errors import FtplanError, Problem
from ftplan.views.metrics_lines import Chart, charts
from ftplan.views.metrics_text import Report
from ftplan.views.style import clean

WIDTH, HEIGHT, DOTS = 9.0, 3.6, 150
# Told apart by people who see colours otherwise, too (Okabe and Ito), and by the dashes of each model.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DASHES = ("-", "--", ":", "-.")
# Steps that are validated now and then are points as much as a line.
MOST_MARKED = 40


def render_metrics_png(reports: Sequence[Report]) -> bytes:
    """The charts below each other as one PNG. Raises `FtplanError` where matplotlib is not installed, or there is
    nothing to draw."""
    found = charts(reports)
    if not found:
        raise FtplanError(Problem("Nothing to draw", "No loss, accuracy or reward was measured yet."))
    figure, axes = _figure(len(found))
    for chart, axis in zip(found, axes, strict=True):
        _draw(chart, axis)
    told = ", ".join(clean(report.address, 60) for report in reports[:3]) + (", …" if len(reports) > 3 else "")
    rehearsed = " (a rehearsal)" if any(report.told.rehearsal for report in reports) else ""
    figure.suptitle(_plain(f"{told}{rehearsed}"), fontsize=11)
    file = io.BytesIO()
    # Without the library's own name and version in it, the same figures give the same bytes.
    figure.savefig(file, format="png", dpi=DOTS, metadata={"Software": None})
    return file.getvalue()


def _figure(count: int) -> tuple[Any, Sequence[Any]]:
    try:
        # Half a second to import; only a picture pays it. No window is ever opened.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        detail = "-png draws with matplotlib, which is not installed."
        raise FtplanError(
            Problem("No picture", detail, advice="Install it:", command="pip install 'ftplan[png]'")
        ) from None
    figure: Any = Figure(figsize=(WIDTH, HEIGHT * count), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(count, 1, squeeze=False)
    return figure, [row[0] for row in axes]


def _draw(chart: Chart, axis: Any) -> None:
    for number, line in enumerate(chart.lines):
        steps, values = list(line.points), list(line.points.values())
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[line.model % len(_DASHES)]
        marker = "o" if len(steps) <= MOST_MARKED else None
        look = {"color": colour, "label": _plain(line.label)}
        if line.trend:
            axis.plot(steps, values, "-", color=colour, linewidth=0.6, alpha=0.3)
            look["label"] += f" (means of {line.around})"
            steps, values = list(line.trend), list(line.trend.values())
        axis.plot(steps, values, dash, marker=marker, markersize=3, linewidth=1.4, **look)
        if line.best is not None:
            axis.plot([line.best], [line.points[line.best]], "*", color=colour, markersize=10, label="_best")
    for mark in chart.marks:
        axis.axvline(mark.step, color="#555555", linestyle=(0, (4, 3)), linewidth=1.2, label=_plain(mark.label))
    axis.set_title(f"{chart.title} (a star at the best step)", fontsize=10, loc="left")
    axis.set_xlabel("step")
    axis.grid(visible=True, linewidth=0.4, alpha=0.6)
    axis.margins(x=0.02)
    axis.legend(fontsize=8, frameon=False)


def _plain(text: str) -> str:
    """Foreign text that is not read as mathematics, and gives no name that hides a line."""
    return text.replace("$", r"\$").lstrip("_") or "-"
