"""What was spent is in the state, and adds up to what the service billed, whatever happened on the way."""

from __future__ import annotations

import csv
import json
import urllib.request
from typing import Any

import pytest
from workbench import STATE, Workbench, model

PER_MILLION = 5  # of gpt-4.1-mini-2025-04-14


def told(bench: Workbench, *words: str) -> dict[str, Any]:
    done = bench.run("cost", "-json", *words)
    assert done.code == 0, done.said
    document: dict[str, Any] = json.loads(done.out)
    return document


def tokens_billed(bench: Workbench) -> dict[str, int]:
    """What the sandbox wrote on the bill of each job, by its id."""
    request = urllib.request.Request(f"{bench.sandbox.url}/fine_tuning/jobs?limit=100")
    request.add_header("authorization", "Bearer sandbox")
    with urllib.request.urlopen(request) as answer:
        return {job["id"]: job["trained_tokens"] or 0 for job in json.load(answer)["data"]}


def agrees(bench: Workbench) -> dict[str, Any]:
    """What `cost` says, after it was held against what the sandbox says."""
    bills, document = tokens_billed(bench), told(bench)
    by_job = {line["job_id"]: line["tokens"] for line in told(bench, "-by=job")["lines"]}
    assert by_job == bills
    assert document["rehearsed"]["tokens"] == sum(bills.values())
    assert document["rehearsed"]["billed"] == pytest.approx(sum(bills.values()) * PER_MILLION / 1e6)
    assert sum(line["tokens"] for line in document["lines"]) == sum(bills.values())
    assert not document["open"]
    return document


def lose(bench: Workbench) -> None:
    for path in bench.folder.glob(f"{STATE}*"):
        path.unlink()


def test_what_was_spent_is_what_was_billed(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": model(), "other": model(epochs=2)})
    bench.apply()
    bench.declare({"bot": model(epochs=3), "other": model(epochs=2)})
    bench.apply()
    lines = agrees(bench)["lines"]
    assert [(line["address"], line["jobs"], line["rehearsal"]) for line in lines] == [
        ("model.bot", 2, True),
        ("model.other", 1, True),
    ]


def test_a_job_that_failed_costs_nothing_and_its_retry_is_a_job_of_its_own(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_fails": {"code": "invalid_training_file", "message": "no", "in": "validating_files"}})
    assert bench.run("apply", "-auto-approve").code == 11
    assert (agrees(bench)["rehearsed"]["jobs"], agrees(bench)["rehearsed"]["billed"]) == (1, 0)
    bench.apply("-replace=model.bot")
    assert agrees(bench)["lines"][0]["jobs"] == 2
    ended = [line["phase"] for line in told(bench, "-by=job")["lines"]]
    assert ended == ["failed", "succeeded"]


def test_a_lost_state_adds_up_again_once_it_is_repaired(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": model(), "other": model(epochs=2)})
    bench.apply()
    bench.declare({"bot": model(epochs=3), "other": model(epochs=2)})
    bench.apply()
    before = agrees(bench)
    lose(bench)
    assert bench.run("state", "repair", "-auto-approve").code == 0
    after = agrees(bench)
    assert [(line["address"], line["jobs"], line["billed"]) for line in after["lines"]] == [
        (line["address"], line["jobs"], line["billed"]) for line in before["lines"]
    ]


def test_a_lost_state_adds_up_again_once_its_jobs_are_adopted(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    before = agrees(bench)
    lose(bench)
    bench.apply()
    assert agrees(bench) == before


def test_a_renamed_model_is_not_paid_for_again(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    bench.declare({"robot": model()})
    bench.apply()
    assert agrees(bench)["rehearsed"]["jobs"] == 1


def test_a_job_that_another_project_paid_for_is_not_in_the_books(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    lose(bench)
    bench.declare({"bot": model()}, project="another")
    bench.apply()
    assert told(bench)["lines"] == []
    assert bench.bought()[1] == 1


def test_what_still_runs_is_reserved_for_and_told_apart(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    bench.apply("-no-wait")
    document = told(bench)
    (waiting,) = document["open"]
    assert (document["lines"], waiting["address"], waiting["rehearsal"]) == ([], "model.bot", True)
    assert waiting["low"] == waiting["high"] == waiting["tokens"] * PER_MILLION / 1e6
    assert bench.run("cancel", "model.bot", "-auto-approve").code == 0
    (line,) = told(bench)["lines"]
    assert (line["billed"], line["unknown"]) == (None, 1)
    assert told(bench)["open"] == []


def test_a_month_is_shown_alone(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    (line,) = told(bench)["lines"]
    assert told(bench, f"-month={line['month']}")["lines"] == [line]
    assert told(bench, "-month=1999-12")["lines"] == []
    assert "Nothing was spent in 1999-12." in bench.run("cost", "-month=1999-12").out


@pytest.mark.parametrize(
    "words", [["-month=2026-13"], ["-month=2026"], ["-month=November"], ["-json", "-csv"], ["-by=week"]]
)
def test_what_cannot_be_meant_is_refused(bench: Workbench, words: list[str]) -> None:
    bench.bot()
    assert bench.run("cost", *words).code == 1


def test_the_table_is_a_sheet_as_well(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    (row,) = csv.DictReader(bench.run("cost", "-csv", "-by=job").out.splitlines())
    (line,) = told(bench, "-by=job")["lines"]
    assert (row["address"], row["job_id"], int(row["tokens"])) == ("model.bot", line["job_id"], line["tokens"])
    assert float(row["billed"]) == line["billed"]


def test_looking_asks_nobody_and_needs_no_dataset(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    asked = len(bench.requests())
    (bench.folder / "rows.jsonl").unlink()
    assert bench.run("cost").code == 0
    assert len(bench.requests()) == asked


def test_nothing_was_spent_before_anything_was(bench: Workbench) -> None:
    bench.bot()
    assert bench.run("cost").out.strip() == "Nothing was spent yet."
    assert told(bench)["total"]["billed"] == 0
