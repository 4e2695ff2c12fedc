"""`watch`: the running jobs, followed by somebody who starts nothing, stops nothing and is in nobody's way."""

from __future__ import annotations

import signal

import pytest
from workbench import JOBS, STATE, Workbench, model

STUCK = {"job_stuck_in": "running"}
LOCK = ".ftplan.state.json.lock"


@pytest.fixture
def two(bench: Workbench) -> Workbench:
    """A project of two models whose jobs run for a second or two."""
    bench.pace = 3
    bench.rows("rows.jsonl")
    bench.declare({"bot": model(epochs=2), "triage": model(epochs=3)})
    bench.apply("-no-wait")
    return bench


def phases(bench: Workbench) -> dict[str, str]:
    return {record["name"]: record["job"]["phase"] for record in bench.state["models"]}


def test_all_that_runs_is_followed_to_its_end_and_kept(two: Workbench) -> None:
    done = two.run("watch")
    assert done.code == 0, done.said
    assert "2 jobs have ended, each with a model." in done.out
    assert phases(two) == {"bot": "succeeded", "triage": "succeeded"}
    assert "No changes." in two.plan().out
    assert two.bought() == (1, 2)


def test_what_is_seen_is_told_as_objects_with_step_loss_and_time_left(two: Workbench) -> None:
    done = two.run("watch", "-json")
    assert done.code == 0, done.said
    looks = [line["hook"] for line in done.lines() if line["type"] == "apply_progress"]
    assert {look["resource"]["addr"] for look in looks} == {"model.bot", "model.triage"}
    assert {"phase", "elapsed_seconds", "step", "train_loss", "total_steps"} <= {key for look in looks for key in look}
    assert [line["hook"]["id_value"] for line in done.lines() if line["type"] == "apply_complete"]


def test_only_those_asked_for_are_followed(two: Workbench) -> None:
    done = two.run("watch", "model.bot")
    assert done.code == 0, done.said
    assert "triage" not in done.said
    assert phases(two)["bot"] == "succeeded"


def test_the_figures_of_what_has_ended_are_kept(two: Workbench) -> None:
    two.run("watch")
    offline = two.run("metrics", "model.bot", "-offline")
    assert (offline.code, "train_loss" in offline.out) == (0, True)


def test_where_nothing_runs_that_is_said(bench: Workbench) -> None:
    bench.bot()
    assert "No job is running." in bench.run("watch").out
    bench.apply()
    before = (bench.folder / STATE).read_bytes()
    done = bench.run("watch", "model.bot")
    assert (done.code, "succeeded" in done.out) == (0, True)
    assert (bench.folder / STATE).read_bytes() == before


def test_a_job_that_ends_badly_is_exit_11(bench: Workbench) -> None:
    bench.pace = 3
    bench.order({"job_fails": {"code": "server_error", "message": "broken", "in": "running"}})
    bench.bot()
    bench.apply("-no-wait")
    done = bench.run("watch")
    assert (done.code, "broken" in done.said) == (11, True)
    assert phases(bench) == {"bot": "failed"}
    assert bench.run("watch", "model.bot").code == 11
    assert bench.bought() == (1, 1)


def test_a_parents_child_is_not_started(bench: Workbench) -> None:
    bench.pace = 3
    bench.rows("rows.jsonl")
    bench.declare({"parent": model(), "child": model(base_model="model.parent")})
    bench.apply("-no-wait")
    assert bench.run("watch").code == 0
    assert bench.bought() == (1, 1)
    assert "# model.child will be created" in bench.plan().out


def test_ctrl_c_ends_the_looking_and_not_the_job(bench: Workbench) -> None:
    bench.order(STUCK)
    bench.bot()
    bench.apply("-no-wait")
    looking = bench.start("watch")
    looking.until_it_says(r"Still following")
    assert (bench.folder / LOCK).read_text() == ""
    looking.send(signal.SIGINT)
    done = looking.end()
    assert done.code == 130
    assert f"Jobs that go on: model.bot ({bench.state['models'][0]['job']['id']})" in " ".join(done.said.split())
    assert not [request for request in bench.requests("POST") if request["path"].endswith(("/cancel", "/pause"))]


def test_others_may_change_what_is_watched(bench: Workbench) -> None:
    """The one who looks holds no lock: a cancellation goes through, and ends the looking."""
    bench.order(STUCK)
    bench.bot()
    bench.apply("-no-wait")
    looking = bench.start("watch")
    looking.until_it_says(r"Still following")
    assert bench.run("cancel", "model.bot", "-auto-approve").code == 0
    assert looking.end().code == 11
    assert phases(bench) == {"bot": "cancelled"}


def test_while_another_run_holds_the_lock_nothing_is_written(bench: Workbench) -> None:
    bench.pace = 1.2
    bench.bot()
    applying = bench.start("apply", "-auto-approve")
    applying.until_it_says(r"Still creating")
    looking = bench.start("watch")
    looking.until_it_says(r"Watching without writing")
    assert applying.end().code == 0
    done = looking.end()
    assert done.code == 0, done.said
    assert done.said.count("Watching without writing") == 1
    assert len(bench.requests("POST", JOBS)) == 1
    assert "No changes." in bench.plan().out
