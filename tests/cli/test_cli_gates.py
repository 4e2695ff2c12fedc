"""A refused plan: exit 10, the whole of it shown with what is refused, and nothing uploaded or started."""

from __future__ import annotations

from typing import Any

import pytest
from workbench import STATE, Done, Workbench, model

# Ten rows at one epoch cost about a thousandth of a dollar.
CHEAP = {"max_total": 0.0001}


def refused(bench: Workbench, *words: str) -> Done:
    """An apply and a plan that a gate refuses, before anything was sent."""
    before = bench.bought()
    for command in (("apply", "-auto-approve"), ("plan",)):
        done = bench.run(*command, *words)
        assert done.code == 10, done.said
        assert bench.bought() == before
    return done


def marked(done: Done, address: str) -> str:
    """The line behind the header of a step's block, which tools look for as it is."""
    lines = [line.rstrip() for line in done.out.splitlines()]
    return lines[lines.index(f"  # {address} will be created") + 1].strip()


@pytest.mark.parametrize(
    ("keys", "words", "rule", "passing"),
    [
        ({"budget": CHEAP}, (), "budget.max_total", "-max-cost=3"),
        ({}, ("-max-cost=0.0001",), "-max-cost", ""),
        ({"budget": {"max_per_model": 0.0001}}, (), "budget.max_per_model", "-allow=budget.max_per_model"),
        ({"budget": {"max_per_month": 0.0001}}, (), "budget.max_per_month", "-allow=budget.max_per_month"),
        ({}, ("-no-spend",), "-no-spend", ""),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_a_gate_names_its_rule_and_what_passes_it(
    bench: Workbench, keys: dict[str, Any], words: tuple[str, ...], rule: str, passing: str
) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": model()}, **keys)
    done = refused(bench, *words)
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in done.out
    assert marked(done, "model.bot").startswith(f"# (refused by {rule}: ")
    assert f"{rule} allows" in done.said
    assert passing.partition("=")[0] in done.said
    if not words:
        assert "ftplan.yaml:" in done.said, "where the bound is declared"
    if passing:
        bench.apply(passing)
        assert bench.bought() == (1, 1)


def test_a_total_can_be_let_past_like_any_other_bound(bench: Workbench) -> None:
    bench.bot(budget=CHEAP)
    done = bench.apply("-allow=budget.max_total")
    assert "This run is let past it by -allow=budget.max_total." in done.said
    assert bench.bought() == (1, 1)


def test_the_same_for_programs(bench: Workbench) -> None:
    bench.bot(budget=CHEAP)
    done = bench.run("plan", "-json")
    assert done.code == 10
    (gate,) = [line["gate"] for line in done.lines() if line["type"] == "gate"]
    assert gate["rule"] == "budget.max_total"
    assert gate["limit"] == "$0.0001"
    assert gate["flag"].startswith("-max-cost=")
    assert gate["refuses"] is True
    assert gate["addresses"] == ["model.bot"]
    changes = {line["change"]["resource"]["addr"]: line["change"] for line in done.lines() if "change" in line}
    assert changes["model.bot"]["refused_by"] == ["budget.max_total"]
    assert "refused_by" not in changes["dataset.rows"]


def test_a_month_is_counted_from_what_was_billed_in_it(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": model()})
    planned = [line for line in bench.plan("-json").lines() if line["type"] == "cost_estimate"]
    price = planned[0]["cost_estimate"]["high"]
    bench.apply()
    budget = {"max_per_month": round(price * 1.5, 7)}
    bench.declare({"bot": model(), "other": model(seed=8)}, budget=budget)
    done = refused(bench)
    assert "budget.max_per_month" in done.said
    bench.declare({"bot": model(), "other": model(seed=8)}, budget={"max_per_month": round(price * 2.5, 7)})
    bench.apply()


def test_a_refused_plan_is_not_saved(bench: Workbench) -> None:
    bench.bot(budget=CHEAP)
    assert bench.run("plan", "-out=p").code == 10
    assert not (bench.folder / "p").exists()


def test_a_saved_plan_is_held_to_what_it_was_let_past_and_to_no_more(bench: Workbench) -> None:
    bench.bot(budget=CHEAP)
    bench.plan("-max-cost=3", "-out=p")
    done = bench.run("apply", "-max-cost=0.00001", "p")
    assert done.code == 10
    assert bench.run("apply", "-no-spend", "p").code == 10
    assert bench.bought() == (0, 0)
    assert bench.run("apply", "p").code == 0
    assert bench.bought() == (1, 1)


def test_an_unknown_rule_is_refused_with_the_nearest_one(bench: Workbench) -> None:
    bench.bot()
    done = bench.run("plan", "-allow=budget.max_totl", "-allow=lifecycle.prevent_destroy")
    assert done.code == 1
    assert "Did you mean budget.max_total?" in done.said
    assert "Declare the model with prevent_destroy: false and apply that" in done.said
    assert "Run without -no-spend." in bench.run("plan", "-no-spend", "-allow=no-spend").said
    assert "budget.unpriced" in bench.run("plan", "-allow=everything").said, "all that there are"


def test_no_destroy_refuses_a_destroy_and_lets_an_apply_go_on(bench: Workbench) -> None:
    bench.bot()
    bench.apply("-no-destroy")
    done = bench.run("destroy", "-auto-approve", "-no-destroy")
    assert done.code == 10
    assert "-no-destroy allows none" in done.said
    assert len(bench.state["models"]) == 1
    assert not bench.requests("DELETE")


@pytest.mark.parametrize("providers_too", [False, True])
def test_a_protected_model_outlives_its_block(bench: Workbench, providers_too: bool) -> None:
    bench.bot(lifecycle={"prevent_destroy": True, "on_removed": "delete"})
    bench.apply()
    before = (bench.folder / STATE).read_bytes()
    bench.declare({}, {}, **({"providers": {}} if providers_too else {}))
    done = refused(bench)
    assert "model.bot is no longer declared, and lifecycle.prevent_destroy keeps it." in done.said
    assert "No flag passes this." in done.said
    assert (bench.folder / STATE).read_bytes() == before
    assert not bench.requests("DELETE")
    assert bench.run("destroy", "-auto-approve").code == 10
    assert (bench.folder / STATE).read_bytes() == before


def test_too_many_changes_at_once_are_a_question(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    models = {f"m{n}": model(seed=n) for n in range(10)}
    bench.declare(models)
    bench.apply()
    bench.rows("rows.jsonl", topic="letter")
    done = refused(bench)
    assert "10 of 10" in done.said
    assert "changes.max_replaced" in done.said
    bench.declare(models, changes={"max_replaced": "100%"})
    assert bench.run("plan").code == 0
    bench.declare(models)
    bench.apply("-allow=changes.max_replaced")
    assert "No changes." in bench.plan().out


def test_a_share_and_a_number_are_read_and_nothing_else(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    for wrong in ("30", "130%", -1, 0.5, "few", "30 %"):
        bench.declare({"bot": model()}, changes={"max_replaced": wrong})
        done = bench.run("validate")
        assert done.code == 1, wrong
        assert 'a whole number of at least 0 or a share such as "30%"' in done.said


def test_a_life_shorter_than_wanted_is_refused_and_warned_of_in_a_rehearsal(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"bot": model()}, min_lifetime_days=10_000)
    done = bench.plan()
    assert "Too short a life" in done.said
    assert "min_lifetime_days allows no fewer than 10000 days" in done.said


def test_a_base_that_takes_no_jobs_is_told_by_validate_and_refused_by_plan(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    trainer = {"type": "openai", "base_url": bench.sandbox.url}
    bench.environ(OPENAI_API_KEY="sk-for-loopback")
    models = {"bot": model(base_model="gpt-4.1-nano-2025-04-14"), "child": model(base_model="model.bot")}
    bench.declare(models, providers={"trainer": trainer})
    told = bench.run("validate")
    assert told.code == 0
    assert told.said.count("OpenAI takes no new jobs on gpt-4.1-nano-2025-04-14 since 2026-10-23.") == 2
    assert "on ftplan.yaml:" in told.said
    assert "Keep the dataset and the YAML, and name another base model or another provider" in told.said
    done = refused(bench)
    assert marked(done, "model.bot").startswith("# (refused by lifetime: ended 2026-10-23")
    assert refused(bench, "-allow=min_lifetime_days").code == 10


def test_validate_says_nothing_of_the_age_of_a_base_in_a_rehearsal(bench: Workbench) -> None:
    bench.bot(base_model="gpt-4.1-nano-2025-04-14")
    assert bench.run("validate").out == "Success! The configuration is valid.\n"
    assert "Training has ended" in bench.plan().said
