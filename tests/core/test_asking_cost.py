"""What asking costs: never free for want of a price, and after the answers by their own counts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from casefile import catalog

from ftplan.core.catalog import BaseModel
from ftplan.core.comparing.asking_cost import asking_cost, asking_estimate
from ftplan.core.comparing.comparison import Comparison, Side, savings
from ftplan.core.comparing.questions import Answer, HeldOut

PRICED = BaseModel(
    "m",
    ("supervised",),
    input_per_million=Decimal(2),
    cached_input_per_million=Decimal(1),
    output_per_million=Decimal(8),
)
DARK = BaseModel("dark", ("supervised",))


def test_an_estimate_goes_from_the_wanted_answers_to_the_longest_ones() -> None:
    found = asking_estimate([(100, 50), (300, 0)], PRICED, catalog("openai"), {"max_completion_tokens": 500}, "openai")
    assert found.low == (400 * Decimal(2) + 50 * Decimal(8)) / 1_000_000
    assert found.high == (400 * Decimal(2) + 1000 * Decimal(8)) / 1_000_000
    assert (found.answers, found.tokens) == (2, 450)


def test_without_a_bound_answers_may_be_longer_than_what_is_wanted() -> None:
    found = asking_estimate([(0, 100)], PRICED, catalog("openai"), {}, "openai")
    assert found.high is not None
    assert found.low is not None
    assert found.high > 2 * found.low


@pytest.mark.parametrize("base", [None, DARK])
def test_what_has_no_price_is_not_free(base: BaseModel | None) -> None:
    found = asking_estimate([(100, 50)], base, catalog("openai"), {}, "openai")
    assert (found.low, found.high) == (None, None)
    assert asking_cost([Answer("a", prompt_tokens=1, completion_tokens=1)], base) is None


def test_what_was_read_before_costs_less() -> None:
    answer = Answer("a", prompt_tokens=1000, completion_tokens=100, cached_tokens=400)
    assert asking_cost([answer, answer], PRICED) == 2 * (Decimal(600 * 2) + Decimal(400) + Decimal(800)) / 1_000_000


def test_an_answer_without_counts_leaves_the_sum_unknown() -> None:
    assert asking_cost([Answer("a", prompt_tokens=1, completion_tokens=1), Answer("b")], PRICED) is None
    assert asking_cost([], PRICED) == 0


def side(prompt: int, cost: str | None) -> Side:
    answers = tuple(Answer("a", prompt_tokens=prompt, completion_tokens=10) for _ in range(4))
    return Side("m", "p", "id", answers, 0, None if cost is None else Decimal(cost))


def test_a_training_is_earned_after_as_many_requests_as_its_bill_takes() -> None:
    found = savings(side(1000, "0.04"), side(100, "0.02"), Decimal("1.01"))
    assert found is not None
    assert (found.shorter, found.long, found.short) == (pytest.approx(0.9), Decimal(10), Decimal(5))
    assert found.break_even == 202


@pytest.mark.parametrize(
    ("long", "short", "training"),
    [("0.02", "0.02", "1"), ("0.01", "0.02", "1"), (None, "0.02", "1"), ("0.04", "0.02", None)],
)
def test_where_nothing_is_gained_or_known_nothing_is_ever_earned(
    long: str | None, short: str | None, training: str | None
) -> None:
    found = savings(side(1000, long), side(100, short), None if training is None else Decimal(training))
    assert found is not None
    assert found.break_even is None


def test_right_is_what_was_wanted_mark_and_blanks_aside() -> None:
    row = HeldOut(1, ({"role": "user", "content": "q"},), {"role": "assistant", "content": "yes"}, {})
    graded = HeldOut(2, row.messages, None, {})
    answers = (Answer("[rehearsal] yes\n", rehearsal=True), Answer("yes"))
    found = Comparison("d", (row, graded), 2, 7, (Side("m", "p", "id", answers),))
    assert (found.right(found.sides[0]), found.graded, found.rehearsal) == (1, 1, True)
