"""Real datasets, planned and trained at the sandbox as they are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workbench import Workbench, model


@pytest.fixture
def stocked(bench: Workbench, real_data: Path) -> Workbench:
    """The bench with the real datasets in its folder, and the cache of measurements that users have."""
    for path in real_data.glob("*.jsonl"):
        os.symlink(path, bench.folder / path.name)
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    return bench


def test_tool_calls_are_trained_on(stocked: Workbench) -> None:
    stocked.declare({"pilot": model(dataset="drone_training.jsonl")}, {})
    planned = stocked.plan("-allow-outside")
    assert "rows = 103" in " ".join(planned.out.split())
    stocked.apply("-allow-outside")
    assert "No changes." in stocked.plan("-allow-outside").out


def test_preferences_are_trained_on_top_of_thousands_of_examples(stocked: Workbench) -> None:
    stocked.declare(
        {
            "solver": model(dataset="gsm8k_train.jsonl", suffix="solver"),
            "polished": model(
                base_model="model.solver", dataset="gsm8k_preference.jsonl", method="dpo", suffix="polished"
            ),
        },
        {},
    )
    planned = stocked.plan("-allow-outside")
    assert "Plan: 4 to add, 0 to change, 0 to destroy." in planned.out
    assert "7,473" in planned.out
    assert "1,163" in planned.out
    stocked.apply("-allow-outside")
    assert stocked.bought() == (2, 2)
    jobs = {m["name"]: m["job"] for m in stocked.state["models"]}
    assert jobs["polished"]["base_model"] == jobs["solver"]["fine_tuned_model"]
    assert "No changes." in stocked.plan("-allow-outside").out


@pytest.mark.parametrize("name", ["drone_training.jsonl", "gsm8k_train.jsonl"])
def test_the_estimate_is_what_tiktoken_counts_and_what_is_billed(
    stocked: Workbench, name: str, published_count: Callable[[Any], int]
) -> None:
    """Three counts that share no line of code: ftplan's, the sandbox's, and tiktoken's over the published framing."""
    rows = (stocked.folder / name).read_text(encoding="utf-8").split("\n")
    counted = sum(published_count(json.loads(row)) for row in rows if row)
    stocked.declare({"pilot": model(dataset=name, epochs=2)}, {})
    planned = stocked.plan("-allow-outside", "-json").lines()
    (estimate,) = [line["cost_estimate"] for line in planned if line["type"] == "cost_estimate"]
    assert estimate["tokens"] == 2 * counted
    assert estimate["low"] == estimate["high"] == 2 * counted * 5 / 1_000_000
    stocked.apply("-allow-outside")
    (record,) = stocked.state["models"]
    assert record["job"]["trained_tokens"] == 2 * counted


def test_what_auto_epochs_are_billed_lies_within_the_estimate(stocked: Workbench) -> None:
    stocked.declare({"pilot": model(dataset="drone_training.jsonl", epochs="auto")}, {})
    planned = stocked.plan("-allow-outside", "-json").lines()
    (estimate,) = [line["cost_estimate"] for line in planned if line["type"] == "cost_estimate"]
    assert estimate["low"] < estimate["high"]
    stocked.apply("-allow-outside")
    billed = stocked.state["models"][0]["job"]["trained_tokens"] * 5 / 1_000_000
    assert estimate["low"] <= billed <= estimate["high"]


def test_five_examples_are_refused_with_their_number_and_the_rule(stocked: Workbench) -> None:
    stocked.declare({"toy": model(dataset="toy_chat_fine_tuning.jsonl")}, {})
    for command in ("validate", "plan", "apply"):
        done = stocked.run(command, "-allow-outside", *(["-auto-approve"] if command == "apply" else []))
        assert done.code == 1
        assert "toy_chat_fine_tuning.jsonl" in done.said
        assert "5" in done.said
        assert "10" in done.said
    assert stocked.bought() == (0, 0)


def test_a_link_out_of_the_folder_needs_leave(stocked: Workbench) -> None:
    stocked.declare({"pilot": model(dataset="drone_training.jsonl")}, {})
    done = stocked.run("plan")
    assert done.code == 1
    assert "drone_training.jsonl" in done.said
    assert "outside" in done.said


def test_rows_that_were_edited_are_found_among_thousands(stocked: Workbench) -> None:
    rows = (stocked.folder / "gsm8k_train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    edited = [row.replace("the", "some", 1) if number % 50 == 0 else row for number, row in enumerate(rows)]
    changed = sum(one != other for one, other in zip(rows, edited, strict=True))
    stocked.write("edited.jsonl", "".join([*edited[1000:7000], *edited[:1000], *edited[7100:]]))
    done = stocked.run("dataset", "diff", "-json", "gsm8k_train.jsonl", "edited.jsonl")
    (diff,) = json.loads(done.out)["dataset_diffs"]
    assert (diff["before"]["rows"], diff["after"]["rows"], diff["removed"], diff["added"]) == (7473, 7373, 100, 0)
    assert diff["edited"] == changed - sum(
        one != other for one, other in zip(rows[7000:7100], edited[7000:7100], strict=True)
    )
    assert diff["moved"] == sum(row == now for row, now in zip(rows[:1000], edited[:1000], strict=True))
