"""What was spent, as text, as JSON and as a sheet: what is not known is said so, and a rehearsal is none of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hostile_text import HOSTILE, check_is_harmless

from ftplan.core.entries import Answered, Commit, Quote, Release, Reserve, SpendEntry, Start, Tariff
from ftplan.core.facts import Phase
from ftplan.core.money.spend_report import SpendReport, spend_report
from ftplan.core.money.spending import read_ledger
from ftplan.core.notices import Spent
from ftplan.views.json_text import json_text
from ftplan.views.progress_text import spent_words
from ftplan.views.spend_text import render_spending, spending_csv, spending_document
from ftplan.views.style import Style

PLAIN = Style(False)
QUOTE = Quote("mini-1", 400_000, 400_000, Decimal(2), Decimal(2), True, False, Tariff(Decimal(5), None, "2026-11"))
REHEARSED = replace(QUOTE, tariff=replace(QUOTE.tariff, rehearsal=True))
HOURLY = replace(QUOTE, tokens=None, low=Decimal(50), high=Decimal(200), tariff=Tariff(None, Decimal(100), "2026-11"))


def call(key: str, name: str, month: str, quote: Quote = QUOTE) -> tuple[SpendEntry, SpendEntry]:
    at = f"{month}-03T10:00:00+00:00"
    return Reserve(key, name, "openai", "supervised", at, quote), Start(key, f"ftjob-{key}", at)


def bill(key: str, month: str, tokens: int | None, amount: str | None, exact: bool = True) -> Commit:
    cost = None if amount is None else Decimal(amount)
    phase = Phase.CANCELLED if amount is None else Phase.SUCCEEDED
    return Commit(key, f"ftjob-{key}", f"{month}-04T10:00:00+00:00", tokens, cost, exact, phase)


LEDGER: tuple[SpendEntry, ...] = (
    *call("a1", "support-bot", "2026-10"),
    bill("a1", "2026-10", 408_000, "2.04"),
    *call("b1", "support-bot", "2026-11"),
    Release("b1", "2026-11-03T11:00:00+00:00", "the job failed and no tokens were billed", "ftjob-b1"),
    *call("b2", "support-bot", "2026-11"),
    bill("b2", "2026-11", 408_000, "2.04"),
    *call("c1", "triage", "2026-11"),
    bill("c1", "2026-11", None, None),
    *call("c2", "triage", "2026-11"),
    bill("c2", "2026-11", 400_000, "2.00"),
    *call("d1", "grader", "2026-11", HOURLY),
    bill("d1", "2026-11", None, "150.00", exact=False),
    *call("e1", "trial", "2026-11", REHEARSED),
    bill("e1", "2026-11", 400_000, "2.00"),
    *call("f1", "night", "2026-11"),
    Answered("h1", "accuracy", "support-bot", "openai", "2026-11-05T10:00:00+00:00", 200, Decimal("0.31")),
    Answered("h2", "accuracy", "triage", "openai", "2026-11-05T10:00:00+00:00", 50),
    Answered("h3", "accuracy", "trial", "openai", "2026-11-05T10:00:00+00:00", 50, Decimal("0.10"), rehearsal=True),
    Reserve("g1", "unsure", "openai", "supervised", "2026-11-05T10:00:00+00:00", Quote()),
)


def report(*entries: SpendEntry, **options: bool) -> SpendReport:
    return spend_report(read_ledger(entries or LEDGER), **options)


def test_a_history_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("spending.txt", render_spending(report(), PLAIN))


def test_a_history_by_job_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("spending_by_job.txt", render_spending(report(by_job=True), PLAIN))


def test_a_history_is_a_document_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("spending.json", json_text(spending_document(report())) + "\n")


def test_a_history_is_a_sheet_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("spending.csv", spending_csv(report()))


def test_one_line_needs_no_sum() -> None:
    text = render_spending(report(*LEDGER[:3]), PLAIN)
    assert text.splitlines()[1:] == ["2026-10  model.support-bot     1  408,000      $2.00   $2.04  +2.0%"]


def test_where_only_something_is_open_nothing_was_billed() -> None:
    text = render_spending(report(*call("f1", "night", "2026-11")), PLAIN)
    assert text.startswith("Nothing was billed.\n")
    assert "job ftjob-f1" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_cannot_speak_for_itself(text: str) -> None:
    quote = replace(QUOTE, base_model=text)
    known = (Reserve("k", text, text, text, text, quote), Start("k", text, text))
    ended = (*known, Commit("k", text, text, 1, Decimal(1), True, Phase.SUCCEEDED))
    for entries in (known, ended):
        made = report(*entries, by_job=True)
        for shown in (render_spending(made, PLAIN), json_text(spending_document(made)), spending_csv(made)):
            check_is_harmless(shown)
    assert json.loads(json_text(spending_document(report(*ended))))["total"]["billed"] == 1.0


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_a_sheet_is_taken_for_a_formula(start: str) -> None:
    quote = replace(QUOTE, base_model=f"{start}1+1")
    entries = (Reserve("k", "bot", f"{start}cmd", "m", "2026-11-01", quote), bill("k", "2026-11", 1, "1"))
    (row,) = csv.DictReader(spending_csv(report(*entries)).splitlines())
    assert (row["provider"], row["base_model"]) == (f"'{start}cmd", f"'{start}1+1")


@pytest.mark.parametrize(
    ("amount", "estimated", "told"),
    [
        ("2.04", "2.00", "$2.04 for 408,000 trained tokens, estimated $2.00, +2.0%"),
        ("1.00", "2.00", "$1.00 for 408,000 trained tokens, estimated $2.00, -50.0%"),
        ("2.00", "2.00", "$2.00 for 408,000 trained tokens"),
        ("2.00", None, "$2.00 for 408,000 trained tokens"),
        ("2.00", "0", "$2.00 for 408,000 trained tokens"),
    ],
)
def test_the_end_of_a_training_tells_how_far_off_its_estimate_was(
    amount: str, estimated: str | None, told: str
) -> None:
    reckoned = None if estimated is None else Decimal(estimated)
    assert spent_words(Spent(Decimal(amount), 408_000, estimated=reckoned)) == told
    rehearsed = spent_words(Spent(Decimal(amount), 408_000, True, reckoned))
    assert rehearsed == f"{told}, not billed: a rehearsal"
