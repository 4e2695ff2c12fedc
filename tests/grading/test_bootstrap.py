"""What a mean of a few rows is worth: the same every time, and true about as often as it says."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftplan.grading.bootstrap import MOST_DRAWN, Interval, interval, rows_for

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(SCORES, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_bounds_lie_in_the_range_and_around_what_was_seen(scores: list[float], confidence: float) -> None:
    found = interval(scores, confidence, "seed")
    assert 0 <= found.low <= found.high <= 1
    assert found.mean == pytest.approx(sum(scores) / len(scores))
    assert interval(scores, confidence, "seed") == found


@given(SCORES)
def test_more_confidence_is_a_wider_interval(scores: list[float]) -> None:
    narrow, wide = (interval(scores, confidence, "s") for confidence in (0.8, 0.99))
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize("rows", [10, 30, 100])
def test_the_interval_holds_the_true_share_about_as_often_as_it_says(rows: int) -> None:
    """Every number of right answers that there can be, weighed by how likely it is at each true share."""
    found = [interval([1.0] * right + [0.0] * (rows - right), 0.95, "seed") for right in range(rows + 1)]
    for percent in range(5, 100, 5):
        share = percent / 100
        held = sum(
            comb(rows, right) * share**right * (1 - share) ** (rows - right)
            for right, one in enumerate(found)
            if one.low <= share <= one.high
        )
        assert held >= 0.92, f"{share} of {rows} rows"


def test_ten_lucky_rows_promote_nothing() -> None:
    assert interval([1.0] * 10, 0.95, "seed").low < 0.75
    assert interval([1.0] * 100, 0.95, "seed").low > 0.95


def test_differences_are_held_against_both_ends_of_their_range() -> None:
    found = interval([1.0] * 10, 0.95, "seed", -1.0, 1.0)
    assert 0.2 < found.low < 0.6
    assert interval([0.0] * 10, 0.95, "seed", -1.0, 1.0).low < 0


def test_many_rows_are_reckoned_as_they_would_be_drawn() -> None:
    scores = [float(number % 4 == 0) for number in range(MOST_DRAWN)]
    drawn, reckoned = interval(scores, 0.95, "seed"), interval([*scores, 0.0], 0.95, "seed")
    assert drawn.low == pytest.approx(reckoned.low, abs=0.005)
    assert drawn.high == pytest.approx(reckoned.high, abs=0.005)


@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=10, max_size=40), st.floats(0.02, 0.5))
def test_so_many_rows_as_are_asked_for_about_settle_it(values: list[float], gap: float) -> None:
    told = rows_for(values, gap, 0.95, -1.0, 1.0)
    enough = interval(values * max(1, -(-told // len(values))), 0.95, "s", -1.0, 1.0)
    assert enough.low >= enough.mean - 1.3 * gap


@pytest.mark.parametrize("values", [[0.0] * 10, [1.0, 0.0] * 5, [0.5, -0.5] * 5, [1.0] * 10])
def test_a_third_of_the_rows_asked_for_does_not_settle_it(values: list[float]) -> None:
    told = rows_for(values, 0.05, 0.95, -1.0, 1.0)
    few = interval(values * (told // 3 // len(values)), 0.95, "s", -1.0, 1.0)
    assert few.low < few.mean - 0.05


def test_nothing_seen_is_nothing_known() -> None:
    assert interval([], 0.95, "seed") == Interval(0.0, 0.0, 1.0)
