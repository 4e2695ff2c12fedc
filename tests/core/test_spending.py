"""What counts as spent, in which month, and what the ledger adds up to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from values import answered

from ftplan.core.entries import Commit, Quote, Release, Reserve, SpendEntry, Start, Tariff
from ftplan.core.facts import Phase
from ftplan.core.money.spend_report import Sum, add_up, spend_report
from ftplan.core.money.spending import spend_of_job, spends, spent_in
from ftplan.core.records import State

QUOTE = Quote("mini-1", 1000, 1000, Decimal(2), Decimal(4), False, False, Tariff(Decimal(3000), None, "2026-11"))


def at(month: str) -> str:
    return f"2026-{month}-15T00:00:00+00:00"


def reserve(key: str, month: str = "11", name: str = "bot", quote: Quote = QUOTE) -> Reserve:
    return Reserve(key, name, "svc", "supervised", at(month), quote)


def bill(key: str, amount: Decimal | int | None, month: str = "11", phase: Phase = Phase.SUCCEEDED) -> Commit:
    tokens = None if amount is None else 1000
    return Commit(key, f"job-{key}", at(month), tokens, None if amount is None else Decimal(amount), True, phase)


def state(*entries: SpendEntry) -> State:
    return State("p", "l", ledger=entries)


def test_a_month_holds_its_bills() -> None:
    kept = state(reserve("a"), bill("a", 3), reserve("b"), bill("b", 4), reserve("c", "10"), bill("c", 50, "10"))
    assert [spent_in(kept, f"2026-{month}") for month in ("09", "10", "11", "12")] == [0, 50, 7, 0]


def test_a_bill_counts_in_the_month_in_which_its_job_ended() -> None:
    kept = state(reserve("a", "10"), bill("a", 3, "11"))
    assert [spent_in(kept, f"2026-{month}") for month in ("10", "11")] == [0, 3]


def test_what_is_open_counts_at_the_most_it_can_cost_until_it_is_settled() -> None:
    kept = state(reserve("a", "10"), Start("a", "job-a", at("10")))
    assert [spent_in(kept, f"2026-{month}") for month in ("09", "10", "11")] == [0, 4, 4]


def test_answers_count_in_the_month_in_which_they_came() -> None:
    kept = state(answered("k1", "0.25"), answered("k2", None), answered("k3", "9", rehearsal=True))
    assert [spent_in(kept, f"2026-{month}") for month in ("10", "11", "12")] == [0, Decimal("0.25"), 0]


def test_what_nobody_knows_counts_at_the_most_it_can_cost() -> None:
    kept = state(reserve("a"), bill("a", None))
    assert [spent_in(kept, f"2026-{month}") for month in ("10", "11", "12")] == [0, 4, 0]


def test_what_is_let_go_does_not_count() -> None:
    assert spent_in(state(reserve("a"), Release("a", at("11"), "refused")), "2026-11") == 0


def test_a_call_without_a_price_adds_nothing_until_it_is_billed() -> None:
    kept = state(reserve("a", quote=Quote()))
    assert spent_in(kept, "2026-11") == 0
    assert spent_in(replace(kept, ledger=(*kept.ledger, bill("a", 3))), "2026-11") == 3


def test_a_rehearsal_counts_where_it_is_asked_for() -> None:
    rehearsed = replace(QUOTE, tariff=replace(QUOTE.tariff, rehearsal=True))
    kept = state(reserve("a", quote=rehearsed), bill("a", 3), reserve("b"), bill("b", 5))
    assert (spent_in(kept, "2026-11"), spent_in(kept, "2026-11", rehearsal=True)) == (5, 8)


def test_a_job_is_found_at_its_service() -> None:
    kept = state(reserve("a"), Start("a", "job-a", at("11")))
    assert spend_of_job(kept, "svc", "job-a") == spends(kept)[0]
    assert spend_of_job(kept, "other", "job-a") is None


def test_a_bill_reaches_its_own_job_after_its_key_was_used_again() -> None:
    kept = state(reserve("a"), bill("a", None), reserve("a", "12"), bill("a", 3))
    first, second = spends(kept)
    assert (first.amount, first.month, second.state, second.month) == (3, "2026-11", "open", "2026-12")


def test_what_was_expected_is_the_likely_cost() -> None:
    hourly = replace(QUOTE, tariff=Tariff(None, Decimal(100)))
    likely, middle, none = spends(state(reserve("a"), reserve("b", quote=hourly), reserve("c", quote=Quote())))
    assert (likely.expected, middle.expected, none.expected) == (3, 3, None)


def test_a_sum_tells_what_is_not_known_and_takes_nothing_for_zero() -> None:
    kept = state(reserve("a"), bill("a", 6), reserve("b"), bill("b", None))
    assert add_up(spends(kept)) == Sum(2, 1000, Decimal(3), Decimal(6), Decimal(1), unknown=1)
    assert add_up(spends(state(reserve("b"), bill("b", None)))) == Sum(1, unknown=1)
    assert add_up([]) == Sum(0, 0, None, Decimal(0))


def test_an_estimate_is_judged_by_jobs_that_ran_to_their_end() -> None:
    kept = state(reserve("a"), bill("a", 3), reserve("b"), bill("b", 1, phase=Phase.CANCELLED))
    assert add_up(spends(kept)) == Sum(2, 2000, Decimal(3), Decimal(4), Decimal(0))


def test_a_report_has_a_line_for_a_model_and_month_and_sums_that_are_theirs() -> None:
    kept = state(
        reserve("a"),
        bill("a", 3),
        reserve("b"),
        bill("b", 4),
        reserve("c", "10"),
        bill("c", 5, "10"),
        reserve("d", name="other"),
        Start("d", "job-d", at("11")),
        reserve("e"),
        Release("e", at("11"), "refused"),
    )
    report = spend_report(spends(kept))
    assert [(line.month, line.address, line.sum.jobs, line.sum.billed) for line in report.lines] == [
        ("2026-10", "model.bot", 1, 5),
        ("2026-11", "model.bot", 2, 7),
    ]
    assert [(month, total.billed) for month, total in report.months] == [("2026-10", 5), ("2026-11", 7)]
    assert (report.total.billed, [call.name for call in report.open]) == (12, ["other"])
    one = spend_report(spends(kept), month="2026-10", by_job=True)
    assert [(line.job_id, line.phase, line.sum.billed) for line in one.lines] == [("job-c", Phase.SUCCEEDED, 5)]
    assert one.open == ()
