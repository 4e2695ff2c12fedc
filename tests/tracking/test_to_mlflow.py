"""A training is one run of MLflow for ever, with its figures to the last digit. MLflow's own store is written to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from runs import ACCURACIES, LOSSES, run

from ftplan.core.facts import Phase
from ftplan.errors import FtplanError
from ftplan.tracking import log_to_mlflow


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """MLflow with a store of its own, which its small package brings."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    return MlflowClient()


def the_run(client: MlflowClient, experiment: str = "support") -> Run:
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    (only,) = client.search_runs([found.experiment_id])
    return only


def history(client: MlflowClient, name: str) -> list[tuple[int, float]]:
    return [(one.step, one.value) for one in client.get_metric_history(the_run(client).info.run_id, name)]


def test_everything_of_a_training_is_in_its_run(client: MlflowClient) -> None:
    id, new = log_to_mlflow(run(), "support")
    made = the_run(client)
    assert (made.info.run_id, made.info.run_name, made.info.status) == (id, "support-bot", "FINISHED")
    assert (made.info.start_time, made.info.end_time) == (1_790_000_000_000, 1_790_000_600_000)
    assert history(client, "train_loss") == list(LOSSES.items())
    assert history(client, "valid_mean_token_accuracy") == list(ACCURACIES.items())
    assert made.data.params == {"n_epochs": "3", "hyperparameters.batch_size": "8"}
    assert made.data.tags["ftplan.model"] == "model.support-bot"
    assert (made.data.metrics["trained_tokens"], made.data.metrics["eval.accuracy.score"]) == (1200.0, 0.875)
    assert new == len(LOSSES) + len(ACCURACIES) + 2


def test_what_is_there_is_not_written_again(client: MlflowClient) -> None:
    first = log_to_mlflow(run(), "support")
    assert log_to_mlflow(run(), "support") == (first[0], 0)
    assert history(client, "train_loss") == list(LOSSES.items())


def test_a_job_that_goes_on_is_followed_in_the_same_run(client: MlflowClient) -> None:
    going = run(phase=Phase.RUNNING, finished_at=None, columns={"train_loss": {1: 2.5}}, totals={})
    id, _ = log_to_mlflow(going, "support")
    assert the_run(client).info.status == "RUNNING"
    assert log_to_mlflow(run(), "support")[0] == id
    assert history(client, "train_loss") == list(LOSSES.items())
    assert the_run(client).info.status == "FINISHED"


def test_more_than_fits_a_request_is_sent_in_several(client: MlflowClient) -> None:
    long = {step: 1 / step for step in range(1, 2502)}
    parameters = {f"p{number}": number for number in range(250)}
    log_to_mlflow(run(columns={"train_loss": long}, parameters=parameters), "support")
    assert history(client, "train_loss") == list(long.items())
    assert len(the_run(client).data.params) == 250


@pytest.mark.parametrize("name", ["../../out", "a' or '1", "x/y", ".", "n\n", "\u202eloss", "a" * 300])
def test_a_foreign_name_neither_leaves_its_folder_nor_fails(client: MlflowClient, tmp_path: Path, name: str) -> None:
    hostile = run(job_id=name, tags={"ftplan.job_id": name}, columns={name: {1: 0.5}}, parameters={name: name})
    log_to_mlflow(hostile, "support")
    assert log_to_mlflow(hostile, "support")[1] == 0
    assert len(the_run(client).data.params) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_two_jobs_are_two_runs(client: MlflowClient) -> None:
    ids = {log_to_mlflow(run(job_id=id, tags={"ftplan.job_id": id}), "support")[0] for id in ("ftjob-1", "ftjob-2")}
    assert len(ids) == 2


def test_a_server_that_is_not_there_is_told_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@127.0.0.1:9")
    with pytest.raises(FtplanError) as refusal:
        log_to_mlflow(run(), "support")
    (problem,) = refusal.value.problems
    assert problem.summary == "MLflow did not take the run"
    assert "hunter2" not in problem.detail
    assert "MLFLOW_TRACKING_URI" in problem.advice


def test_nothing_is_told_to_the_makers_of_mlflow(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    log_to_mlflow(run(), "support")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_without_mlflow_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(FtplanError) as refusal:
        log_to_mlflow(run(), "support")
    assert refusal.value.problems[0].command == "pip install 'ftplan[mlflow]'"
