"""The decision table: one case file a row at least."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from casefile import load_world, only, read_case

from ftplan.core.keeping.codec import decode_plan, encode_plan
from ftplan.core.plan import Note, Plan
from ftplan.core.spec import Address
from ftplan.core.steps import Promote, Step, Train

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
STEP_KEYS = (
    *("reason", "attempt", "job_id", "model_id", "file_id", "shared_with", "parent", "replaces_model", "key"),
    *("changes", "running", "found_id", "replaces", "provider", "detail", "epochs", "tokens", "cost"),
    *("model", "requires", "former_id", "wish", "before", "step", "figure"),
)
EXPECT_KEYS = ("steps", "notes", "unchanged", "summary", "totals", "cost", "drift", "withheld", "gates")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_decision_table_answers_as_its_case_file_says(path: Path) -> None:
    document = read_case(path)
    expect = only(document["expect"], EXPECT_KEYS, path.name)
    plan = load_world(document).plan()
    wanted = expect.get("steps") or []
    assert [_step_as(step, want) for step, want in zip(plan.steps, wanted, strict=False)] == wanted, plan.steps
    assert [_kind(step) for step in plan.steps] == [next(iter(want)) for want in wanted], plan.steps
    assert [_note_as(note) for note in plan.notes] == (expect.get("notes") or []), plan.notes
    assert sorted(str(item.address) for item in plan.unchanged) == sorted(expect.get("unchanged") or [])
    held = {str(note.address): note.withheld.value for note in plan.withheld if note.withheld}
    assert held == (expect.get("withheld") or {})
    assert _gates(plan, expect.get("gates") or {}) == (expect.get("gates") or {})
    _check_sums(plan, expect)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_plan_of_the_table_comes_back_from_its_file(path: Path) -> None:
    plan = load_world(read_case(path)).plan()
    assert decode_plan(encode_plan(plan), "p") == plan


def test_a_case_file_with_a_key_that_means_nothing_is_refused(tmp_path: Path) -> None:
    case = tmp_path / "x.yaml"
    case.write_text("rule: r\nexpects: {}\n")
    with pytest.raises(ValueError, match="expects"):
        read_case(case)


def _check_sums(plan: Plan, expect: Mapping[str, Any]) -> None:
    if "summary" in expect:
        counts = {name: count for name, count in plan.summary().items() if count}
        assert counts == expect["summary"]
    if "totals" in expect:
        assert list(plan.totals()) == expect["totals"]
    if "cost" in expect:
        assert plan.bill is not None
        assert str(plan.bill.high) == str(expect["cost"])
    if "drift" in expect:
        assert [str(note.address) for note in plan.drift] == expect["drift"]


def _gates(plan: Plan, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the gates say, by their rules, as far as `wanted` speaks of it."""
    found: dict[str, Any] = {}
    for note in plan.notes:
        if note.rule in wanted:
            told = {"figure": note.figure, "limit": note.limit, "flag": note.flag, "blocks": len(note.blocks)}
            found[note.rule] = {key: told[key] for key in wanted[note.rule]}
    return found


def _kind(step: Step) -> str:
    return type(step).__name__.lower()


def _step_as(step: Step, want: Mapping[str, Any]) -> dict[str, Any]:
    """`step` in the words of a case file, as far as `want` speaks of it."""
    kind = next(iter(want))
    only(want, (kind, *STEP_KEYS), f"step {kind}")
    told = {_kind(step): str(step.address)}
    return {**told, **{key: _value(step, key) for key in want if key != kind}}


def _value(step: Step, key: str) -> Any:
    if isinstance(step, Train) and key in ("epochs", "tokens"):
        return getattr(step.estimate, key)
    if isinstance(step, (Train, Promote)) and key == "cost":
        return None if step.estimate is None or step.estimate.high is None else str(step.estimate.high)
    value = getattr(step, key)
    if isinstance(value, tuple) and key == "requires":
        return list(value)
    if key == "changes":
        return [change.path for change in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Address) else value


def _note_as(note: Note) -> str:
    """`error Over budget (budget) model.bot`: severity, summary, gate and address."""
    gate = f"({note.gate})" if note.gate else ""
    return " ".join(part for part in (note.severity, note.summary, gate, str(note.address or "")) if part)
