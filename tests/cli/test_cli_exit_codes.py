"""Gates that refuse with 10, jobs that end badly with 11, and what becomes of everything else."""

from __future__ import annotations

import json

import pytest
from openai import OpenAI
from workbench import JOBS, STATE, Workbench, model

APPLY = ("apply", "-auto-approve")


def test_a_plan_over_its_budget_is_refused_before_anything_starts(bench: Workbench) -> None:
    for budget in ({"max_total": 0.0001}, {"max_per_model": 0.0001}):
        bench.bot(budget=budget)
        for command in (("plan",), ("plan", "-out=p"), APPLY, (*APPLY, "-json")):
            done = bench.run(*command)
            assert done.code == 10, (budget, command, done.said)
            assert f"budget.{next(iter(budget))}" in done.said
            assert "$" in done.said
    assert bench.bought() == (0, 0)
    assert not (bench.folder / "p").exists()
    assert not (bench.folder / STATE).exists()


def test_a_bound_on_the_command_line_refuses_as_well(bench: Workbench) -> None:
    bench.bot()
    done = bench.run(*APPLY, "-max-cost=0.0001")
    assert done.code == 10
    assert "-max-cost" in done.said
    assert bench.bought() == (0, 0)
    bench.apply("-max-cost=$1")


def test_a_saved_plan_keeps_its_bound_and_takes_a_lower_one(bench: Workbench) -> None:
    bench.bot()
    bench.plan("-max-cost=1", "-out=p")
    assert bench.run("apply", "-max-cost=0.0001", "p").code == 10
    assert bench.run("apply", "p").code == 0


def test_a_gate_is_told_once(bench: Workbench) -> None:
    bench.bot(budget={"max_total": 0.0001})
    assert bench.run("plan").said.count("Over budget") == 1
    told = [line["@message"] for line in bench.run("plan", "-json").lines() if line["type"] == "diagnostic"]
    assert told.count("Error: Over budget") == 1


def test_a_protected_model_is_neither_destroyed_nor_dropped(bench: Workbench) -> None:
    bench.bot(lifecycle={"prevent_destroy": True, "on_removed": "delete"})
    bench.apply()
    before = bench.state
    sent = len(bench.requests("POST")), len(bench.requests("DELETE"))
    for command in (("destroy", "-auto-approve"), ("plan", "-destroy")):
        done = bench.run(*command)
        assert done.code == 10
        assert "prevent_destroy" in done.said
    bench.declare({})
    done = bench.run(*APPLY)
    assert done.code == 10
    assert "model.bot is no longer declared" in done.said
    assert bench.state == before
    assert (len(bench.requests("POST")), len(bench.requests("DELETE"))) == sent


def test_a_failed_job_is_told_in_the_providers_words_and_its_siblings_are_trained(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bad": model(suffix="bad"), "good": model(suffix="good"), "child": model(base_model="model.bad")})
    bench.order({"job_fails": {"code": "invalid_training_file", "message": "Row 3 is odd", "in": "running"}})
    done = bench.run(*APPLY)
    assert done.code == 11
    assert "invalid_training_file: Row 3 is odd" in done.said
    assert "Failed: model.bad" in done.said
    assert "model.child: Skipped" in done.said
    assert "Apply complete" not in done.said
    assert bench.model_id("good")
    assert len(bench.requests("POST", JOBS)) == 2

    consent = {"lifecycle": {"retry_failed": True}}
    bench.declare(
        {"bad": model(suffix="bad", **consent), "good": model(suffix="good"), "child": model(base_model="model.bad")}
    )
    planned = bench.plan("-detailed-exitcode")
    assert planned.code == 2
    assert "# model.bad is tainted, so must be replaced" in planned.out
    assert "invalid_training_file: Row 3 is odd" in planned.out
    assert "Estimated cost: $" in planned.out
    bench.apply()
    assert len(bench.requests("POST", JOBS)) == 4
    assert "No changes." in bench.plan().out


def test_a_job_that_fails_when_its_files_are_checked_is_a_failed_job(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_fails": {"code": "invalid_training_file", "message": "Row 3 is odd"}})
    lines = bench.run(*APPLY, "-json")
    assert lines.code == 11
    assert any("Row 3 is odd" in line["@message"] + json.dumps(line) for line in lines.lines())


def test_a_failed_job_is_not_paid_for_again_without_consent(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_fails": {"code": "odd_row", "message": "Row 3 is odd"}})
    assert bench.run(*APPLY).code == 11
    planned = bench.plan("-detailed-exitcode")
    assert planned.code == 2
    assert "No changes. model.bot waits for your consent to be trained again." in planned.out
    assert "Warning: Failed job" in planned.out
    assert "odd_row: Row 3 is odd" in planned.out
    assert "Training it again: $" in planned.out
    assert "retry_failed: true" in planned.out
    assert "ftplan apply -replace=model.bot" in planned.out
    again = bench.run(*APPLY)
    assert again.code == 11
    assert "Models without a job that succeeded" in again.err
    assert bench.bought() == (1, 1)
    bench.apply("-replace=model.bot")
    assert bench.bought() == (1, 2)
    assert "Your infrastructure matches the configuration" in bench.plan().out


def test_a_failed_job_waits_for_consent_even_when_the_state_is_lost(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_fails": {"code": "odd_row", "message": "Row 3 is odd"}})
    assert bench.run(*APPLY).code == 11
    for name in ("ftplan.state.json", "ftplan.state.json.backup"):
        (bench.folder / name).unlink()
    assert "odd_row: Row 3 is odd" in bench.plan().out
    assert bench.run(*APPLY).code == 11
    assert bench.bought() == (1, 1)


def test_what_waits_for_consent_holds_up_its_children_alone(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bad": model(suffix="bad")})
    bench.order({"job_fails": {"code": "x", "message": "y"}})
    assert bench.run(*APPLY).code == 11
    bench.declare({"bad": model(suffix="bad"), "child": model(base_model="model.bad"), "good": model(suffix="good")})
    done = bench.run(*APPLY)
    assert done.code == 11
    assert "Waits for its parent" in done.said
    assert "model.child" in done.said
    assert "Apply complete! Resources: 1 added" in done.out
    assert bench.model_id("good")
    assert bench.bought() == (1, 2)


def test_a_job_that_somebody_cancelled_is_told_as_that(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    bench.apply("-no-wait")
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        client.fine_tuning.jobs.cancel(bench.state["models"][0]["job"]["id"])
    assert "ended cancelled" in bench.plan().said


def test_jobs_that_are_only_started_are_followed_by_the_next_run(bench: Workbench) -> None:
    bench.pace = 3
    bench.rows("rows.jsonl")
    bench.declare({"root": model(suffix="r"), "leaf": model(base_model="model.root")})
    done = bench.apply("-no-wait")
    assert "model.root: Started, not followed" in done.err
    assert bench.bought() == (1, 1)
    job = bench.state["models"][0]["job"]
    assert job["fine_tuned_model"] is None
    assert bench.plan("-detailed-exitcode").code == 2
    bench.apply()
    assert bench.bought() == (1, 2)
    assert job["id"] in {record["job"]["id"] for record in bench.state["models"]}
    assert "No changes." in bench.plan().out


def test_a_training_that_the_service_refuses_to_this_organization_is_explained(bench: Workbench) -> None:
    bench.bot()
    bench.order({"training_not_available": True})
    done = bench.run(*APPLY)
    assert done.code == 1
    assert "Training is closed to this organization" in done.said
    assert "nothing is billed" in done.said
    assert bench.state["intents"] == []
    bench.apply()
    assert len(bench.requests("POST", JOBS)) == 2


@pytest.mark.parametrize("on_removed", ["forget", "delete"])
def test_a_model_that_is_no_longer_declared_is(bench: Workbench, on_removed: str) -> None:
    bench.bot(lifecycle={"on_removed": on_removed})
    bench.apply()
    id = bench.model_id()
    bench.declare({})
    planned = bench.plan("-detailed-exitcode")
    assert planned.code == 2
    assert ("1 to destroy" in planned.out) == (on_removed == "delete")
    bench.apply()
    assert bench.state["models"] == []
    assert len(bench.requests("DELETE", f"/v1/models/{id}")) == (on_removed == "delete")
    assert "No changes." in bench.plan().out


def test_destroy_deletes_models_and_files_and_asks_the_state_alone(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    id = bench.model_id()
    done = bench.run("destroy", "-auto-approve")
    assert "Destroy complete! Resources: 2 destroyed." in done.out
    deleted = [request["path"] for request in bench.requests("DELETE")]
    assert f"/v1/models/{id}" in deleted
    assert len(deleted) == 2
    assert bench.run("state", "list").out == ""
    assert bench.run("destroy", "-auto-approve").code == 0
    bench.apply()
    assert bench.bought() == (2, 2)


def test_destroy_cancels_what_still_runs(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    bench.apply("-no-wait")
    job = bench.state["models"][0]["job"]["id"]
    assert bench.run("destroy", "-auto-approve").code == 0
    assert len(bench.requests("POST", f"{JOBS}/{job}/cancel")) == 1
    assert bench.state["models"] == []


def test_a_rate_limit_is_waited_out_as_long_as_the_service_asks(bench: Workbench) -> None:
    busy = {"action": "status", "status": 429, "headers": {"Retry-After-Ms": "50"}, "code": "rate_limit_exceeded"}
    bench.bot()
    bench.order(
        {**busy, "method": "GET", "path": "/v1/models.*"},
        {**busy, "method": "POST", "path": "/v1/files"},
        {**busy, "method": "POST", "path": JOBS},
    )
    bench.apply()
    assert [request["status"] for request in bench.requests("POST", JOBS)] == [429, 200]
    assert "No changes." in bench.plan().out
