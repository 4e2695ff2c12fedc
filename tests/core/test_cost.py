"""The bill: exact where the epochs are declared, on evidence where they are not, and never zero for want of a price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from casefile import catalog, load_world
from hypothesis import given
from hypothesis import strategies as st
from values import desired_of

from ftplan.core.cost import auto_epochs, bill, estimate
from ftplan.core.facts import Observation
from ftplan.core.gates import budget_notes, lives
from ftplan.core.plan import Bill
from ftplan.core.spec import Budget
from ftplan.core.steps import Estimate


def estimated(rows: int = 10, tokens: int = 1000, **model: Any) -> Estimate:
    desired = desired_of(datasets={"tickets": {"rows": rows, "tokens": tokens}}, models={"bot": model})
    return estimate(desired.models[0], catalog("openai"))


@pytest.mark.parametrize(
    ("rows", "epochs"),
    [(0, 25), (1, 25), (4, 25), (5, 20), (10, 10), (33, 3), (34, 3), (100, 3), (8333, 3), (8334, 2), (12501, 1)],
)
def test_auto_epochs_are_what_real_jobs_were_given(rows: int, epochs: int) -> None:
    assert auto_epochs(rows) == epochs


@given(st.integers(0, 10**9))
def test_auto_epochs_are_one_to_twenty_five(rows: int) -> None:
    assert 1 <= auto_epochs(rows) <= 25


def test_declared_epochs_are_exact() -> None:
    made = estimated(rows=1, tokens=333, epochs=7)
    assert (made.tokens, made.epochs, made.exact_epochs) == (2331, 7, True)
    assert made.low == made.high == Decimal("0.011655")


def test_guessed_epochs_say_so() -> None:
    made = estimated(epochs="auto")
    assert (made.tokens, made.epochs, made.exact_epochs) == (10_000, 10, False)
    assert "auto" in made.basis


@given(st.integers(0, 10**12), st.integers(1, 50))
def test_money_is_decimal_and_exact(tokens: int, epochs: int) -> None:
    made = estimated(tokens=tokens, epochs=epochs)
    assert made.high == Decimal(5) * tokens * epochs / 1_000_000
    assert isinstance(made.high, Decimal)


@pytest.mark.parametrize(("base", "basis"), [("dark-1", "no price"), ("hourly-1", "per hour"), ("x-1", "no price")])
def test_an_unknown_price_is_never_zero(base: str, basis: str) -> None:
    made = estimated(base=base)
    assert made.low is None
    assert made.high is None
    assert basis in made.basis


def test_tokens_nobody_counted_have_no_price() -> None:
    desired = desired_of(models={"bot": {"base": "mini-1"}})
    (model,) = desired.models
    uncounted = type(model.training)(**{**_fields(model.training), "tokens": {}})
    made = estimate(type(model)(**{**_fields(model), "training": uncounted}), catalog("openai"))
    assert made.high is None
    assert "not counted" in made.basis


def test_a_bill_sums_every_training_and_names_the_unpriced() -> None:
    world = load_world({"declared": {"models": {"a": {}, "b": {"epochs": 4}, "c": {"base": "dark-1"}}}})
    made = world.plan().bill
    assert made is not None
    assert (made.low, made.high) == (Decimal("0.035"), Decimal("0.035"))
    assert made.tokens == 3000 + 4000 + 3000
    assert made.unpriced == ("model.c",)
    assert set(made.by_address) == {"model.a", "model.b", "model.c"}
    assert made.as_of == "2026-11"
    assert not made.rehearsal


def test_where_nothing_is_trained_there_is_no_bill() -> None:
    assert bill([], {}) is None
    assert budget_notes(None, Budget(Decimal(0), Decimal(0)), Decimal(0)) == []


def test_a_bill_is_a_rehearsal_only_when_all_of_it_is() -> None:
    providers = {"openai": "openai", "rehearsal": "sandbox"}
    models = {"a": {"provider": "rehearsal"}}
    only = load_world({"declared": {"providers": providers, "models": models}}).plan().bill
    both = load_world({"declared": {"providers": providers, "models": {**models, "b": {}}}}).plan().bill
    assert only is not None
    assert only.rehearsal
    assert both is not None
    assert not both.rehearsal


def test_a_budget_is_judged_by_the_upper_end_of_an_estimate() -> None:
    wide = Estimate(1000, Decimal(1), Decimal(30), None, "")
    made = Bill(Decimal(1), Decimal(30), 1000, "2026-11", {"model.bot": wide})
    notes = budget_notes(made, Budget(Decimal(29), Decimal(28)), Decimal("29.99"))
    assert [note.gate for note in notes] == ["budget"] * 3
    told = [note.detail for note in notes]
    assert "budget.max_total allows $29.00" in told[0]
    assert "-max-cost allows $29.99" in told[1]
    assert "model.bot is estimated at $30.00; budget.max_per_model allows $28.00" in told[2]


def test_the_shortest_life_comes_first_and_the_provider_knows_best() -> None:
    desired = desired_of(models={"a": {}, "b": {"base": "leaving-1"}, "c": {"base": "leaving-1", "seed": 1}})
    known = lives(desired, Observation(), date(2026, 11, 1))
    assert [(life.base_model, life.days) for life in known] == [("leaving-1", 30), ("mini-1", None)]


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def test_tokens_of_a_base_model_that_nobody_knows_are_an_approximation_and_say_so() -> None:
    known, unknown = estimated(), estimated(base="x-1")
    assert (known.exact_tokens, unknown.exact_tokens) == (True, False)
    assert unknown.basis == "no price known; tokens as o200k_base counts them, an approximation"
