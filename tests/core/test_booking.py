"""What each fact adds to the spend ledger, and what it does not add a second time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest

from ftplan.core.entries import Quote, Reserve, Tariff
from ftplan.core.events import Fact, IntentDropped, JobSeen, JobStarted, ModelRemoved, TrainingIntended
from ftplan.core.facts import Phase
from ftplan.core.fold import fold
from ftplan.core.money.spending import Spend, spends
from ftplan.core.records import Intent, JobRecord, State

NOVEMBER, LATER = 1_793_534_400, 1_793_538_000  # 2026-11-01T12:00:00Z and an hour after it
MONEY = Tariff(Decimal(25), None, "2026-11")
QUOTE = Quote("mini-1", 3000, 3000, Decimal("0.075"), Decimal("0.075"), True, False, MONEY)
HOURLY = replace(QUOTE, tariff=Tariff(None, Decimal(100), "2026-11"))
RECIPE = {"account": "openai", "method": "supervised"}
EMPTY = State("p", "l")


def intended(key: str = "k1", name: str = "bot", quote: Quote = QUOTE) -> TrainingIntended:
    return TrainingIntended(Intent(name, "svc", key, f"f-{key}", 1, RECIPE, "2026-11-01T11:59:00+00:00", quote=quote))


def job(phase: Phase = Phase.QUEUED, tokens: int | None = None, id: str = "job-1", **fields: Any) -> JobRecord:
    ended = LATER if phase.settled else None
    given: dict[str, Any] = {"created_at": NOVEMBER, "finished_at": ended, "trained_tokens": tokens, **fields}
    return JobRecord(id, phase, **given)


def started(key: str = "k1", name: str = "bot", of: JobRecord | None = None, **fields: Any) -> JobStarted:
    return JobStarted(name, "svc", f"f-{key}", key, 1, RECIPE, of or job(), **{"quote": QUOTE, **fields})


def seen(phase: Phase, tokens: int | None = None, name: str = "bot", **fields: Any) -> JobSeen:
    return JobSeen(name, job(phase, tokens, **fields))


def told(*facts: Fact) -> tuple[Spend, ...]:
    return spends(reduce(fold, facts, EMPTY))


def one(*facts: Fact) -> Spend:
    (spend,) = told(*facts)
    return spend


RUN: tuple[Fact, ...] = (intended(), started())


def test_a_paid_call_is_reserved_for_before_it_is_made() -> None:
    spend = one(intended())
    assert (spend.key, spend.name, spend.provider, spend.method) == ("k1", "bot", "svc", "supervised")
    assert (spend.state, spend.quote, spend.month, spend.job_id) == ("open", QUOTE, "2026-11", "")


def test_a_job_keeps_its_reserve_open_until_it_ends() -> None:
    for facts in (RUN, (*RUN, seen(Phase.RUNNING)), (*RUN, seen(Phase.UNKNOWN)), (*RUN, seen(Phase.PAUSED))):
        spend = one(*facts)
        assert (spend.state, spend.job_id, spend.adopted) == ("open", "job-1", False)


def test_a_job_that_succeeded_is_billed_by_its_tokens_at_the_price_of_its_call() -> None:
    spend = one(*RUN, seen(Phase.SUCCEEDED, 3060))
    assert (spend.state, spend.amount, spend.billed_tokens, spend.exact) == ("billed", Decimal("0.0765"), 3060, True)
    assert (spend.ended_at, spend.phase) == ("2026-11-01T13:00:00+00:00", Phase.SUCCEEDED)


def test_a_job_that_has_ended_when_it_starts_is_billed_at_once() -> None:
    spend = one(intended(), started(of=job(Phase.SUCCEEDED, 3060)))
    assert (spend.state, spend.billed_tokens) == ("billed", 3060)


def test_by_the_hour_the_bill_is_the_most_that_it_can_be() -> None:
    spend = one(intended(quote=HOURLY), started(), seen(Phase.SUCCEEDED, 3060))
    assert (spend.state, spend.amount, spend.exact) == ("billed", Decimal(100), False)


@pytest.mark.parametrize("quote", [Quote(), HOURLY])
def test_without_a_price_or_a_time_nobody_knows_the_bill(quote: Quote) -> None:
    spend = one(intended(quote=quote), started(), seen(Phase.SUCCEEDED, 3060, finished_at=None))
    assert (spend.state, spend.amount, spend.billed_tokens) == ("unknown", None, 3060)


def test_a_bill_that_comes_late_is_entered_when_it_comes() -> None:
    spend = one(*RUN, seen(Phase.SUCCEEDED), seen(Phase.SUCCEEDED, 3060))
    assert (spend.state, spend.billed_tokens) == ("billed", 3060)
    assert one(*RUN, seen(Phase.SUCCEEDED)).state == "unknown"


def test_a_job_that_failed_without_tokens_gives_its_reserve_back() -> None:
    for tokens in (None, 0):
        spend = one(*RUN, seen(Phase.FAILED, tokens))
        assert (spend.state, spend.amount, spend.phase) == ("released", None, Phase.FAILED)
        assert "no tokens were billed" in spend.why


def test_a_job_that_failed_with_tokens_is_billed() -> None:
    spend = one(*RUN, seen(Phase.FAILED, 1000))
    assert (spend.state, spend.amount) == ("billed", Decimal("0.025"))
    assert one(*RUN, seen(Phase.FAILED), seen(Phase.FAILED, 1000)).state == "billed"


def test_a_cancelled_job_without_a_figure_is_not_taken_for_free() -> None:
    spend = one(*RUN, seen(Phase.CANCELLED))
    assert (spend.state, spend.amount, spend.phase) == ("unknown", None, Phase.CANCELLED)
    assert one(*RUN, seen(Phase.CANCELLED, 500)).amount == Decimal("0.0125")
    assert one(*RUN, seen(Phase.CANCELLED, 0)).amount == 0


def test_fewer_tokens_than_none_are_no_figure() -> None:
    assert one(*RUN, seen(Phase.SUCCEEDED, -5)).state == "unknown"


def test_a_call_that_was_not_made_gives_its_reserve_back() -> None:
    spend = one(intended(), IntentDropped("bot", "refused", "2026-11-01T12:01:00+00:00"))
    assert (spend.state, spend.why, spend.ended_at) == ("released", "refused", "2026-11-01T12:01:00+00:00")
    assert told(IntentDropped("nobody", "x")) == ()


ENDINGS = [seen(Phase.SUCCEEDED, 3060), seen(Phase.FAILED), seen(Phase.CANCELLED), seen(Phase.FAILED, 10)]


@pytest.mark.parametrize("ending", ENDINGS, ids=["billed", "failed", "cancelled", "failed and billed"])
def test_what_is_told_again_is_entered_once(ending: JobSeen) -> None:
    once = reduce(fold, (*RUN, ending), EMPTY)
    for again in (ending, started(of=ending.job), started(of=ending.job, adopted=True)):
        assert fold(once, again).ledger == once.ledger


def test_a_bill_stands_whatever_is_told_afterwards() -> None:
    billed = reduce(fold, (*RUN, seen(Phase.SUCCEEDED, 3060)), EMPTY)
    for late in (seen(Phase.SUCCEEDED, 9999), seen(Phase.FAILED), seen(Phase.RUNNING), ModelRemoved("bot", True)):
        assert fold(billed, late).ledger == billed.ledger


def test_an_intent_that_is_written_again_is_one_reserve_the_last() -> None:
    dearer = replace(QUOTE, high=Decimal(9))
    assert one(intended(), intended(quote=dearer)).reserved_high == 9
    assert one(intended(), intended(quote=dearer), started()).reserved_high == 9


def test_a_call_that_is_made_after_a_release_is_a_call_of_its_own() -> None:
    first, second = told(intended(), IntentDropped("bot", "busy"), intended(), started())
    assert (first.state, first.job_id, second.state, second.job_id) == ("released", "", "open", "job-1")


def test_another_try_has_another_key_and_another_bill() -> None:
    failed = seen(Phase.FAILED)
    again = (intended("k2"), started("k2", of=job(Phase.SUCCEEDED, 3060, "job-2")))
    first, second = told(*RUN, failed, *again)
    assert (first.state, second.state) == ("released", "billed")


def test_a_job_of_this_project_that_the_state_had_lost_is_reserved_for_when_it_is_adopted() -> None:
    spend = one(started(adopted=True))
    assert (spend.state, spend.adopted, spend.at, spend.quote) == ("open", True, "2026-11-01T12:00:00+00:00", QUOTE)
    assert one(started(adopted=True), seen(Phase.SUCCEEDED, 3060)).amount == Decimal("0.0765")


def test_a_job_that_another_project_paid_for_costs_nothing_here() -> None:
    theirs = started(adopted=True, paid_here=False)
    assert told(theirs, seen(Phase.SUCCEEDED, 3060)) == ()


def test_a_job_that_turns_up_after_it_was_given_up_is_billed_all_the_same() -> None:
    given_up, found = told(intended(), IntentDropped("bot", "says alice"), started(of=job(Phase.SUCCEEDED, 3060)))
    assert (given_up.state, found.state, found.adopted) == ("released", "billed", True)


def test_a_job_that_two_models_share_is_billed_once() -> None:
    shared = started("k2", "twin", adopted=True)
    spend = one(*RUN, shared, seen(Phase.SUCCEEDED, 3060), seen(Phase.SUCCEEDED, 3060, "twin"))
    assert (spend.name, spend.key, spend.state) == ("bot", "k1", "billed")


def test_a_shared_job_is_followed_by_who_is_left() -> None:
    shared = started("k2", "twin", adopted=True)
    spend = one(*RUN, shared, ModelRemoved("bot", deleted=False), seen(Phase.SUCCEEDED, 3060, "twin"))
    assert (spend.name, spend.state) == ("bot", "billed")


def test_a_job_is_known_under_the_new_name_of_its_provider() -> None:
    renamed = replace(started(adopted=True), provider="elsewhere")
    assert one(*RUN, renamed, JobSeen("bot", job(Phase.RUNNING))).provider == "svc"


def test_the_same_id_at_another_service_is_another_job() -> None:
    other = replace(started("k2", "twin"), provider="other", recipe={"account": "other"})
    assert len(told(*RUN, other)) == 2


def test_what_a_job_costs_that_nobody_looks_at_any_more_is_not_known() -> None:
    removed = one(*RUN, ModelRemoved("bot", deleted=False))
    (replaced, _) = told(*RUN, started("k2", of=job(id="job-2")))
    assert (removed.state, replaced.state) == ("unknown", "unknown")
    assert removed.month == replaced.month == "2026-11"


def test_a_look_at_a_job_that_was_replaced_is_entered_for_that_job() -> None:
    replaced, current = told(*RUN, started("k2", of=job(id="job-2")), seen(Phase.CANCELLED, 100))
    assert (replaced.state, replaced.billed_tokens, current.state) == ("billed", 100, "open")


def test_a_job_begun_before_the_ledger_was_kept_is_entered_when_it_ends() -> None:
    before = replace(reduce(fold, RUN, EMPTY), ledger=())
    assert fold(before, seen(Phase.RUNNING)).ledger == ()
    after = fold(before, seen(Phase.SUCCEEDED, 3060))
    (spend,) = spends(after)
    assert (spend.state, spend.billed_tokens, spend.amount) == ("unknown", 3060, None)
    assert fold(after, seen(Phase.SUCCEEDED, 3060)).ledger == after.ledger


def test_a_job_that_ended_before_the_ledger_was_kept_is_not_made_up() -> None:
    before = replace(reduce(fold, (*RUN, seen(Phase.SUCCEEDED, 3060)), EMPTY), ledger=())
    assert fold(before, seen(Phase.SUCCEEDED, 3060, error_message="x")).ledger == ()


@pytest.mark.parametrize("seconds", [0, -(10**20), 10**20])
def test_a_time_that_no_calendar_holds_is_no_time(seconds: int) -> None:
    spend = one(intended(), started(of=job(created_at=seconds)), seen(Phase.SUCCEEDED, 1, finished_at=seconds))
    assert spend.month == "2026-11"
    assert isinstance(fold(EMPTY, started(of=job(created_at=seconds))).ledger[0], Reserve)
