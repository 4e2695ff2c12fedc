"""Models that end: every figure with its day, nothing unknown shown as a figure, foreign text inert."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hostile_text import HOSTILE

from ftplan.core.gates.aging import Aging, Successor
from ftplan.core.spec import Address
from ftplan.views.aging_text import SHOWN, aging_document, render_aging
from ftplan.views.json_text import json_text
from ftplan.views.style import Style

BASE = "gpt-4.1-mini-2025-04-14"
OFFERS = (
    Successor("openai", "OpenAI", "gpt-5-tunable", Decimal("6.42"), False, built_in=True),
    Successor(
        "azure",
        "Azure",
        BASE,
        Decimal("6.42"),
        True,
        until=date(2027, 10, 14),
        input_per_million=Decimal("0.80"),
        output_per_million=Decimal("3.20"),
        hosting_per_hour=Decimal("1.70"),
    ),
    Successor("together", "Together AI", "Qwen/Qwen3-32B", None, False),
)
ENDING = Aging(
    Address("model", "support-bot"),
    "openai",
    f"ft:{BASE}:acme:support-bot:Abc123",
    BASE,
    "OpenAI",
    date(2027, 1, 14),
    53,
    "provider",
    jobs_end=date(2027, 1, 6),
    days_to_train=45,
    tokens=1_284_000,
    successors=OFFERS,
)
GONE = replace(
    ENDING,
    address=Address("model", "old-bot"),
    model_id="",
    shutdown=date(2026, 10, 23),
    days=-30,
    told_by="catalog",
    jobs_end=date(2026, 10, 23),
    days_to_train=-30,
    tokens=None,
    rehearsal=True,
    successors=(),
)


def test_it_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("aging.txt", render_aging([GONE, ENDING], 4, 90, Style()))
    golden("aging.json", json_text(aging_document([GONE, ENDING], 4, 90)) + "\n")


def test_that_nothing_ends_is_said_with_how_much_was_looked_at() -> None:
    assert render_aging([], 3, 90, Style()) == "None of 3 live models is known to end within 90 days.\n"
    assert render_aging([], 1, 1, Style()) == "None of 1 live model is known to end within 1 day.\n"
    assert render_aging([], 0, 90, Style()) == "No model is managed yet, so none can end.\n"


def test_a_person_is_shown_a_few_ways_out_and_a_program_all() -> None:
    many = replace(ENDING, successors=tuple(replace(OFFERS[0], base_model=f"base-{n}") for n in range(SHOWN + 2)))
    shown = render_aging([many], 1, 90, Style())
    assert "and 2 more, which -json lists" in shown
    assert f"base-{SHOWN}" not in shown
    assert len(aging_document([many], 1, 90)["ending"][0]["successors"]) == SHOWN + 2


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_cannot_speak_for_itself(text: str) -> None:
    offer = Successor(text, text, text, None, False)
    made = replace(ENDING, model_id=text, base_model=text, title=text, successors=(offer,))
    shown = render_aging([made], 1, 90, Style())
    assert not [letter for letter in shown if letter != "\n" and not letter.isprintable()]
    assert len(shown.splitlines()) == shown.count("\n")
    json.loads(json_text(aging_document([made], 1, 90)))
