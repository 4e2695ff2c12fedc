"""A plan reads as a Terraform user expects it to."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from example_plans import BOT, EXAMPLES, KNOWN, estimate, first_plan, notes_and_gates, plan, train

from ftplan.core.facts import Phase
from ftplan.core.plan import BaseLife, Plan
from ftplan.core.steps import Await, Cancel, Reason
from ftplan.views.plan_money import cost_lines, dollars, life_line
from ftplan.views.plan_text import render_plan, summary_line
from ftplan.views.style import Style

PLAIN = Style(False)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_kind_of_plan_reads_as_it_is_recorded(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.txt", render_plan(EXAMPLES[name](), PLAIN))


@pytest.mark.parametrize("name", EXAMPLES)
def test_colours_change_nothing_but_colours(name: str) -> None:
    coloured = render_plan(EXAMPLES[name](), Style(True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_plan(EXAMPLES[name](), PLAIN)


def test_compact_warnings_take_one_line_each_and_errors_stay_whole(golden: Callable[[str, str], None]) -> None:
    golden("compact_warnings.txt", render_plan(notes_and_gates(), PLAIN, compact_warnings=True))


def test_the_legend_explains_only_what_is_used() -> None:
    text = render_plan(first_plan(), PLAIN)
    assert "\n  + create\n" in text
    assert "create replacement" not in text


def test_the_summary_counts_as_the_plan_counts() -> None:
    assert summary_line(first_plan()) == "Plan: 2 to add, 0 to change, 0 to destroy."


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        (Reason.CHANGED, "must be replaced"),
        (Reason.FORCED, "will be replaced, as requested"),
        (Reason.FAILED, "is tainted, so must be replaced"),
        (Reason.LOST, "will be created"),
        (Reason.NEW, "will be created"),
    ],
)
def test_each_reason_has_terraforms_verdict(reason: Reason, verdict: str) -> None:
    text = render_plan(plan(train(reason=reason), before=KNOWN), PLAIN)
    assert f"  # model.support-bot {verdict}\n" in text


def test_a_forced_model_that_is_not_there_yet_is_created() -> None:
    assert "  # model.support-bot will be created\n" in render_plan(plan(train(reason=Reason.FORCED)), PLAIN)


def test_a_cancellation_alone_is_told_as_a_change() -> None:
    step = Cancel(BOT, "openai", "ftjob-0001", Reason.REQUESTED)
    text = render_plan(plan(step, before=KNOWN), PLAIN)
    assert "  # model.support-bot will have its job cancelled\n  # (job ftjob-0001 is running; as requested)" in text


def test_a_phase_is_shown_by_its_word() -> None:
    step = Await(BOT, "openai", "ftjob-0001", detail=Phase.QUEUED)
    assert "(its job ftjob-0001 is queued)" in render_plan(plan(step), PLAIN)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_training_step_is_never_without_its_money(name: str) -> None:
    example: Plan = EXAMPLES[name]()
    assert bool(cost_lines(example)) == bool(example.steps)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("3.2100", "$3.21"),
        ("0", "$0.00"),
        ("0.0031", "$0.0031"),
        ("0.00000001", "$0.0001"),
        ("12345.678", "$12,345.68"),
    ],
)
def test_money_is_shown_to_the_cent_and_never_as_nothing(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


def test_one_training_needs_no_list_and_two_have_one() -> None:
    assert len(cost_lines(first_plan())) == 1
    assert len(cost_lines(EXAMPLES["two_models_on_one_dataset"]())) == 3


def test_a_bill_that_is_missing_is_not_zero() -> None:
    assert cost_lines(plan(train(estimate=estimate()), bill=None)) == ["Estimated cost: unknown"]


@pytest.mark.parametrize(
    ("life", "said"),
    [
        (BaseLife("o", "m", "2027-01-14", 1), "1 day of life left, until 2027-01-14"),
        (BaseLife("o", "m", "2026-11-22", 0), "its last day is today, 2026-11-22"),
        (BaseLife("o", "m", "2026-11-21", -1), "shut down on 2026-11-21, 1 day ago"),
        (BaseLife("o", "m", None, None, "2026-11-22", 0), "no new jobs since 2026-11-22"),
        (BaseLife("o", "m", None, None), "no shutdown date is known"),
    ],
)
def test_the_life_of_a_base_is_said_plainly(life: BaseLife, said: str) -> None:
    assert life_line(life) == f"Base model m (o): {said}"
