"""The wire's objects and ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from wire_stub import file, job

from ftplan.core.facts import JobProgress, Phase
from ftplan.core.integrations import WandbReport
from ftplan.core.ports import JobRequest
from ftplan.providers.openai_wire import (
    PHASES,
    BadId,
    checked_id,
    file_from_wire,
    job_from_wire,
    job_to_wire,
    model_from_wire,
    progress_from_wire,
)

STATUSES = {
    "validating_files": Phase.VALIDATING,
    "queued": Phase.QUEUED,
    "pending": Phase.QUEUED,
    "running": Phase.RUNNING,
    "pausing": Phase.PAUSED,
    "paused": Phase.PAUSED,
    "succeeded": Phase.SUCCEEDED,
    "failed": Phase.FAILED,
    "cancelled": Phase.CANCELLED,
}


@pytest.mark.parametrize(("status", "phase"), STATUSES.items())
def test_every_documented_status_has_its_phase(status: str, phase: Phase) -> None:
    seen = job_from_wire(job(status=status))
    assert (seen.phase, seen.status) == (phase, status)


def test_the_table_of_statuses_has_no_line_without_a_test() -> None:
    assert set(PHASES) == set(STATUSES)


@pytest.mark.parametrize("status", ["moderating", "SUCCEEDED", "", None, 7])
def test_an_unknown_status_is_looked_at_again(status: Any) -> None:
    seen = job_from_wire(job(status=status))
    assert seen.phase is Phase.UNKNOWN
    assert not seen.phase.settled
    assert seen.status == (status if isinstance(status, str) else "")


@pytest.mark.parametrize("error", [None, {}, {"code": None, "message": None, "param": None}, "", []])
def test_an_empty_error_is_no_error(error: Any) -> None:
    seen = job_from_wire(job(error=error))
    assert (seen.error_code, seen.error_message) == (None, None)


def test_an_error_keeps_its_code_and_message() -> None:
    seen = job_from_wire(job(status="failed", error={"code": "invalid_n_examples", "message": "3 example(s)"}))
    assert (seen.error_code, seen.error_message) == ("invalid_n_examples", "3 example(s)")


@pytest.mark.parametrize("key", ["user_provided_suffix", "suffix"])
def test_the_suffix_is_read_from_where_it_is_sent(key: str) -> None:
    assert job_from_wire(job(**{key: "bot"})).suffix == "bot"


def test_hyperparameters_are_read_from_the_method_and_from_their_old_place() -> None:
    method = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1, "n_epochs": 2, "batch_size": "auto"}}}
    seen = job_from_wire(job(hyperparameters=None, method=method))
    assert seen.hyperparameters == {"beta": 0.1, "n_epochs": 2, "batch_size": "auto"}
    assert job_from_wire(job(hyperparameters={"n_epochs": 3, "batch_size": None})).hyperparameters == {"n_epochs": 3}


def test_no_metadata_is_empty_metadata() -> None:
    assert job_from_wire(job(metadata=None)).metadata == {}


def test_an_estimated_finish_of_zero_is_not_known() -> None:
    assert job_from_wire(job(estimated_finish=0)).estimated_finish is None
    assert job_from_wire(job(estimated_finish=1_800_000_000)).estimated_finish == 1_800_000_000


def test_a_finished_job_tells_its_model_tokens_and_files() -> None:
    seen = job_from_wire(
        job(status="succeeded", fine_tuned_model="ft:m:o::1", trained_tokens=5, finished_at=9, result_files=["file-r"])
    )
    assert (seen.fine_tuned_model, seen.trained_tokens, seen.finished_at) == ("ft:m:o::1", 5, 9)
    assert seen.result_files == ("file-r",)


@pytest.mark.parametrize("field", sorted(set(job()) - {"id"}))
@pytest.mark.parametrize("value", [None, "text", 3, True, [], {}, [None], {"a": None}])
def test_a_field_of_any_type_breaks_nothing(field: str, value: Any) -> None:
    job_from_wire(job(**{field: value}))
    job_from_wire({"id": "ftjob-1"})


@pytest.mark.parametrize("id", [None, 7, "", "../files/x", "a b", "x" * 300])
def test_an_object_without_a_usable_id_is_no_object(id: Any) -> None:
    for translate in (job_from_wire, file_from_wire, model_from_wire):
        with pytest.raises(ValueError):
            translate({"id": id})


@pytest.mark.parametrize(
    ("status", "ready"),
    [("processed", True), ("uploaded", None), ("pending", None), ("error", False), ("deleted", False), (None, None)],
)
def test_a_file_is_ready_not_ready_or_in_work(status: str | None, ready: bool | None) -> None:
    seen = file_from_wire(file(status=status, status_details="bad line" if ready is False else None))
    assert seen.ready is ready
    assert seen.detail == ("bad line" if ready is False else "" if ready else f"status {status or ''!r}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2027-01-14", date(2027, 1, 14)), ("2027-01-14T00:00:00Z", date(2027, 1, 14)),
     (None, None), ("soon", None), (20270114, None), ("", None)],
)  # fmt: skip
def test_a_shutdown_date_is_read_or_left(text: Any, expected: date | None) -> None:
    assert model_from_wire({"id": "m", "shutdown_date": text}).shutdown == expected


def test_progress_is_the_latest_metrics_and_the_latest_message() -> None:
    def event(at: int, message: str, data: Any = None) -> dict[str, Any]:
        return {"created_at": at, "message": message, "data": data}

    metrics = {"step": 20, "total_steps": 30, "train_loss": 0.5, "valid_loss": None}
    events = [event(1, "Created"), event(3, "Step 20", metrics), event(4, "Checkpoint", {}), event(2, "s", {"step": 1})]
    assert progress_from_wire(events) == JobProgress(20, 30, 0.5, None, "Checkpoint")
    assert progress_from_wire([event(1, "Created")]) == JobProgress(message="Created")
    assert progress_from_wire([]) is None


def test_the_smallest_order_says_nothing_that_was_not_said(order: Callable[..., JobRequest]) -> None:
    assert job_to_wire(order()) == {
        "model": "gpt-4.1-mini-2025-04-14",
        "training_file": "file-1",
        "method": {"type": "supervised"},
        "metadata": {"ftplan_key": "k"},
    }


def test_a_supervised_order_says_what_was_chosen(order: Callable[..., JobRequest]) -> None:
    hyperparameters = {"batch_size": "auto", "learning_rate_multiplier": 1.8}
    body = job_to_wire(order(n_epochs=3, hyperparameters=hyperparameters, suffix="b", seed=0, validation_file="file-2"))
    assert body == {
        "model": "gpt-4.1-mini-2025-04-14",
        "training_file": "file-1",
        "method": {
            "type": "supervised",
            "supervised": {"hyperparameters": {"learning_rate_multiplier": 1.8, "n_epochs": 3}},
        },
        "validation_file": "file-2",
        "suffix": "b",
        "seed": 0,
        "metadata": {"ftplan_key": "k"},
    }


def test_a_preference_order_carries_its_beta(order: Callable[..., JobRequest]) -> None:
    assert job_to_wire(order(method="dpo", hyperparameters={"beta": 0.1}))["method"] == {
        "type": "dpo",
        "dpo": {"hyperparameters": {"beta": 0.1}},
    }


def test_a_reinforcement_order_carries_its_grader(order: Callable[..., JobRequest]) -> None:
    grader = {"type": "string_check", "name": "g", "input": "{{item.a}}", "reference": "x", "operation": "eq"}
    body = job_to_wire(order(method="reinforcement", hyperparameters={"reasoning_effort": "low"}, grader=grader))
    assert body["method"] == {
        "type": "reinforcement",
        "reinforcement": {"hyperparameters": {"reasoning_effort": "low"}, "grader": grader},
    }


def test_an_order_carries_the_run_that_the_service_is_to_write(order: Callable[..., JobRequest]) -> None:
    told = job_to_wire(order(wandb=WandbReport("support", tags=("a", "b"))))["integrations"]
    assert told == [{"type": "wandb", "wandb": {"project": "support", "tags": ["a", "b"]}}]


@pytest.mark.parametrize("id", ["ftjob-1", "file_x.y", "ft:gpt-4o:org:s:Ab", "org/model"])
def test_an_id_may_hold_letters_digits_and_a_few_marks(id: str) -> None:
    assert checked_id(id) == id


@pytest.mark.parametrize("id", ["", "../../files/x", "a..b", "a b", "a?b", "a#b", "a%2e", "ü", "a\n", "x" * 257])
def test_an_id_that_could_mean_another_address_is_refused(id: str) -> None:
    with pytest.raises(BadId):
        checked_id(id)
