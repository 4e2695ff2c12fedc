"""A saved plan is an assertion: it is carried out once, without a question, and only while it still fits."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable

import pytest
from workbench import Workbench, model


@pytest.fixture
def planned(bench: Workbench) -> Workbench:
    """A bench with a plan in the file `p`."""
    bench.bot()
    done = bench.plan("-out=p", "-detailed-exitcode")
    assert done.code == 2
    assert "ftplan apply p" in done.out
    return bench


def test_a_saved_plan_is_applied_once_and_asks_nothing(planned: Workbench) -> None:
    assert stat.S_IMODE(os.stat(planned.folder / "p").st_mode) == 0o600
    assert planned.run("apply", "p").code == 0
    assert planned.bought() == (1, 1)
    again = planned.run("apply", "p")
    assert again.code == 1
    assert "it was applied already" in again.said
    assert "ftplan plan -out=" in again.said
    assert planned.bought() == (1, 1)
    assert "No changes." in planned.plan().out


def test_a_saved_plan_is_not_used_up_by_a_run_that_cannot_begin(planned: Workbench) -> None:
    planned.environ(FTPLAN_POLL_SECONDS="soon")
    done = planned.run("apply", "p")
    assert done.code == 1
    assert "FTPLAN_POLL_SECONDS" in done.said
    planned.environ(FTPLAN_POLL_SECONDS="0.05")
    assert planned.run("apply", "p").code == 0


CHANGES: dict[str, tuple[Callable[[Workbench], object], str]] = {
    "the configuration": (lambda bench: bench.bot(epochs=2), "the configuration or a variable has changed"),
    "a dataset": (lambda bench: bench.rows("rows.jsonl", "letter"), "dataset.rows has changed"),
    "a dataset's spelling": (
        lambda bench: bench.rows("rows.jsonl", separators=(",", ":")),
        "dataset.rows has changed",
    ),
    "the state": (lambda bench: bench.apply(), "was made for another state"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_saved_plan_is_stale_after_a_change_of(planned: Workbench, what: str) -> None:
    change, why = CHANGES[what]
    change(planned)
    before = planned.bought()
    done = planned.run("apply", "p")
    assert done.code == 1
    assert why in done.said
    assert planned.bought() == before


def test_a_saved_plan_is_stale_once_the_state_has_moved_on(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    bench.bot(epochs=2)
    bench.plan("-out=p")
    bench.apply()
    done = bench.run("apply", "p")
    assert done.code == 1
    assert "the state has moved on" in done.said
    assert bench.bought() == (1, 2)


def test_a_saved_plan_is_stale_once_the_provider_needs_other_steps(planned: Workbench) -> None:
    kept = (planned.folder / "p").read_bytes()
    planned.apply()
    (planned.folder / "ftplan.state.json").unlink()
    planned.write("p", kept)
    done = planned.run("apply", "p")
    assert done.code == 1
    assert "other steps are needed now" in done.said
    assert planned.bought() == (1, 1)


def test_a_plan_that_was_tampered_with_is_refused(planned: Workbench) -> None:
    good = (planned.folder / "p").read_text()
    spoilt = {
        "other steps": good.replace('"attempt": 1', '"attempt": 2'),
        "other options": good.replace('"max_cost": null', '"max_cost": 7'),
        "cut off": good[: len(good) // 2],
        "no plan": "{}",
        "nothing": "",
        "no text": "\x00",
    }
    for what, text in spoilt.items():
        assert text != good, what
        planned.write("p", text)
        for command in ("apply", "show"):
            done = planned.run(command, "p")
            assert done.code == 1, (what, command, done.said)
            assert "Error: " in done.err
            assert "defect" not in done.said, (what, done.err)
    assert planned.bought() == (0, 0)


def test_a_saved_plan_takes_no_options_that_would_move_it(planned: Workbench) -> None:
    for option in ("-target=model.bot", "-exclude=model.bot", "-replace=model.bot", "-destroy", "-refresh-only"):
        done = planned.run("apply", option, "p")
        assert done.code == 1, option
        assert option.split("=")[0] in done.said
    assert planned.bought() == (0, 0)


def test_variables_travel_in_the_saved_plan(bench: Workbench) -> None:
    bench.bot(epochs="${var.epochs}", variables={"epochs": {"type": "integer"}})
    bench.plan("-var=epochs=2", "-out=p")
    assert bench.run("apply", "p").code == 0
    assert bench.state["models"][0]["recipe"]["n_epochs"] == 2


def test_a_checksum_names_the_plan_that_was_approved(planned: Workbench) -> None:
    done = planned.run("apply", "-auto-approve", "-checksum=" + "0" * 64)
    assert done.code == 1
    checksum = json.loads(planned.run("show", "-json", "p").out)["checksum"]
    assert checksum in done.said
    assert planned.bought() == (0, 0)
    assert planned.run("apply", "-auto-approve", f"-checksum={checksum}").code == 0


def test_a_saved_destroy_plan_destroys(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    assert "2 to destroy" in bench.plan("-destroy", "-out=p").out
    done = bench.run("apply", "p")
    assert "Destroy complete! Resources: 2 destroyed." in done.out
    assert bench.state["models"] == bench.state["files"] == []


def test_show_prints_a_saved_plan_as_it_was_planned(planned: Workbench) -> None:
    shown = planned.run("show", "p")
    assert "# model.bot will be created" in shown.out
    assert "Plan: 2 to add" in shown.out
    assert planned.run("plan").out == shown.out


def test_show_json_prints_terraforms_document(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare(
        {"bot": model(epochs="${var.epochs}")},
        variables={"epochs": {"type": "integer", "default": 2}},
    )
    bench.plan("-out=p")
    document = json.loads(bench.run("show", "-json", "p").out)
    assert document["format_version"]
    assert document["variables"] == {"epochs": {"value": 2}}
    assert document["summary"] == {
        "upload": 1, "train": 1, "adopt": 0, "await": 0, "cancel": 0, "forget": 0, "delete": 0, "unchanged": 0
    }  # fmt: skip
    money = document["cost_estimate"]
    assert money["currency"] == "USD"
    assert set(money) >= {"currency", "low", "high", "tokens", "basis", "as_of", "by_address"}
    assert money["tokens"] > 0
    changes = {change["address"]: change for change in document["resource_changes"]}
    assert set(changes) == {"dataset.rows", "model.bot"}
    bot = changes["model.bot"]
    assert (bot["type"], bot["name"]) == ("model", "bot")
    assert bot["change"]["actions"] == ["create"]
    assert bot["change"]["before"] is None
    assert bot["change"]["after"]["epochs"] == 2
    assert bot["change"]["after_unknown"]["id"] is True
    bench.run("apply", "p")
    bench.plan("-var=epochs=3", "-out=p")
    changes = json.loads(bench.run("show", "-json", "p").out)["resource_changes"]
    replaced = next(change for change in changes if change["address"] == "model.bot")
    # Terraform's words for a replacement whose former object stays where it is.
    assert replaced["change"]["actions"] == ["create", "forget"]
    assert replaced["change"]["replace_paths"] == [["epochs"]]
    assert replaced["action_reason"]
