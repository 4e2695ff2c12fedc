"""-max-cost is for whoever runs ftplan: no price that the project writes itself gets a plan past it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

from casefile import catalog
from values import desired_of

from ftplan.core.catalog import Catalog
from ftplan.core.evaluations import Prepared
from ftplan.core.facts import Observation
from ftplan.core.plan import Note
from ftplan.core.planner import Policy, make_plan
from ftplan.core.records import State
from ftplan.core.steps import Estimate

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
OTHERS = {"openai": catalog("openai")}


def priced(**changes: object) -> Catalog:
    """The catalog with what the project says of the base that the model is trained on."""
    models = OTHERS["openai"].models
    return replace(OTHERS["openai"], models={**models, "mini-1": replace(models["mini-1"], **changes)})  # type: ignore[arg-type]


def judged(others: dict[str, Catalog], known: Catalog, most: str | None, **policy: object) -> list[Note]:
    """The errors of a plan for one model of 3,000 tokens, at $5.00 a million by the catalog."""
    desired = desired_of(models={"bot": {}})
    (model,) = desired.models
    base = known.base(model.base_model)
    desired = replace(
        desired,
        models=(replace(model, base=base),),
        catalogs={"openai": known},
        catalogs_of_others=others,
    )
    limits = Policy(max_cost=Decimal(most) if most else None, **policy)  # type: ignore[arg-type]
    return list(make_plan(desired, State("support", "l"), Observation(), limits, NOW).errors)


def test_what_a_project_makes_cheaper_is_held_to_what_it_was() -> None:
    cheaper = priced(train_per_million=Decimal("0.01"))
    (note,) = judged(OTHERS, cheaper, "0.01")
    told = (note.gate, note.rule, note.figure, note.limit, note.flag)
    assert told == ("budget", "-max-cost", "$0.02", "$0.01", "-max-cost=0.02")
    assert "At prices that the project does not set itself" in note.detail
    assert [str(address) for address in note.blocks] == ["model.bot"]
    assert judged(OTHERS, cheaper, "0.02") == []
    assert judged(OTHERS, cheaper, None) == []


def test_a_price_that_the_project_alone_knows_is_not_known() -> None:
    others = {"openai": replace(OTHERS["openai"], models={})}
    (note,) = judged(others, priced(train_per_million=Decimal("0.01")), "1")
    assert (note.gate, note.rule, note.figure) == ("budget", "budget.unpriced", "unknown")
    assert "is said by the project alone" in note.detail
    assert judged(others, priced(), "1", allowed=frozenset({"budget.unpriced"})) == []


def test_what_a_project_makes_dearer_is_reckoned_with() -> None:
    (note,) = judged(OTHERS, priced(train_per_million=Decimal(5000)), "0.02")
    assert note.figure == "$15.00"
    assert "At prices" not in note.detail


def test_hours_that_the_project_makes_fewer_count_as_before() -> None:
    hourly = {"train_per_million": None, "train_per_hour": Decimal(100), "train_hours": (Decimal(1), Decimal(4))}
    others = {"openai": priced(**hourly)}
    (note,) = judged(others, priced(**{**hourly, "train_hours": (Decimal(1), Decimal(1))}), "200")
    assert note.figure == "$400.00"


def test_a_project_that_says_nothing_is_judged_once() -> None:
    assert judged({}, OTHERS["openai"], "1") == []
    assert [note.rule for note in judged({}, OTHERS["openai"], "0.01")] == ["-max-cost"]


def test_answers_that_a_project_makes_cheaper_are_held_to_what_they_were() -> None:
    dear = Estimate(1000, Decimal(0), Decimal(2), None, "200 answers", providers=("openai",))
    cheap = replace(dear, high=Decimal("0.01"))
    prepared = Prepared("holdout", "rows", "rules", cheap, dear)
    desired = desired_of(models={"bot": {}}, aliases={"prod": {"model": "bot", "requires": ["accuracy"]}})
    desired = replace(desired, evaluations={("accuracy", "bot"): prepared}, catalogs_of_others=OTHERS)
    policy = Policy(max_cost=Decimal(1))
    (note,) = make_plan(desired, State("support", "l"), Observation(), policy, NOW).errors
    assert (note.rule, note.figure, note.flag) == ("-max-cost", "$2.02", "-max-cost=2.02")
    alike = replace(desired, evaluations={("accuracy", "bot"): replace(prepared, elsewhere=cheap)})
    assert not make_plan(alike, State("support", "l"), Observation(), policy, NOW).errors
