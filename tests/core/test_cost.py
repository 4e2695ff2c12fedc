"""The bill: exact where the epochs are declared, on evidence where they are not, and never zero for want of a price."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from casefile import catalog, load_world
from hypothesis import given
from hypothesis import strategies as st
from values import desired_of

from ftplan.core.bounds import Budget
from ftplan.core.facts import Observation, TokenFacts
from ftplan.core.gates.budget import budget_notes
from ftplan.core.gates.lifetime import lives
from ftplan.core.gates.refusal import Word
from ftplan.core.money.calibration import Calibration
from ftplan.core.money.cost import auto_epoch_range, auto_epochs, bill, estimate
from ftplan.core.plan import Bill
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


@given(st.integers(0, 10**9))
def test_auto_epochs_are_a_range_around_what_is_likely(rows: int) -> None:
    fewest, likely, most = auto_epoch_range(rows)
    assert 1 <= fewest <= likely <= most <= 25
    assert likely == auto_epochs(rows)
    assert fewest < most


def test_a_range_of_epochs_is_a_range_of_money_around_the_likely_tokens() -> None:
    made = estimated(rows=10, tokens=1000, epochs="auto")
    assert (made.low, made.tokens, made.high) == (Decimal("0.035"), 10_000, Decimal("0.065"))
    assert "10 epochs (auto, as providers usually pick; 7 to 13 reckoned with)" in made.basis


def test_what_lies_beyond_the_limit_of_an_example_is_not_billed() -> None:
    desired = desired_of(models={"bot": {}})
    (model,) = desired.models
    long = replace(model.training, tokens={"o200k_base": TokenFacts(1000, 700, 1, limit=300, beyond=450)})
    base = replace(model.base, max_example_tokens=300) if model.base else None
    made = estimate(replace(model, training=long, base=base), catalog("openai"))
    assert (made.tokens, made.counted) == (550 * 3, 550 * 3)
    assert "1,000 tokens less 450 beyond 300 a row x 3 epochs" in made.basis


@pytest.mark.parametrize(
    ("limit", "cut"), [(None, 0), (700, 0), (5000, 0), (300, 450), (100, 450), (600, 100), (299, 450), (699, 1)]
)
def test_no_more_is_cut_than_is_certain(limit: int | None, cut: int) -> None:
    assert TokenFacts(1000, 700, 1, limit=300, beyond=450).cut_by(limit) == cut
    assert TokenFacts(1000, 700, 1).cut_by(limit) == 0


def test_hours_are_a_range_and_say_why() -> None:
    (model,) = desired_of(models={"bot": {"base": "hourly-1"}}).models
    assert model.base is not None
    base = replace(model.base, train_hours=(Decimal(1), Decimal("4.5")), hours_basis="small jobs")
    made = estimate(replace(model, base=base), catalog("openai"))
    assert (made.low, made.high) == (Decimal(100), Decimal(450))
    assert made.basis == "1 to 4.5 hours assumed (small jobs) x $100.00 per hour of training; Openai"


def test_an_estimate_follows_what_was_billed_before_and_says_so() -> None:
    (model,) = desired_of(datasets={"tickets": {"tokens": 1000}}, models={"bot": {}}).models
    made = estimate(model, catalog("openai"), Calibration(Decimal("1.015"), 4))
    assert (made.tokens, made.counted, made.high) == (3045, 3000, Decimal("0.015225"))
    assert "x 1.015 as billed before" in made.basis


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
    assert budget_notes(None, Budget(Decimal(0), Decimal(0)), Word(Decimal(0))) == []


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
    notes = budget_notes(made, Budget(Decimal(29), Decimal(28)), Word())
    assert [note.gate for note in notes] == ["budget"] * 2
    told = [note.detail for note in notes]
    assert "budget.max_total allows $29.00" in told[0]
    assert "model.bot is estimated at $30.00; budget.max_per_model allows $28.00" in told[1]
    (note,) = budget_notes(made, Budget(Decimal(29)), Word(Decimal("29.99")))
    assert "-max-cost allows $29.99" in note.detail


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
