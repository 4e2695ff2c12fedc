"""What of the figures of trainings is drawn: losses in one chart, accuracies and rewards in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ftplan.core.metrics import Series, best_step
from ftplan.views.metrics_text import Report, column_title, shown_columns
from ftplan.views.style import clean


@dataclass(frozen=True, slots=True)
class Line:
    """One column of one model. `label` is clean; `best` is the step at which it is at its best."""

    label: str
    model: int
    points: Series
    best: int | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines that are measured alike."""

    title: str
    lines: tuple[Line, ...]


def charts(reports: Sequence[Report]) -> list[Chart]:
    """The charts that have anything in them. With several models every label names its model."""
    losses, others = list[Line](), list[Line]()
    for number, report in enumerate(reports):
        metrics = report.told.metrics
        for name in shown_columns(metrics):
            series = metrics.columns[name]
            if best_step(name, {0: 0.0}) is None or not series:
                continue
            label = column_title(name)
            label = f"{clean(report.address, 40)} {label}" if len(reports) > 1 else label
            (losses if "loss" in name else others).append(Line(label, number, series, best_step(name, series)))
    found = [Chart("Loss", tuple(losses)), Chart("Accuracy and reward", tuple(others))]
    return [chart for chart in found if chart.lines]
