"""The checksum of a plan: the same for plans that mean the same; for any other it tells what moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from casefile import TODAY
from values import desired_of

from ftplan.core.facts import Observation
from ftplan.core.keeping.checksum import is_checksum, means, moved_since, plan_checksum
from ftplan.core.plan import Note, Plan, Service
from ftplan.core.planner import Policy, make_plan
from ftplan.core.records import State
from ftplan.core.steps import Train

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=timezone.utc)
OTHER_SERVICE = {"openai": Service("openai", "https://elsewhere.example/v1")}


@pytest.fixture
def plan() -> Plan:
    made = make_plan(desired_of(models={"bot": {}}), State("support", "l"), Observation(), Policy(), NOW)
    return replace(made, services={"openai": Service("openai", "https://api.openai.com/v1"), "idle": Service("azure")})


def dearer(plan: Plan) -> Plan:
    steps = [
        replace(step, estimate=replace(step.estimate, high=Decimal(99))) if isinstance(step, Train) else step
        for step in plan.steps
    ]
    return replace(plan, steps=tuple(steps))


def test_a_plan_made_at_another_time_of_another_state_or_file_means_the_same(plan: Plan) -> None:
    later = replace(plan, created_at="2027-01-01T00:00:00+00:00", serial=9, config_digest="other", lineage="other")
    assert is_checksum(plan_checksum(plan))
    assert means(later, plan_checksum(plan))
    assert means(replace(plan, notes=(Note("warning", "Old"),)), plan_checksum(plan))
    assert means(replace(plan, services={**plan.services, "idle": Service("azure", "https://x")}), plan_checksum(plan))


@pytest.mark.parametrize("other", [dearer, lambda plan: replace(plan, steps=plan.steps[:1])], ids=["dearer", "shorter"])
def test_a_plan_with_other_steps_or_another_bill_means_something_else(plan: Plan, other: object) -> None:
    moved = other(plan)  # type: ignore[operator]
    assert not means(moved, plan_checksum(plan))
    assert moved_since(moved, plan_checksum(plan)) == ()


def test_a_plan_at_another_service_means_something_else(plan: Plan) -> None:
    moved = replace(plan, services=OTHER_SERVICE)
    assert not means(moved, plan_checksum(plan))
    assert moved_since(moved, plan_checksum(plan)) == ("the address of a provider",)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"config_digest": "other"}, "the configuration or a variable"),
        ({"dataset_digests": {"tickets": "other"}}, "a dataset"),
        ({"serial": 7}, "the state"),
        ({"lineage": "other"}, "the state"),
    ],
)
def test_what_moved_is_read_off_the_checksum(plan: Plan, fields: dict[str, object], told: str) -> None:
    assert moved_since(replace(plan, **fields), plan_checksum(plan)) == (told,)  # type: ignore[arg-type]


def test_a_plan_that_is_refused_has_no_checksum(plan: Plan) -> None:
    assert plan_checksum(replace(plan, notes=(Note("error", "Budget exceeded", gate="budget"),))) == ""


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 63 + "\n"])
def test_what_is_no_checksum_is_meant_by_no_plan(plan: Plan, text: str) -> None:
    assert not is_checksum(text)
    assert not means(plan, text)
