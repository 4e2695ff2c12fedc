"""What a person says about a paid call in doubt is believed, unless what can be seen speaks against it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import OpenAI
from workbench import STATE, Workbench, model


def doubtful(bench: Workbench, **changes: Any) -> str:
    """A project whose paid call for `bot` is in doubt though its job is there, and `other` is trained; the job's id."""
    bench.rows("rows.jsonl")
    bench.declare({"bot": model(), "other": model(epochs=2)})
    bench.apply()
    state = bench.state
    record = next(m for m in state["models"] if m["name"] == "bot")
    state["models"].remove(record)
    intent = {
        name: record[name] for name in ("name", "provider", "key", "fingerprint", "attempt", "recipe", "lifecycle")
    }
    seen = {"created_at": "2026-01-01T00:00:00+00:00", "training_file": record["job"]["training_file"]}
    state["intents"] = [{**intent, **seen, "parent": None, "settled_seconds": 1.0, **changes}]
    bench.write(STATE, json.dumps(state)).chmod(0o600)
    return str(record["job"]["id"])


def other_job(bench: Workbench) -> str:
    return str(next(m["job"]["id"] for m in bench.state["models"] if m["name"] == "other"))


def refused(bench: Workbench, *words: str) -> str:
    before = (bench.folder / STATE).read_bytes()
    done = bench.run("resolve", *words)
    assert done.code == 1
    assert (bench.folder / STATE).read_bytes() == before
    return done.said


def test_a_job_is_taken_over_at_a_persons_word(bench: Workbench) -> None:
    job = doubtful(bench)
    bought = bench.bought()
    done = bench.run("resolve", "model.bot", f"-adopt={job}", "-auto-approve")
    assert done.code == 0, done.said
    assert not bench.state["intents"]
    record = next(m for m in bench.state["models"] if m["name"] == "bot")
    assert (record["job"]["id"], record["adopted"]) == (job, True)
    assert bench.plan("-detailed-exitcode").code == 0
    assert bench.bought() == bought


def test_that_no_job_was_started_is_believed_where_none_is_found(bench: Workbench) -> None:
    doubtful(bench, key="0" * 64)
    done = bench.run("resolve", "model.bot", "-not-created", "-auto-approve")
    assert done.code == 0, done.said
    assert not bench.state["intents"]
    assert [m["name"] for m in bench.state["models"]] == ["other"]


def test_that_no_job_was_started_is_not_believed_where_one_carries_the_key(bench: Workbench) -> None:
    job = doubtful(bench)
    assert f"ftplan resolve model.bot -adopt={job}" in refused(bench, "model.bot", "-not-created", "-auto-approve")


def test_another_job_is_refused_where_the_one_with_the_key_is_there(bench: Workbench) -> None:
    job = doubtful(bench)
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        shown = client.fine_tuning.jobs.retrieve(job)
        made = client.fine_tuning.jobs.create(model=shown.model, training_file=shown.training_file, suffix="hand")
    said = refused(bench, "model.bot", f"-adopt={made.id}", "-auto-approve")
    assert f"{job} carries the key" in said
    assert f"ftplan resolve model.bot -adopt={job}" in said


def test_a_job_that_was_ordered_otherwise_is_refused(bench: Workbench) -> None:
    job = doubtful(bench, key="0" * 64)
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        shown = client.fine_tuning.jobs.retrieve(job)
        made = client.fine_tuning.jobs.create(
            model=shown.model, training_file=shown.training_file, seed=5,
            method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 9}}},
        )  # fmt: skip
    said = refused(bench, "model.bot", f"-adopt={made.id}", "-auto-approve")
    assert "n_epochs 9" in said
    assert "seed 5" in said


def test_a_job_that_is_remembered_elsewhere_is_refused(bench: Workbench) -> None:
    doubtful(bench)
    said = refused(bench, "model.bot", f"-adopt={other_job(bench)}", "-auto-approve")
    assert "it is remembered as a job of model.other" in said
    assert "it carries the key of another paid call" in said


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"training_file": "file-x"}, "and file-x was to be read"),
        ({"created_at": "2999-01-01T00:00:00+00:00"}, "before the call was to be made"),
        ({"recipe": {"base_model": "gpt-4o-2024-08-06"}}, "and gpt-4o-2024-08-06 was to be trained"),
        ({"key": "f" * 64}, "it carries the key of another paid call"),
    ],
)
def test_a_job_that_cannot_be_it_is_refused(bench: Workbench, changes: dict[str, Any], why: str) -> None:
    job = doubtful(bench, **changes)
    assert why in refused(bench, "model.bot", f"-adopt={job}", "-auto-approve")


def test_a_job_that_nobody_knows_is_refused(bench: Workbench) -> None:
    doubtful(bench)
    assert "No such job" in refused(bench, "model.bot", "-adopt=ftjob-none", "-auto-approve")


def test_an_address_without_doubt_is_refused_with_those_that_have_one(bench: Workbench) -> None:
    doubtful(bench)
    for address in ("model.other", "model.unheard", "dataset.rows"):
        said = refused(bench, address, "-not-created", "-auto-approve")
        assert f"{address} has no paid call in doubt." in said
        assert "In doubt are: model.bot." in said


def test_where_nothing_is_in_doubt_that_is_said(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    assert "No paid call is in doubt." in refused(bench, "model.bot", "-not-created", "-auto-approve")


@pytest.mark.parametrize(
    "words", [("model.bot",), ("model.bot", "-adopt=j", "-not-created"), ("model", "-not-created"), ("-not-created",)]
)
def test_a_word_that_is_no_answer_is_refused(bench: Workbench, words: tuple[str, ...]) -> None:
    bench.bot()
    assert bench.run("resolve", *words).code == 1


def test_nothing_is_settled_without_consent(bench: Workbench) -> None:
    job = doubtful(bench)
    assert "Approval needed" in refused(bench, "model.bot", f"-adopt={job}")
    assert "Approval needed" in refused(bench, "model.bot", f"-adopt={job}", "-input=false")
