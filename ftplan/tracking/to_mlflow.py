"""A training as a run of MLflow: its door (`ftplan[mlflow]`)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ftplan.core.facts import Phase
from ftplan.core.tracked import TrackedRun
from ftplan.tracking.refused import not_installed, refused

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run
    from mlflow.tracking import MlflowClient

_KEY = "ftplan.run"
_STATUS: Mapping[Phase, str] = {Phase.SUCCEEDED: "FINISHED", Phase.FAILED: "FAILED", Phase.CANCELLED: "KILLED"}
# What MLflow takes in one request, and how long a parameter and a name may be.
_MOST_METRICS = 1000
_MOST_PARAMETERS = 100
_LONGEST_VALUE = 6000
_LONGEST_NAME = 250
_NOT_IN_NAMES = re.compile(r"[^\w\-. ]")
_ADVICE = (
    "Where MLflow is, is said by MLFLOW_TRACKING_URI. A server needs no more than this; for a database install all of "
    "MLflow (pip install mlflow), and a folder wants MLFLOW_ALLOW_FILE_STORE=true."
)


def log_to_mlflow(run: TrackedRun, experiment: str) -> tuple[str, int]:
    """Writes what of `run` is not yet in the experiment, which is made where there is none. Gives the id of the run
    there and how many figures were new. Raises `FtplanError` where MLflow is not installed or refuses."""
    # Ours is a command line: what it was used for is nobody's business. One who wants to tell can set it.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # By itself it goes on for minutes at a server that is not there, and says nothing meanwhile.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    try:
        # A second to import; only whoever asks for it pays.
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError:
        raise not_installed("mlflow", "mlflow-skinny", "mlflow") from None
    try:
        return _logged(MlflowClient(), run, experiment)
    except (MlflowException, OSError, ImportError) as error:
        raise refused("MLflow", error, _ADVICE) from None


def _logged(client: MlflowClient, run: TrackedRun, experiment: str) -> tuple[str, int]:
    from mlflow.entities import Param, RunTag

    there = _run(client, run, _experiment(client, experiment))
    id: str = there.info.run_id
    missing = list(_missing(client, there, run))
    named = {_name(name): str(value)[:_LONGEST_VALUE] for name, value in run.parameters.items()}
    parameters = [Param(name, value) for name, value in named.items() if name not in there.data.params]
    tags = [RunTag(name, value) for name, value in run.tags.items() if there.data.tags.get(name) != value]
    for at in range(0, len(missing), _MOST_METRICS):
        client.log_batch(id, metrics=missing[at : at + _MOST_METRICS])
    for at in range(0, max(len(parameters), len(tags)), _MOST_PARAMETERS):
        part = slice(at, at + _MOST_PARAMETERS)
        client.log_batch(id, params=parameters[part], tags=tags[part])
    if run.phase in _STATUS and there.info.status != _STATUS[run.phase]:
        client.set_terminated(id, _STATUS[run.phase], _milliseconds(run.finished_at or run.created_at))
    return id, len(missing)


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    id: str = found.experiment_id if found is not None else client.create_experiment(name)
    return id


def _run(client: MlflowClient, run: TrackedRun, experiment_id: str) -> Run:
    """The run of the job, made where there is none yet."""
    for found in client.search_runs([experiment_id], filter_string=f"tags.`{_KEY}` = '{run.key}'"):
        return found
    tags = {_KEY: run.key}
    return client.create_run(experiment_id, _milliseconds(run.created_at), tags, run_name=run.name)


def _missing(client: MlflowClient, there: Run, run: TrackedRun) -> Iterator[Metric]:
    """The figures that the run does not have: by step, and the totals without one."""
    from mlflow.entities import Metric

    at = _milliseconds(run.finished_at or run.created_at)
    for column, series in run.columns.items():
        name = _name(column)
        history = client.get_metric_history(there.info.run_id, name) if name in there.data.metrics else []
        known = {(metric.step, metric.value) for metric in history}
        yield from (Metric(name, value, at, step) for step, value in series.items() if (step, value) not in known)
    for total, value in run.totals.items():
        name = _name(total)
        if there.data.metrics.get(name) != value:
            yield Metric(name, value, at, 0)


def _name(text: str) -> str:
    """What MLflow takes for a name. It reads names as paths, so there is no slash in one, and no dot before it."""
    return _NOT_IN_NAMES.sub("_", text).lstrip(".")[:_LONGEST_NAME] or "_"


def _milliseconds(seconds: int) -> int:
    return seconds * 1000
