"""A job as the wire shows it: every field of the published schema, and those seen in answers beside it."""

from __future__ import annotations

from ftplan.sandbox.catalog import ORGANIZATION
from ftplan.sandbox.schedule import STARTED, Fit, Job, failure, finished_at, status_of
from ftplan.sandbox.wire import Json


def shown(job: Job, fit: Fit, now: float) -> Json:
    """The job as the wire shows it at ``now``."""
    status, order = status_of(job, fit, now), job.order
    has_model = status == "succeeded"
    settings = order["method"][job.method]["hyperparameters"]
    if status in STARTED and fit.hyperparameters:
        settings = fit.hyperparameters
    method = {"type": job.method, job.method: {**order["method"][job.method], "hyperparameters": settings}}
    return {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": int(job.created),
        "error": failure(job, fit, status),
        "fine_tuned_model": job.model_id if has_model else None,
        "finished_at": finished_at(job, fit, status),
        "hyperparameters": settings if job.method == "supervised" else None,
        "model": job.model,
        "organization_id": ORGANIZATION,
        "result_files": [fit.result_file] if has_model else [],
        "seed": order["seed"],
        "status": status,
        "trained_tokens": fit.trained_tokens if has_model else None,
        "training_file": order["training_file"],
        "validation_file": order["validation_file"],
        "estimated_finish": int(job.wall(job.ends_due)) if status == "running" else None,
        "integrations": order["integrations"],
        "metadata": order["metadata"],
        "method": method,
        "user_provided_suffix": order["suffix"],
        "usage_metrics": None,
        "shared_with_openai": False,
    }
