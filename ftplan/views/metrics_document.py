"""The figures of trainings for programs: JSON with every figure and the diagnosis, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from ftplan.core.diagnosis import diagnosis
from ftplan.core.metrics import Metrics, best_step, in_order
from ftplan.views.metrics_text import Report
from ftplan.views.sheet import cell


def metrics_document(report: Report) -> dict[str, Any]:
    """Every figure of one model's training by step, where its columns are from, and what they say."""
    told, metrics = report.told, report.told.metrics
    return {
        "address": report.address,
        "provider": told.provider,
        "job_id": told.job_id,
        "rehearsal": told.rehearsal,
        "complete": metrics.complete,
        "kept": report.kept,
        "columns": {name: _column(metrics, name) for name in metrics.columns},
        "steps": [{"step": step, **_at(metrics, step)} for step in metrics.steps],
        "diagnosis": [
            {"name": one.name, "sentence": one.sentence, "step": one.step, "figures": one.figures}
            for one in diagnosis(metrics)
        ],
    }


def metrics_csv(reports: Sequence[Report]) -> str:
    """Every figure of every model, a line a step, with a head; a cell without a figure is empty."""
    names = in_order({name for report in reports for name in report.told.metrics.columns})
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(["address", "step", *map(cell, names)])
    for report in reports:
        writer.writerows(_rows(report, names))
    return sheet.getvalue()


def _rows(report: Report, names: Sequence[str]) -> Iterable[list[str]]:
    metrics, address = report.told.metrics, cell(str(report.address))
    for step in metrics.steps:
        figures = (metrics.columns.get(name, {}).get(step) for name in names)
        yield [address, str(step), *("" if figure is None else repr(figure) for figure in figures)]


def _column(metrics: Metrics, name: str) -> dict[str, Any]:
    series = metrics.columns[name]
    best, last = best_step(name, series), max(series, default=None)
    return {
        "sources": metrics.sources[name],
        "best": None if best is None else {"step": best, "value": series[best]},
        "last": None if last is None else {"step": last, "value": series[last]},
        "not_finite_at": metrics.not_finite.get(name),
    }


def _at(metrics: Metrics, step: int) -> dict[str, float]:
    return {name: series[step] for name, series in metrics.columns.items() if step in series}
