"""Whether a model has passed: by lower bounds alone, in words that hold their figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ftplan.core.evaluating import EvalSpec, GraderSpec, Thresholds
from ftplan.errors import Place
from ftplan.grading import eval_digest, verdict
from ftplan.grading.verdict import Rival

SPEC = EvalSpec("accuracy", "holdout", (GraderSpec("exact", "exact"),))


def spec(**thresholds: float) -> EvalSpec:
    return replace(SPEC, thresholds=Thresholds(**thresholds))


def scores(right: int, rows: int) -> list[float]:
    return [1.0] * right + [0.0] * (rows - right)


CASES = {
    "no threshold": (spec(), scores(3, 10), []),
    "reached": (spec(score=0.8), scores(190, 200), []),
    "below": (spec(score=0.8), scores(100, 200), []),
    "with its mean alone": (spec(score=0.8), scores(85, 100), []),
    "ten lucky rows": (spec(score=0.95), scores(10, 10), []),
    "better than the base": (spec(over_base=0.1), scores(90, 100), [Rival("base", "mini-1", scores(10, 100))]),
    "no better than the base": (spec(over_base=0.05), scores(50, 100), [Rival("base", "mini-1", scores(50, 100))]),
    "not worse than what is in use": (
        spec(over_current=-0.1),
        scores(90, 100),
        [Rival("current", "ft:old", scores(90, 100))],
    ),
    "worse than what is in use": (
        spec(over_current=-0.02),
        scores(50, 100),
        [Rival("current", "ft:old", scores(90, 100))],
    ),
    "as good as what is in use, by too few rows": (
        spec(over_current=-0.02),
        scores(45, 50),
        [Rival("current", "ft:old", scores(45, 50))],
    ),
    "nothing in use": (spec(over_current=-0.02), scores(50, 100), []),
    "one row": (spec(), scores(1, 1), []),
    "no rows": (spec(score=0.0), [], []),
    "no rows beside": (spec(over_current=-0.02), [], [Rival("current", "ft:old", [])]),
}


def test_what_is_said(golden: Callable[[str, str], None]) -> None:
    lines = []
    for name, (one, own, rivals) in CASES.items():
        found = verdict(one, own, rivals, "seed")
        lines += [f"{name}: {'passed' if found.passed else 'not passed'}", *(f"    {said}" for said in found.said)]
    golden("verdicts.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("no threshold", True),
        ("reached", True),
        ("below", False),
        ("with its mean alone", False),
        ("ten lucky rows", False),
        ("better than the base", True),
        ("no better than the base", False),
        ("not worse than what is in use", True),
        ("worse than what is in use", False),
        ("as good as what is in use, by too few rows", False),
        ("nothing in use", True),
        ("one row", False),
        ("no rows", False),
        ("no rows beside", False),
    ],
)
def test_a_threshold_holds_by_its_lower_bound(name: str, passed: bool) -> None:
    assert verdict(*CASES[name], "seed").passed is passed


def test_an_opponent_that_nothing_is_asked_of_is_not_reckoned() -> None:
    found = verdict(spec(score=0.1), scores(9, 10), [Rival("base", "mini-1", scores(10, 10))], "seed")
    assert (found.passed, found.against) == (True, ())


def test_the_digest_is_of_everything_that_a_verdict_depends_on_and_of_nothing_else() -> None:
    digest = eval_digest(SPEC, "c", {"base": "mini-1"}, {})
    normalising = GraderSpec("exact", "exact", {"normalise": True})
    others = [
        eval_digest(spec(score=0.5), "c", {"base": "mini-1"}, {}),
        eval_digest(replace(SPEC, graders=(normalising,)), "c", {"base": "mini-1"}, {}),
        eval_digest(replace(SPEC, confidence=0.9), "c", {"base": "mini-1"}, {}),
        eval_digest(replace(SPEC, parameters={"temperature": 1}), "c", {"base": "mini-1"}, {}),
        eval_digest(SPEC, "d", {"base": "mini-1"}, {}),
        eval_digest(SPEC, "c", {"base": "mini-2"}, {}),
        eval_digest(SPEC, "c", {}, {}),
        eval_digest(SPEC, "c", {"base": "mini-1"}, {"model": "openai"}),
    ]
    assert len({digest, *others}) == len(others) + 1
    place = Place("ftplan.yaml", 3)
    moved = replace(SPEC, place=place, places={"dataset": place}, graders=(GraderSpec("exact", "exact", place=place),))
    assert eval_digest(moved, "c", {"base": "mini-1"}, {}) == digest
