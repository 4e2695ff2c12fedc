"""Trainings as trackers are told of them."""

from __future__ import annotations

from typing import Any

from ftplan.core.facts import Phase
from ftplan.core.tracked import TrackedRun

LOSSES = {1: 2.5, 2: 1.25, 4: 0.1 + 0.2}
ACCURACIES = {2: 0.5, 4: 0.75}


def run(**fields: Any) -> TrackedRun:
    plain: dict[str, Any] = {
        "job_id": "ftjob-1",
        "name": "support-bot",
        "phase": Phase.SUCCEEDED,
        "created_at": 1_790_000_000,
        "finished_at": 1_790_000_600,
        "parameters": {"n_epochs": 3, "hyperparameters.batch_size": 8},
        "tags": {"ftplan.job_id": "ftjob-1", "ftplan.model": "model.support-bot"},
        "columns": {"train_loss": LOSSES, "valid_mean_token_accuracy": ACCURACIES},
        "totals": {"trained_tokens": 1200.0, "eval.accuracy.score": 0.875},
    }
    return TrackedRun(**{**plain, **fields})
