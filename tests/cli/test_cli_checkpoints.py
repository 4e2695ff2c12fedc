"""Checkpoints: listed with what was measured, taken and given back for free, and used wherever the model is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from workbench import Workbench, model

CHECKPOINTS = "/checkpoints"


def declared(bench: Workbench, checkpoint: dict[str, Any] | None = None, **keys: Any) -> None:
    """A model that is trained for three epochs and validated, with a checkpoint wished for."""
    bench.rows("rows.jsonl")
    bench.rows("valid.jsonl", topic="letter")
    wished = {} if checkpoint is None else {"checkpoint": checkpoint}
    datasets = {"rows": {"path": "rows.jsonl"}, "valid": {"path": "valid.jsonl"}}
    bench.declare({"bot": model(epochs=3, validation="valid", **wished)}, datasets, **keys)


def listed(bench: Workbench) -> list[dict[str, Any]]:
    done = bench.run("checkpoints", "model.bot", "-json")
    assert done.code == 0, done.said
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def output(bench: Workbench, name: str = "bot") -> str:
    return bench.run("output", "-raw", name).out.strip()


def writes(bench: Workbench) -> int:
    return sum(request["method"] != "GET" for request in bench.requests())


def test_they_are_listed_with_what_was_measured_there(bench: Workbench) -> None:
    declared(bench)
    bench.apply()
    found = listed(bench)
    assert [one["step"] for one in found] == sorted(one["step"] for one in found)
    assert {"train_loss", "valid_loss"} <= found[0]["metrics"].keys()
    metrics = json.loads(bench.run("metrics", "model.bot", "-json").out)[0]
    for one in found:
        told = {row["step"]: row for row in metrics["steps"]}[one["step"]] if "steps" in metrics else None
        assert told is None or told["valid_loss"] == one["metrics"]["valid_loss"]
    text = bench.run("checkpoints", "model.bot").out
    best = min(found, key=lambda one: one["metrics"]["valid_loss"])
    (line,) = [line for line in text.splitlines() if best["model"] in line]
    assert f"{best['metrics']['valid_loss']:.4g}*" in line
    assert f"In use is the last step: {bench.model_id()}" in text


def test_another_checkpoint_is_a_free_change_in_place_and_back_again(bench: Workbench) -> None:
    declared(bench)
    bench.apply()
    sent = writes(bench)
    first, *_ = listed(bench)
    declared(bench, {"step": first["step"]})
    plan = bench.plan()
    assert "# model.bot will be updated in-place" in plan.out
    assert f'checkpoint = "last step" -> "step {first["step"]}"' in " ".join(plan.out.split())
    assert f'id = "{bench.model_id()}" -> "{first["model"]}"' in " ".join(plan.out.split())
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in plan.out
    bench.apply()
    assert (output(bench), writes(bench)) == (first["model"], sent)
    assert "No changes." in bench.plan().out
    assert "<- in use" in bench.run("checkpoints", "model.bot").out
    declared(bench)
    bench.apply()
    assert (output(bench), writes(bench)) == (bench.model_id(), sent)
    assert "No changes." in bench.plan().out


def test_a_model_is_trained_and_its_best_checkpoint_taken_in_one_apply(bench: Workbench) -> None:
    declared(bench, {"best": "valid_loss"}, aliases={"prod": {"model": "bot"}})
    plan = bench.plan()
    assert plan.out.count("# model.bot will be") == 1
    assert "Plan: 4 to add, 0 to change, 0 to destroy." in plan.out
    assert "Resources: 4 added, 0 changed, 0 destroyed." in bench.apply().out
    best = min(listed(bench), key=lambda one: one["metrics"]["valid_loss"])
    assert (output(bench), bench.state["aliases"][0]["now"]["model_id"]) == (best["model"], best["model"])
    assert bench.state["models"][0]["checkpoint"]["figure"] == best["metrics"]["valid_loss"]
    assert "No changes." in bench.plan().out


def test_what_is_not_kept_is_told_with_what_there_is(bench: Workbench) -> None:
    declared(bench)
    bench.apply()
    declared(bench, {"step": 9999})
    done = bench.run("plan")
    assert (done.code, "There are the steps" in done.said, "ftplan checkpoints model.bot" in done.said) == (
        1,
        True,
        True,
    )


def test_a_wish_that_nothing_fits_fails_its_step_and_keeps_the_model(bench: Workbench) -> None:
    declared(bench, {"best": "valid_reward_mean"})
    done = bench.run("apply", "-auto-approve")
    assert (done.code, "No such checkpoint" in done.said, bench.bought()) == (1, True, (2, 1))
    assert output(bench) == bench.model_id()
    declared(bench, {"best": "valid_loss"})
    bench.apply()
    assert bench.bought() == (2, 1)


def test_a_column_that_was_meant_is_named(bench: Workbench) -> None:
    declared(bench)
    bench.apply()
    declared(bench, {"best": "valid_los_loss"})
    assert "Did you mean valid_loss?" in bench.run("plan").said


def test_only_who_wishes_for_one_asks_for_checkpoints(bench: Workbench) -> None:
    declared(bench)
    bench.apply()
    before = len([request for request in bench.requests("GET") if request["path"].endswith(CHECKPOINTS)])
    bench.plan()
    assert len([request for request in bench.requests("GET") if request["path"].endswith(CHECKPOINTS)]) == before


def test_offline_it_is_known_after_the_apply(bench: Workbench) -> None:
    declared(bench)
    bench.apply()
    declared(bench, {"best": "valid_loss"})
    assert "(known after apply)" in bench.plan("-offline").out


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({}, "has 0 entries; expected 1 at least"),
        ({"step": 1, "best": "valid_loss"}, "has 2 entries; expected 1 at most"),
        ({"step": 0}, "is the number 0"),
        ({"best": "speed"}, "a loss, an accuracy or a reward"),
        ({"worst": "x"}, 'has no key "worst"'),
    ],
)
def test_a_wish_that_makes_no_sense_is_told(bench: Workbench, wish: dict[str, Any], said: str) -> None:
    declared(bench, wish)
    done = bench.run("validate")
    assert (done.code, said in done.said) == (1, True), done.said
