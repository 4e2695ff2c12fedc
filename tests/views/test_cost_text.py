"""How a bill was reckoned: every factor is told, and nothing that is not known is made to look like a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from example_plans import BOT, EXAMPLES, estimate, first_plan, plan, train
from hostile_text import HOSTILE

from ftplan.core.spec import Address
from ftplan.core.steps import Estimate
from ftplan.views.cost_text import reckoning_lines, render_reckoning
from ftplan.views.style import Style


def told(**reckoning: object) -> Estimate:
    known = estimate()
    return replace(known, reckoning=replace(known.reckoning, **reckoning))


VARIANTS = {
    "explicit": estimate(),
    "auto": replace(estimate("2.14", "4.28"), exact_epochs=False),
    "cut": told(cut=1_200, limit=65_536),
    "calibrated": told(factor=Decimal("1.015"), jobs=4),
    "approximation": replace(told(per_million=None, origin=""), low=None, high=None, exact_tokens=False),
    "unpriced": replace(told(per_million=None, origin=""), low=None, high=None),
    "uncounted": replace(told(counted=None), low=None, high=None),
    "hourly": replace(
        told(per_million=None, per_hour=Decimal(100), hours=(Decimal(1), Decimal("4.5")), assumption="small jobs"),
        low=Decimal(100),
        high=Decimal(450),
    ),
    "hours_unknown": replace(told(per_million=None, per_hour=Decimal(100)), low=None, high=None),
}


def test_every_kind_of_estimate_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    steps = [train(Address("model", name), estimate=made) for name, made in VARIANTS.items()]
    golden("reckoning.txt", render_reckoning(plan(*steps), Style()))


def test_a_plan_that_trains_nothing_has_nothing_to_reckon() -> None:
    assert "nothing to reckon" in render_reckoning(EXAMPLES["no_changes"](), Style())


def test_the_last_line_is_the_cost_the_plan_shows() -> None:
    lines = reckoning_lines(estimate("2.14", "4.28"))
    assert lines[-1] == "= $2.14 to $4.28"
    assert "$3.21" in render_reckoning(first_plan(), Style())


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_cannot_speak_for_itself(text: str) -> None:
    made = told(origin=text, as_of=text, encoding=text, assumption=text, hours=(Decimal(1), Decimal(2)))
    hourly = told(per_million=None, per_hour=Decimal(1), hours=(Decimal(1), Decimal(2)), assumption=text, origin=text)
    shown = render_reckoning(plan(train(estimate=made), train(Address("model", "b"), estimate=hourly)), Style())
    assert len(shown.splitlines()) == len(shown.split("\n")) - 1
    assert not [letter for letter in shown if letter != "\n" and not letter.isprintable()]
    assert str(BOT) in shown
