"""What was measured is written to trackers by `metrics`, beside what it shows, and once."""

from __future__ import annotations

import csv
import io

from mlflow.tracking import MlflowClient
from workbench import Workbench

SAID = "model.bot: {} new figures for run"


def test_a_run_has_the_figures_that_the_command_shows(bench: Workbench) -> None:
    bench.environ(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_TRACKING_URI=(bench.folder / "runs").as_uri())
    bench.bot()
    bench.apply()
    done = bench.run("metrics", "model.bot", "-csv", "-mlflow=support")
    assert done.code == 0, done.said
    rows = list(csv.DictReader(io.StringIO(done.out)))
    client = MlflowClient()
    experiment = client.get_experiment_by_name("support")
    assert experiment is not None
    (made,) = client.search_runs([experiment.experiment_id])
    history = client.get_metric_history(made.info.run_id, "train_loss")
    assert [(one.step, one.value) for one in history] == [(int(row["step"]), float(row["train_loss"])) for row in rows]
    assert made.data.tags["ftplan.model_id"] == bench.model_id()
    assert made.data.params["n_epochs"] == "1"
    assert "cost_usd" not in made.data.metrics, "a rehearsal costs nothing"
    assert SAID.format(0) in bench.run("metrics", "model.bot", "-offline", "-mlflow=support").err


def test_without_figures_nothing_is_written(bench: Workbench) -> None:
    bench.environ(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_TRACKING_URI=(bench.folder / "runs").as_uri())
    bench.bot()
    bench.apply()
    assert bench.run("metrics", "model.bot", "model.other", "-mlflow=support").code == 1
    assert not (bench.folder / "runs").exists()
