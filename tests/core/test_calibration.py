"""What earlier bills say of the count: only what they say alike, and never of a count that was put right by them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftplan.core.entries import Commit, Quote, Reserve, Tariff
from ftplan.core.facts import Phase
from ftplan.core.money.calibration import Calibration, calibrations
from ftplan.core.records import State

QUOTE = Quote("mini-1", 1000, 1000, None, None, exact_epochs=True, capped=False, tariff=Tariff(Decimal(5)))


def state(billed: Iterable[int], phase: Phase = Phase.SUCCEEDED, **quote: Any) -> State:
    """Jobs that were counted at 1000 tokens each, and billed for as many as `billed` says."""
    pairs = [
        (
            Reserve(f"k{n}", "bot", "svc", "supervised", "2026-11-01", replace(QUOTE, **quote)),
            Commit(f"k{n}", f"job-{n}", "2026-11-02", tokens, Decimal(1), True, phase),
        )
        for n, tokens in enumerate(billed)
    ]
    return State("p", "l", ledger=tuple(entry for pair in pairs for entry in pair))


def known(kept: State, provider: str = "svc", base: str = "mini-1", method: str = "supervised") -> Calibration | None:
    return calibrations(kept).get((provider, base, method, False))


@pytest.mark.parametrize(
    ("billed", "factor"),
    [
        ([1020, 1020, 1020], "1.0200"),
        ([1020, 1021, 1020, 1030], "1.0205"),
        ([980, 990, 970], "0.9800"),
        ([1006, 1006, 1006], "1.0060"),
    ],
)
def test_bills_that_differ_alike_make_a_factor(billed: list[int], factor: str) -> None:
    assert known(state(billed)) == Calibration(Decimal(factor), len(billed))


@pytest.mark.parametrize(
    "billed", [[], [1020, 1020], [1000, 1000, 1000], [1005, 1005, 1005], [995, 995, 995], [1020, 1020, 1060]]
)
def test_few_bills_exact_ones_and_ones_that_differ_anyhow_make_none(billed: list[int]) -> None:
    assert known(state(billed)) is None


@pytest.mark.parametrize(
    "quote", [{"exact_epochs": False}, {"capped": True}, {"counted_tokens": None}, {"counted_tokens": 0}]
)
def test_jobs_that_were_billed_for_something_else_than_was_counted_say_nothing(quote: dict[str, Any]) -> None:
    assert known(state([1020] * 3, **quote)) is None


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CANCELLED, Phase.UNKNOWN])
def test_jobs_that_ended_early_say_nothing(phase: Phase) -> None:
    assert known(state([1020] * 3, phase)) is None


def test_only_jobs_of_the_same_kind_speak() -> None:
    kept = state([1020] * 3)
    assert known(kept, "other") is known(kept, base="other") is known(kept, method="dpo") is None


def test_a_rehearsal_and_a_service_say_nothing_about_each_other() -> None:
    rehearsed = state([1020] * 3, tariff=Tariff(Decimal(5), rehearsal=True))
    assert known(rehearsed) is None
    assert calibrations(rehearsed)["svc", "mini-1", "supervised", True] == Calibration(Decimal("1.0200"), 3)


def test_a_count_that_was_put_right_is_still_compared_by_what_was_counted() -> None:
    assert known(state([1020] * 3, tokens=1020)) == Calibration(Decimal("1.0200"), 3)


@given(st.lists(st.integers(1, 5000), max_size=6).flatmap(lambda b: st.tuples(st.just(b), st.permutations(b))))
def test_the_order_of_bills_does_not_matter(billed: tuple[list[int], list[int]]) -> None:
    first, second = billed
    assert known(state(first)) == known(state(second))
