"""`logs`: what happened to a job, oldest first and each event once, and what happens to it until it is over."""

from __future__ import annotations

import signal
from typing import Any

from workbench import Workbench, model


def told(bench: Workbench, *words: str) -> list[dict[str, Any]]:
    done = bench.run("logs", "model.bot", "-json", *words)
    assert done.code == 0, done.said
    return done.lines()


def steps(events: list[dict[str, Any]]) -> list[int]:
    return [event["data"]["step"] for event in events if event["type"] == "metrics"]


def test_what_happened_is_told_oldest_first_with_its_figures(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    events = told(bench)
    assert [event["created_at"] for event in events] == sorted(event["created_at"] for event in events)
    assert steps(events) == sorted(steps(events))
    assert {event["address"] for event in events} == {"model.bot"}
    metrics = next(event for event in events if event["type"] == "metrics")
    assert {"step", "train_loss", "total_steps"} <= metrics["data"].keys()
    text = bench.run("logs", "model.bot").out.splitlines()
    assert len(text) == len(events)
    assert text[0].startswith(events[0]["created_at"])
    assert text[0].endswith(events[0]["message"])


def test_more_than_a_thousand_events_are_told_each_once_and_in_order(bench: Workbench) -> None:
    bench.rows("rows.jsonl", count=210)
    bench.declare({"bot": model(epochs=5, hyperparameters={"batch_size": 1})})
    bench.apply()
    events = told(bench)
    assert steps(events) == list(range(1, 1051))
    assert len({event["id"] for event in events}) == len(events) > 1050
    assert told(bench, "-follow") == events


def test_a_job_that_runs_is_followed_to_its_end_and_no_event_is_told_twice(bench: Workbench) -> None:
    bench.pace = 3
    bench.bot()
    bench.apply("-no-wait")
    events = told(bench, "-follow")
    assert len({event["id"] for event in events}) == len(events)
    assert "success" in events[-1]["message"].lower()
    assert told(bench) == events


def test_a_job_that_ended_badly_is_followed_to_exit_11(bench: Workbench) -> None:
    bench.order({"job_fails": {"code": "server_error", "message": "broken"}})
    bench.bot()
    bench.run("apply", "-auto-approve")
    assert bench.run("logs", "model.bot").code == 0
    done = bench.run("logs", "-follow", "model.bot")
    assert (done.code, "ended failed" in done.said) == (11, True)


def test_ctrl_c_ends_the_looking_and_not_the_job(bench: Workbench) -> None:
    bench.order({"job_stuck_in": "running"})
    bench.bot()
    bench.apply("-no-wait")
    looking = bench.start("logs", "-follow", "model.bot")
    looking.until_it_says(r"\d{4}-\d\d-\d\dT")
    looking.send(signal.SIGINT)
    assert looking.end().code == 130
    assert bench.state["models"][0]["job"]["phase"] != "cancelled"
    assert bench.requests("POST", None)[-1]["path"].endswith("/jobs")


def test_a_model_without_a_job_and_a_job_that_is_gone_are_told(bench: Workbench) -> None:
    bench.bot()
    assert "No job" in bench.run("logs", "model.bot").said
    bench.apply()
    for address in ("dataset.rows", "model.other", "bot"):
        assert bench.run("logs", address).code == 1
    path = bench.folder / "ftplan.state.json"
    path.write_text(path.read_text().replace(bench.state["models"][0]["job"]["id"], "ftjob-forgotten"))
    done = bench.run("logs", "model.bot")
    assert (done.code, "The job is gone" in done.said) == (1, True)


def test_what_a_service_says_commands_no_terminal(bench: Workbench) -> None:
    from ftplan.core.facts import JobEvent
    from ftplan.views.job_log_text import event_json, event_line
    from ftplan.views.style import Style

    event = JobEvent("e\n", -(10**18), "\x1b[2J::error::x\nfaked", "warn\x07", "m\x1b", {"a\x1b": "b\x1b"})
    for said in (event_line(event, Style()), event_json(event, "model.bot", "job")):
        assert said.isprintable()
        assert " ::" not in f" {said}"
