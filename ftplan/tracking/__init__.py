"""Trackers of experiments, each through its own package: MLflow and Weights & Biases.

    to_mlflow    a run in an experiment of MLflow
    to_wandb     a run in a project of Weights & Biases
    refused      what they say when they will not, without what must not be said

Knows errors and core. A job is one run for ever: what is there already is not written again.
"""

from ftplan.tracking.to_mlflow import log_to_mlflow
from ftplan.tracking.to_wandb import log_to_wandb

__all__ = ["log_to_mlflow", "log_to_wandb"]
