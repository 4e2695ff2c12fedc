"""What of the figures of trainings is drawn: losses in one chart, accuracies and rewards in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import fsum

from ftplan.core.diagnosis import OVERFIT, diagnosis
from ftplan.core.metrics import Series, best_step
from ftplan.views.metrics_text import Report, column_title, shown_columns
from ftplan.views.style import clean

MOST_NOISE = 200
"""Of more figures the trend is drawn."""
_TREND_PARTS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One column of one model. `label` is clean; `best` is the step at which it is at its best. `trend` are means of
    `around` figures each, where there are so many that their noise hides what they say; else it is empty."""

    label: str
    model: int
    points: Series
    best: int | None
    trend: Series = field(default_factory=dict)
    around: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A step from which on something is so, in a few clean words."""

    label: str
    step: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines that are measured alike, and steps that the diagnosis is about."""

    title: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()


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
            around = len(series) // _TREND_PARTS if len(series) > MOST_NOISE else 1
            line = Line(label, number, series, best_step(name, series), _trend(series, around), around)
            (losses if "loss" in name else others).append(line)
    marks = tuple(mark for report in reports for mark in _marks(report, several=len(reports) > 1))
    found = [Chart("Loss", tuple(losses), marks), Chart("Accuracy and reward", tuple(others))]
    return [chart for chart in found if chart.lines]


def _trend(series: Series, around: int) -> Series:
    """The mean of so many figures around every few of them; at the ends of those that there are. Each is summed for
    itself: one figure beyond all others would leave nothing of a running sum."""
    if around < 2:
        return {}
    steps, values, half = list(series), list(series.values()), around // 2
    wanted = sorted({*range(0, len(steps), max(1, half // 2)), len(steps) - 1})
    windows = ((at, values[max(0, at - half) : at + half + 1]) for at in wanted)
    return {steps[at]: fsum(window) / len(window) for at, window in windows}


def _marks(report: Report, *, several: bool) -> Iterator[Mark]:
    """The step from which on a model learned its rows by heart."""
    for finding in diagnosis(report.told.metrics):
        if finding.name == OVERFIT and finding.step is not None:
            whose = f"{clean(report.address, 40)} " if several else ""
            yield Mark(f"{whose}overfit from step {finding.step:,}", finding.step)
