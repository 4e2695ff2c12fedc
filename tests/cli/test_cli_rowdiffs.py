"""A plan says which rows of a dataset changed since its models were trained on it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from workbench import Workbench, chats, model

FOLDER = "ftplan.state.rows"
ROWS = "*.rows"


@pytest.fixture
def trained(bench: Workbench) -> Workbench:
    """A bench whose bot is trained on ten rows, of which one was edited since and one more was written."""
    bench.bot()
    bench.apply()
    rows = chats()
    rows[3]["messages"][1]["content"] = "The parcel 3 is lost; write to jane@corp.io."
    rows.append({"messages": [{"role": "user", "content": "Quid novi?"}, {"role": "assistant", "content": "Nihil."}]})
    bench.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return bench


def diff(bench: Workbench, *words: str) -> dict[str, Any]:
    bench.plan("-out=p", *words)
    found: dict[str, Any] = json.loads((bench.folder / "p").read_text())["plan"]["dataset_diffs"]["rows"]
    return found


def test_a_plan_counts_the_rows_that_were_added_edited_and_kept(trained: Workbench) -> None:
    found = diff(trained)
    counts = {name: found[name] for name in ("unchanged", "added", "removed", "edited", "moved")}
    assert counts == {"unchanged": 9, "added": 1, "removed": 0, "edited": 1, "moved": 0}
    assert (found["before"]["rows"], found["after"]["rows"]) == (10, 11)
    assert found["before"]["tokens"] is not None
    assert [(row["kind"], row["old_line"], row["new_line"]) for row in found["rows"]] == [
        ("edited", 4, 4),
        ("added", None, 11),
    ]


def test_what_rows_say_is_in_a_plan_only_where_it_was_asked_for_and_then_masked(trained: Workbench) -> None:
    diff(trained)
    assert "Nihil" not in (trained.folder / "p").read_text()
    found = diff(trained, "-show-rows=2")
    assert [text["after"] for text in found["rows"][1]["texts"]] == ["Quid novi?", "Nihil."]
    assert "[masked]" in json.dumps(found)
    assert "jane@corp.io" not in (trained.folder / "p").read_text()


def test_beside_the_state_no_row_is_kept(trained: Workbench) -> None:
    (kept,) = (trained.folder / FOLDER).glob(ROWS)
    assert b"parcel" not in kept.read_bytes()
    assert kept.stat().st_size < 1000


def test_a_plan_keeps_nothing_and_an_apply_lets_go_of_what_no_model_needs(trained: Workbench) -> None:
    before = sorted(path.name for path in (trained.folder / FOLDER).glob(ROWS))
    trained.plan()
    assert sorted(path.name for path in (trained.folder / FOLDER).glob(ROWS)) == before
    trained.apply()
    trained.apply()
    (kept,) = (trained.folder / FOLDER).glob(ROWS)
    assert kept.name not in before


@pytest.mark.parametrize("damage", [b"", b"ftplan rows 1\n" + b"\xff" * 60, None])
def test_where_the_former_rows_are_not_known_the_plan_says_so(trained: Workbench, damage: bytes | None) -> None:
    (kept,) = (trained.folder / FOLDER).glob(ROWS)
    if damage is None:
        kept.unlink()
    else:
        kept.write_bytes(damage)
    found = diff(trained)
    assert found["before"] is None
    assert found["after"]["rows"] == 11


def test_rows_that_are_trained_on_and_validated_with_are_counted(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.write("held.jsonl", "".join(json.dumps(row) + "\n" for row in chats("letter")))
    datasets = {"rows": {"path": "rows.jsonl"}, "held": {"path": "held.jsonl"}}
    bench.declare({"bot": model(validation="held")}, datasets)
    bench.apply()
    mixed = [*chats("letter")[:9], *chats()[:1]]
    bench.write("held.jsonl", "".join(json.dumps(row) + "\n" for row in mixed))
    bench.plan("-out=p")
    found = json.loads((bench.folder / "p").read_text())["plan"]["dataset_diffs"]["held"]
    assert (found["before"]["shared"], found["after"]["shared"]) == (0, 1)


def test_a_plan_from_the_state_alone_says_it_too(trained: Workbench) -> None:
    assert diff(trained, "-offline")["edited"] == 1


def test_what_cannot_be_kept_stops_no_apply(bench: Workbench) -> None:
    bench.write(FOLDER, b"somebody's file")
    bench.bot()
    done = bench.apply()
    assert "What belongs to the state cannot be kept" in done.said
    assert bench.bought() == (1, 1)
