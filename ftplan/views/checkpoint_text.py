"""Checkpoints of a job as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftplan.core.checkpoints import Checkpoint
from ftplan.core.metrics import best_step, in_order
from ftplan.core.records import ModelRecord
from ftplan.views.json_text import plain
from ftplan.views.metrics_text import column_title
from ftplan.views.style import Style, clean


def render_checkpoints(record: ModelRecord, kept: Sequence[Checkpoint], style: Style) -> str:
    """A line each: its step, what was measured (the best of a column with a star), its id; the one in use is marked."""
    head = style.bold(f"model.{clean(record.name)}") + f" ({clean(record.job.id)})"
    if not kept:
        return f"{head}: no checkpoints are kept."
    columns = in_order({name for one in kept for name in one.metrics})
    series = {name: {one.step: one.metrics[name] for one in kept if name in one.metrics} for name in columns}
    best = {name: best_step(name, series[name]) for name in columns}
    rows = [["step", *(column_title(name) for name in columns), "model"]]
    for one in kept:
        cells = [_figure(one.metrics.get(name), one.step == best[name]) for name in columns]
        used = "  <- in use" if one.model_id == record.output else ""
        rows.append([str(one.step), *cells, clean(one.model_id) + used])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    told = [[f"{cell:>{width}}" for cell, width in zip(row, widths, strict=False)] for row in rows]
    lines = ["  ".join([*cells, row[-1]]) for cells, row in zip(told, rows, strict=True)]
    if record.taken is None and record.output is not None:
        lines += ["", f"In use is the last step: {clean(record.output)}"]
    return "\n".join([head, "", style.faint(lines[0]), *lines[1:]])


def checkpoints_document(record: ModelRecord, kept: Sequence[Checkpoint]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "step": one.step,
            "model": one.model_id,
            "in_use": one.model_id == record.output,
            "metrics": plain({name: one.metrics[name] for name in in_order(one.metrics)}),
        }
        for one in kept
    ]


def _figure(value: float | None, best: bool) -> str:
    return "" if value is None else f"{value:.4g}{'*' if best else ' '}"
