"""A dataset split where it is declared: one half is trained with, the other validates, and nothing is written."""

from __future__ import annotations

import gzip
import json
import time
import urllib.request
from typing import Any

import pytest
from workbench import FILES, JOBS, Workbench

from ftplan.cli.opening.measuring import Reading, measure_datasets
from ftplan.cli.opening.shelf import Shelf
from ftplan.config import load_project
from ftplan.datasets import Cache
from ftplan.providers import load_catalog

TENTH = {"validation": 0.1}
WORDS = [f"{a}{b}" for a in ("red", "old", "big", "odd", "wet") for b in ("box", "car", "cup", "hat")][:19]


def rows(count: int = 40) -> bytes:
    pairs = [(f"{WORDS[n % 19]} {WORDS[n * 7 % 19]} {n * 31}", WORDS[n % 3]) for n in range(count)]
    return b"".join(
        json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}).encode() + b"\n"
        for q, a in pairs
    )


def declare(bench: Workbench, split: dict[str, Any] = TENTH, path: str = "rows.jsonl", **model: Any) -> None:
    """One dataset that is split, and one model trained with it."""
    if not (bench.folder / "rows.jsonl").exists():
        bench.write("rows.jsonl", rows())
    bench.declare(
        {"bot": {"base_model": "gpt-4.1-mini-2025-04-14", "dataset": "rows", "epochs": 1, **model}},
        {"rows": {"path": path, "split": split}, "others": {"path": "others.jsonl"}},
    )


def sent(bench: Workbench) -> dict[str, bytes]:
    """What the service has, by the name of its dataset."""
    found = {}
    for file in bench.state["files"]:
        key = urllib.request.Request(
            f"{bench.sandbox.url}/files/{file['id']}/content", headers={"Authorization": "Bearer x"}
        )
        with urllib.request.urlopen(key) as answer:
            found[file["datasets"][0]] = answer.read()
    return found


@pytest.mark.parametrize(
    ("split", "options"),
    [
        (TENTH, []),
        ({"validation": 0.25, "seed": 3}, ["-validation=0.25", "-seed=3"]),
        ({"validation": 0.3, "together": "identical"}, ["-validation=0.3", "-together=identical"]),
        (
            {"validation": 0.2, "stratify": "messages.1.content"},
            ["-validation=0.2", "-stratify=messages.1.content"],
        ),
    ],
)
def test_what_is_sent_is_what_the_command_writes(bench: Workbench, split: dict[str, Any], options: list[str]) -> None:
    declare(bench, split)
    bench.apply()
    assert [path.name for path in bench.folder.glob("*.jsonl")] == ["rows.jsonl"]
    assert bench.run("dataset", "split", "rows.jsonl", *options).code == 0
    names = {"rows": "rows.train.jsonl", "rows-validation": "rows.validation.jsonl"}
    assert sent(bench) == {name: (bench.folder / file).read_bytes() for name, file in names.items()}


def test_the_plan_shows_both_halves_and_a_second_one_has_nothing_to_do(bench: Workbench) -> None:
    declare(bench)
    planned = bench.plan().said
    assert "# dataset.rows will be created" in planned
    assert "# dataset.rows-validation will be created" in planned
    assert 'half = "validation, 0.1 of the rows, seed 7"' in planned
    assert 'validation = "rows-validation"' in planned
    bench.apply()
    assert bench.bought() == (2, 1)
    assert "No changes." in bench.plan().out
    assert bench.run("state", "list").out.split() == ["dataset.rows", "dataset.rows-validation", "model.bot"]
    assert '"model.bot" -> "dataset.rows-validation"' in bench.run("graph").out


def test_files_written_by_the_command_train_nothing_again(bench: Workbench) -> None:
    declare(bench)
    bench.apply()
    assert bench.run("dataset", "split", "rows.jsonl").code == 0
    bench.bot(dataset="rows.train.jsonl", validation="rows.validation.jsonl", seed=None)
    document = json.loads((bench.folder / "ftplan.yaml").read_text())
    del document["models"]["bot"]["seed"]
    bench.write("ftplan.yaml", json.dumps(document))
    assert "No changes." in bench.plan().out


def test_another_split_is_another_recipe_unless_the_owner_says_so(bench: Workbench) -> None:
    declare(bench)
    bench.apply()
    declare(bench, {"validation": 0.1, "seed": 8})
    changed = bench.plan().said
    assert "# model.bot must be replaced" in changed
    assert "dataset" in changed
    for ignored in (["dataset"], ["dataset", "validation"]):
        declare(bench, {"validation": 0.1, "seed": 8}, lifecycle={"ignore_changes": ignored})
        assert "No changes." in bench.plan().out
    declare(bench, {"validation": 0.1, "seed": 8}, lifecycle={"ignore_changes": ["validation"]})
    assert "# model.bot must be replaced" in bench.plan().said


def test_reordered_and_reformatted_rows_are_split_alike(bench: Workbench) -> None:
    declare(bench)
    bench.apply()
    spelled = [json.dumps(json.loads(line), indent=None, separators=(" , ", " : ")) for line in rows().splitlines()]
    bench.write("rows.jsonl", "".join(f"{line}\n" for line in spelled))
    assert "No changes." in bench.plan().out


def test_a_validation_of_its_own_goes_before_the_other_half_and_null_leaves_it_aside(bench: Workbench) -> None:
    bench.write("others.jsonl", rows(60)[len(rows(40)) :])
    declare(bench, validation="others")
    planned = bench.plan().said
    assert "dataset.others" in planned
    assert "rows-validation" not in planned
    declare(bench, validation=None)
    planned = bench.plan().said
    assert "validation" not in planned
    assert "Plan: 2 to add" in planned
    declare(bench, validation="rows-validation")
    assert "dataset.rows-validation will be created" in bench.plan().said


def test_a_half_is_a_dataset_that_other_models_may_name(bench: Workbench) -> None:
    bench.write("others.jsonl", rows(60)[len(rows(40)) :])
    declare(bench, dataset="others", validation="rows-validation")
    planned = bench.plan().said
    assert "dataset.rows-validation will be created" in planned
    assert "# dataset.rows will be created" not in planned
    assert bench.run("plan", "-target=dataset.rows-validation").code == 0


def test_one_that_is_given_where_it_is_used_may_be_split_too(bench: Workbench) -> None:
    bench.write("data/a.jsonl", rows(25))
    bench.write("data/b.jsonl.gz", gzip.compress(rows(60)[len(rows(25)) :]))
    bench.bot(dataset={"path": "data/*", "split": {"validation": 0.25}})
    bench.apply()
    assert sorted(sent(bench)) == ["data/*", "data/*-validation"]
    assert len(b"".join(sent(bench).values()).splitlines()) == 60
    assert "No changes." in bench.plan().out


def test_a_row_that_is_wrong_is_told_once_by_its_own_line(bench: Workbench) -> None:
    bench.write("rows.jsonl", rows(20) + b"{\n" + rows(30))
    declare(bench)
    refused = bench.run("validate")
    assert refused.code == 1
    assert refused.err.count("Error:") == 1
    assert "on rows.jsonl:21" in refused.err


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"validation": 0.9}, "The dataset has too few rows"),
        ({"validation": 0.1, "stratify": "topic"}, "No row has the key to stratify by"),
    ],
)
def test_what_cannot_be_split_so_is_told_where_the_split_is_declared(bench: Workbench, split: dict, said: str) -> None:
    declare(bench, split)
    text = (bench.folder / "ftplan.yaml").read_text().splitlines()
    line = next(number for number, one in enumerate(text, 1) if '"split"' in one)
    refused = bench.run("validate")
    assert refused.code == 1
    assert said in refused.err
    assert f"on ftplan.yaml:{line}:" in refused.err


def test_rows_that_all_ask_the_same_are_told_where_the_split_is_declared(bench: Workbench) -> None:
    bench.write("rows.jsonl", rows(1) * 20)
    declare(bench)
    refused = bench.run("validate")
    assert refused.code == 1
    assert "The dataset cannot be parted" in refused.err
    assert "on ftplan.yaml:" in refused.err
    assert refused.err.count("Error:") == 1


def test_levels_of_warnings_hold_for_both_halves(bench: Workbench) -> None:
    bench.write("rows.jsonl", rows(40) + rows(40))
    declare(bench)
    told = bench.plan().err
    assert "[duplicate-rows]" in told
    assert "[shared-rows]" not in told  # like rows are on one side
    document = json.loads((bench.folder / "ftplan.yaml").read_text())
    document["datasets"]["rows"]["rules"] = {"duplicate-rows": "off"}
    bench.write("ftplan.yaml", json.dumps(document))
    assert "[duplicate-rows]" not in bench.plan().err


def test_a_saved_plan_is_held_to_both_halves(bench: Workbench) -> None:
    declare(bench)
    assert bench.run("plan", "-out=next.plan").code == 0
    bench.write("rows.jsonl", rows(41))
    stale = bench.run("apply", "next.plan")
    assert "dataset.rows has changed" in stale.said
    bench.write("rows.jsonl", rows(40))
    assert bench.run("apply", "next.plan").code == 0
    assert bench.bought() == (2, 1)


def test_a_lost_answer_and_a_lost_state_buy_nothing_twice(bench: Workbench) -> None:
    declare(bench)
    bench.order({"action": "lost_answer", "method": "POST", "path": FILES})
    bench.apply()
    for name in ("ftplan.state.json", "ftplan.state.json.backup"):
        (bench.folder / name).unlink(missing_ok=True)
    bench.apply()
    assert len(bench.requests("POST", JOBS)) == 1


def test_a_split_taken_away_trains_with_all_rows(bench: Workbench) -> None:
    declare(bench)
    bench.apply()
    declare(bench)
    document = json.loads((bench.folder / "ftplan.yaml").read_text())
    del document["datasets"]["rows"]["split"]
    bench.write("ftplan.yaml", json.dumps(document))
    assert "# model.bot must be replaced" in bench.plan().said
    bench.apply()
    assert bench.run("destroy", "-auto-approve").code == 0


def test_an_unchanged_dataset_is_not_read_to_be_planned(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("rows.jsonl.gz", gzip.compress(rows()))
    declare(bench, path="rows.jsonl.gz")
    project = load_project(bench.folder / "ftplan.yaml").project
    assert project is not None
    # To this cache every file is old enough to be known by its times.
    cache = Cache(bench.folder / "cache" / "x.sqlite3", now=lambda: time.time() + 10)
    catalogs = {"trainer": load_catalog("sandbox")}
    first = measure_datasets(project, catalogs, Reading(Shelf(project, cache)))
    monkeypatch.setattr(gzip.GzipFile, "read", None)
    assert measure_datasets(project, catalogs, Reading(Shelf(project, cache))) == first
    assert sorted(first[0]) == ["rows", "rows-validation"]


@pytest.mark.parametrize(("together", "told"), [("near", True), ("identical", False)])
def test_a_share_that_cannot_be_had_is_told_where_the_split_is_declared(
    bench: Workbench, together: str, told: bool
) -> None:
    alike = [("what is the time in the town of box", f"answer {n}") for n in range(35)]
    others = [(f"{WORDS[n % 19]} {WORDS[n * 7 % 19]} {n * 31}", "x") for n in range(5)]
    bench.write(
        "rows.jsonl",
        b"".join(
            json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}).encode()
            + b"\n"
            for q, a in [*alike, *others]
        ),
    )
    declare(bench, {"validation": 0.3, "together": together})
    said = bench.plan().said
    assert ("The share is not what was asked for [split-share]" in said) == told
    assert not told or "on ftplan.yaml:" in said
