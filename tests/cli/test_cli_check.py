"""`check`, as a nightly job runs it: which live models end before long, and what can take over."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from typing import Any

import pytest
from workbench import BASE, Workbench, model

# What the sandbox says of the base, as OpenAI does.
SHUTDOWN = date(2027, 1, 14)


@pytest.fixture
def trained(bench: Workbench) -> Workbench:
    bench.bot()
    bench.apply()
    return bench


def days_left() -> int:
    return max(0, (SHUTDOWN - datetime.now(timezone.utc).date()).days)


def test_a_model_whose_base_ends_within_the_days_is_named_with_its_end(trained: Workbench) -> None:
    done = trained.run("check", f"-days={days_left()}")
    assert done.code == 10
    assert f"model.bot {trained.model_id()}" in done.said
    assert f"its base {BASE} (Sandbox)" in done.said
    assert "2027-01-14" in done.said
    assert "says the provider" in done.said


def test_the_same_in_json_with_what_can_take_over_and_its_price_for_the_same_data(trained: Workbench) -> None:
    done = trained.run("check", f"-days={days_left()}", "-json")
    assert done.code == 10
    found = json.loads(done.out)
    assert (found["days"], found["checked"]) == (days_left(), 1)
    (ending,) = found["ending"]
    assert ending["address"] == "model.bot"
    assert ending["base_model"] == BASE
    assert ending["shutdown"] == "2027-01-14"
    assert ending["tokens"] == trained.state["models"][0]["job"]["trained_tokens"]
    assert ending["successors"], "no service outlives OpenAI"
    assert all(one["until"] is None or one["until"] > "2027-01-14" for one in ending["successors"])
    priced = [one["cost"] for one in ending["successors"] if one["cost"] is not None]
    assert priced == sorted(priced)


def test_a_model_that_an_alias_still_stands_for_is_named_beside_the_one_that_took_its_place(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.rows("asked.jsonl", topic="letter")
    declared: dict[str, Any] = {
        "datasets": {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}},
        "evals": {"accuracy": {"dataset": "asked", "grader": {"type": "exact"}, "thresholds": {"score": 0}}},
        "aliases": {"prod": {"model": "bot", "requires": ["eval.accuracy"]}},
    }
    bench.declare({"bot": model()}, **declared)
    bench.apply()
    in_use = bench.model_id()
    declared["evals"]["accuracy"]["thresholds"] = {"score": 1}
    bench.declare({"bot": model(epochs=2)}, **declared)
    assert bench.run("apply", "-auto-approve").code == 10
    ends = json.loads(bench.run("check", f"-days={days_left()}", "-json").out)["ending"]
    assert [(one["address"], one["model_id"]) for one in ends] == [
        ("alias.prod", in_use),
        ("model.bot", bench.model_id()),
    ]
    assert all(one["base_model"] == BASE for one in ends)


def test_offline_the_catalog_has_to_do_and_nobody_is_asked(trained: Workbench) -> None:
    asked = len(trained.requests())
    done = trained.run("check", f"-days={days_left()}", "-offline", "-json")
    assert done.code == 10
    assert json.loads(done.out)["ending"][0]["told_by"] == "catalog"
    assert len(trained.requests()) == asked


def test_a_provider_that_does_not_answer_is_said_and_the_catalog_has_to_do(trained: Workbench) -> None:
    trained.order({"action": "status", "method": "GET", "path": "/v1/models", "status": 401, "times": None})
    done = trained.run("check", f"-days={days_left()}", "-json")
    assert done.code == 10
    assert "Provider was not heard" in done.err
    assert json.loads(done.out)["ending"][0]["told_by"] == "catalog"


def test_a_provider_that_means_another_service_now_is_not_asked_about_models_it_never_had(trained: Workbench) -> None:
    trained.bot(providers={"trainer": {"type": "openai"}})
    done = trained.run("check", f"-days={days_left()}", "-json")
    assert (done.code, done.err) == (10, "")
    (ending,) = json.loads(done.out)["ending"]
    assert (ending["told_by"], ending["rehearsal"]) == ("catalog", True)


def test_where_nothing_was_trained_nothing_ends(bench: Workbench) -> None:
    bench.bot()
    done = bench.run("check")
    assert (done.code, done.out) == (0, "No model is managed yet, so none can end.\n\n")
    assert not (bench.folder / "ftplan.state.json").exists()


def test_a_failed_job_left_no_model_that_could_end(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_fails": {"code": "server_error", "message": "broken"}})
    assert bench.run("apply", "-auto-approve").code == 11
    assert json.loads(bench.run("check", "-json").out)["checked"] == 0


def test_days_are_a_number(bench: Workbench) -> None:
    bench.bot()
    done = bench.run("check", "-days=soon")
    assert done.code == 1
    assert "days" in done.said
