"""A running job is halted by its model's name and goes on later; one lost answer is no second request."""

from __future__ import annotations

import pytest
from openai import OpenAI
from workbench import JOBS, Workbench


@pytest.fixture
def running(bench: Workbench) -> Workbench:
    """A project whose one job runs and does not end."""
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    bench.apply("-no-wait")
    return bench


def job_of(bench: Workbench) -> str:
    return str(bench.state["models"][0]["job"]["id"])


def status_of(bench: Workbench) -> str:
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        return client.fine_tuning.jobs.retrieve(job_of(bench)).status


def asked(bench: Workbench, verb: str) -> int:
    return len(bench.requests("POST", f"{JOBS}/{job_of(bench)}/{verb}"))


def test_a_job_is_halted_and_goes_on(running: Workbench) -> None:
    done = running.run("pause", "model.bot", "-auto-approve")
    assert done.code == 0, done.said
    assert f"{job_of(running)} of model.bot is paus" in done.out
    assert status_of(running) in ("pausing", "paused")
    done = running.run("resume", "model.bot", "-auto-approve")
    assert done.code == 0, done.said
    assert status_of(running) not in ("pausing", "paused")
    assert (asked(running, "pause"), asked(running, "resume")) == (1, 1)


def test_a_paused_job_is_running_for_a_plan(running: Workbench) -> None:
    running.run("pause", "model.bot", "-auto-approve")
    assert "# model.bot will be followed" in running.plan().out
    assert running.bought() == (1, 1)


def test_what_is_so_already_is_not_asked_for_again(running: Workbench) -> None:
    assert "running already" in running.run("resume", "model.bot", "-auto-approve").out
    running.run("pause", "model.bot", "-auto-approve")
    again = running.run("pause", "model.bot", "-auto-approve")
    assert (again.code, "Nothing was changed." in again.out) == (0, True)
    assert (asked(running, "pause"), asked(running, "resume")) == (1, 0)


def test_a_job_that_is_over_is_left_alone(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    serial = bench.state["serial"]
    done = bench.run("pause", "model.bot", "-auto-approve")
    assert (done.code, "is over already (succeeded)" in done.out, bench.state["serial"]) == (0, True, serial)
    assert asked(bench, "pause") == 0


@pytest.mark.parametrize("fault", [{"action": "lost_answer"}, {"action": "status", "status": 500, "before": False}])
def test_an_answer_that_is_lost_is_looked_for_and_not_asked_for_again(
    running: Workbench, fault: dict[str, object]
) -> None:
    path = f"{JOBS}/{job_of(running)}/pause"
    running.order({**fault, "method": "POST", "path": path})
    done = running.run("pause", "model.bot", "-auto-approve")
    assert done.code == 0, done.said
    assert status_of(running) in ("pausing", "paused")
    assert asked(running, "pause") == 1


def test_a_refusal_is_told_and_nothing_is_kept_of_it(running: Workbench) -> None:
    path = f"{JOBS}/{job_of(running)}/pause"
    refusal = {"action": "status", "status": 400, "code": "invalid_method", "message": "not for this method"}
    running.order({**refusal, "method": "POST", "path": path})
    serial = running.state["serial"]
    done = running.run("pause", "model.bot", "-auto-approve")
    assert (done.code, "not for this method" in done.said, running.state["serial"]) == (1, True, serial)


def test_nothing_is_halted_without_approval(running: Workbench) -> None:
    done = running.run("pause", "model.bot")
    assert (done.code, "Approval needed" in done.err) == (1, True)
    assert status_of(running) == "running"


def test_a_model_without_a_job_and_one_that_nobody_knows_are_told(bench: Workbench) -> None:
    bench.bot()
    for verb in ("pause", "resume"):
        done = bench.run(verb, "model.bot", "-auto-approve")
        assert (done.code, f"Nothing to {verb}" in done.said) == (1, True)
