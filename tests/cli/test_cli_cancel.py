"""A running job is cancelled by its model's name, and no job of anybody else's."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI
from workbench import Workbench


@pytest.fixture
def running(bench: Workbench) -> Workbench:
    """A project whose one job runs and does not end."""
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    bench.apply("-no-wait")
    return bench


def job_of(bench: Workbench) -> str:
    return str(bench.state["models"][0]["job"]["id"])


def another(bench: Workbench, **changes: Any) -> str:
    """A second job with the marks of the first, which does not end either."""
    bench.order({"job_stuck_in": "running"})
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        first = client.fine_tuning.jobs.retrieve(job_of(bench))
        metadata = {**(first.metadata or {}), **changes}
        made = client.fine_tuning.jobs.create(model=first.model, training_file=first.training_file, metadata=metadata)
        return made.id


def status_of(bench: Workbench, job: str) -> str:
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        return client.fine_tuning.jobs.retrieve(job).status


def test_a_running_job_is_cancelled_and_told_as_that_from_then_on(running: Workbench) -> None:
    job = job_of(running)
    done = running.run("cancel", "model.bot", "-auto-approve")
    assert done.code == 0, done.said
    assert f"{job} of model.bot is cancelled." in done.out
    assert running.state["models"][0]["job"]["phase"] == "cancelled"
    assert "ended cancelled" in running.plan().said
    serial = running.state["serial"]
    again = running.run("cancel", "model.bot", "-auto-approve")
    assert (again.code, running.state["serial"]) == (0, serial)
    assert "is over already" in again.out


def test_a_second_job_is_cancelled_by_the_command_that_a_plan_gives(running: Workbench) -> None:
    second = another(running)
    command = f"ftplan cancel model.bot -job={second}"
    assert command in running.plan().said
    done = running.run(*command.split()[1:], "-auto-approve")
    assert done.code == 0, done.said
    assert status_of(running, second) == "cancelled"
    assert status_of(running, job_of(running)) == "running"


def test_a_job_of_somebody_else_is_left_alone(running: Workbench) -> None:
    theirs = another(running, ftplan_project="theirs")
    done = running.run("cancel", "model.bot", f"-job={theirs}", "-auto-approve")
    assert done.code == 1
    assert "Not a job of this model" in done.err
    assert status_of(running, theirs) != "cancelled"


def test_nothing_is_cancelled_without_approval(running: Workbench) -> None:
    done = running.run("cancel", "model.bot")
    assert done.code == 1
    assert "Approval needed" in done.err
    assert status_of(running, job_of(running)) == "running"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model.other",), "Models with a job: model.bot."),
        (("dataset.rows",), "Nothing to cancel"),
        (("bot",), "Invalid address"),
        (("model.bot", "-job=ftjob-neverwas"), "No such job"),
    ],
)
def test_what_cannot_be_cancelled_is_told(running: Workbench, words: tuple[str, ...], said: str) -> None:
    done = running.run("cancel", *words, "-auto-approve")
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.said
