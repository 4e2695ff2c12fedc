"""Writing what was measured to trackers of experiments, where `metrics` is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ftplan.cli.talking.console import Console
from ftplan.core.lineage import lineage
from ftplan.core.records import State
from ftplan.core.tracked import TrackedRun, tracked_run

if TYPE_CHECKING:
    from ftplan.views.metrics_text import Report


def write_tracked(reports: Sequence[Report], state: State, options: Mapping[str, Any], console: Console) -> None:
    """Each report as a run of every tracker that is named. Raises `FtplanError` with what a tracker says."""
    for report in reports if options["mlflow"] or options["wandb"] else ():
        run = _run(report, state)
        if run is None:
            continue
        if options["mlflow"]:
            from ftplan.tracking import log_to_mlflow

            id, new = log_to_mlflow(run, options["mlflow"])
            console.note(f"{report.address}: {new:,} new figures for run {id} of MLflow.")
        if options["wandb"]:
            from ftplan.tracking import log_to_wandb

            where, new = log_to_wandb(run, options["wandb"])
            console.note(f"{report.address}: {new:,} new steps for the run of Weights & Biases at {where}.")


def _run(report: Report, state: State) -> TrackedRun | None:
    found = lineage(state, report.told.job_id)
    return tracked_run(found, report.told.metrics, rehearsal=report.told.rehearsal) if found is not None else None
