"""A training is one run of Weights & Biases, with its figures to the last digit and nothing of this machine. Written is
to a folder, with wandb's own package."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from runs import ACCURACIES, LOSSES, run
from wandb_file import WrittenRun, read_run

from ftplan.errors import FtplanError
from ftplan.tracking import log_to_wandb
from ftplan.tracking.refused import refused


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[WrittenRun, int, int]:
    """A run that was written twice, and how many steps were new each time."""
    folder = tmp_path_factory.mktemp("wandb")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("WANDB_MODE", "offline")
        where, first = log_to_wandb(run(), "support")
        again, second = log_to_wandb(run(), "support")
    assert Path(folder, again).resolve() == Path(where).resolve()
    return read_run(Path(where)), first, second


def test_everything_of_a_training_is_in_its_run(written: tuple[WrittenRun, int, int]) -> None:
    made, new, _ = written
    assert (made.id, made.project, made.name) == ("ftjob-1", "support", "support-bot")
    assert {step: told["train_loss"] for step, told in made.steps.items() if "train_loss" in told} == LOSSES
    column = "valid_mean_token_accuracy"
    assert {step: told[column] for step, told in made.steps.items() if column in told} == ACCURACIES
    assert made.config["n_epochs"] == 3
    assert made.config["ftplan.model"] == "model.support-bot"
    assert (made.summary["trained_tokens"], made.summary["eval.accuracy.score"]) == (1200.0, 0.875)
    assert new == 3


def test_what_is_there_is_not_written_again(written: tuple[WrittenRun, int, int]) -> None:
    assert written[2] == 0


def test_nothing_of_this_machine_is_told(written: tuple[WrittenRun, int, int]) -> None:
    made, _, _ = written
    assert made.host != platform.node()
    assert made.files == []


def test_without_a_key_nobody_is_asked_for_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(FtplanError) as refusal:
        log_to_wandb(run(), "support")
    assert refusal.value.problems[0].summary == "Not logged in to Weights & Biases"


def test_what_it_refuses_is_told_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    told = refused("Weights & Biases", ValueError(f"no {'k' * 40}\n at http://a:b@c/"), "").problems[0].detail
    assert told == "no (hidden) at http://(hidden)@c/"


def test_without_wandb_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(FtplanError) as refusal:
        log_to_wandb(run(), "support")
    assert refusal.value.problems[0].command == "pip install 'ftplan[wandb]'"
