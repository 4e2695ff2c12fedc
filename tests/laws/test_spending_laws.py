"""A ledger only grows, and says the same of a job however often and in whatever company it was told."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from published import check

from ftplan.core.entries import Answered, Quote, Tariff
from ftplan.core.events import AnswersBought, Fact, IntentDropped, JobSeen, JobStarted, ModelRemoved, TrainingIntended
from ftplan.core.facts import Phase
from ftplan.core.fold import fold
from ftplan.core.keeping.codec import decode_state, encode_state
from ftplan.core.keeping.integrity import integrity_faults
from ftplan.core.money.spending import spends, spent_in
from ftplan.core.records import Intent, JobRecord, State

LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EMPTY = State("support", "lineage-1")
NAMES, KEYS = ("a", "b"), ("k1", "k2", "k3")
MONTH, CREATED = "2026-11", 1_793_534_400
PRICES = (Tariff(Decimal(25)), Tariff(None, Decimal(100)), Tariff())
# One recipe, so that any two models may share a job.
RECIPE = {"account": "svc", "method": "supervised"}


def _quote(key: str) -> Quote:
    return Quote("mini", 100, 100, Decimal(1), Decimal(2), tariff=PRICES[KEYS.index(key)])


def _intent(name: str, key: str) -> Intent:
    return Intent(name, "svc", key, "f", 1, RECIPE, f"{MONTH}-01T00:00:00+00:00", quote=_quote(key))


def _job(number: int, phase: Phase, tokens: int | None) -> JobRecord:
    finished = CREATED + 3600 if phase.settled else None
    return JobRecord(f"job-{number}", phase, created_at=CREATED, finished_at=finished, trained_tokens=tokens)


def _jobs() -> st.SearchStrategy[JobRecord]:
    return st.builds(_job, st.integers(1, 3), st.sampled_from(Phase), st.sampled_from((None, 0, 1000, 2000)))


def _facts(state: State) -> st.SearchStrategy[Fact]:
    names, keys = st.sampled_from(NAMES), st.sampled_from(KEYS)
    kinds: list[st.SearchStrategy[Fact]] = [
        st.builds(lambda name, key: TrainingIntended(_intent(name, key)), names, keys),
        st.builds(IntentDropped, names, st.just("refused")),
        st.builds(_started, names, keys, _jobs(), st.booleans(), st.booleans()),
        st.builds(ModelRemoved, names, st.booleans()),
        st.builds(_answered, keys, st.sampled_from((None, Decimal(0), Decimal("0.5"))), st.booleans()),
    ]
    if state.models:
        kinds.append(st.builds(JobSeen, st.sampled_from(sorted(state.models)), _jobs()))
    return st.one_of(kinds)


def _started(name: str, key: str, job: JobRecord, adopted: bool, paid_here: bool) -> JobStarted:
    return JobStarted(
        name, "svc", "f", key, 1, RECIPE, job, adopted=adopted, paid_here=paid_here or not adopted, quote=_quote(key)
    )


def _answered(key: str, amount: Decimal | None, rehearsal: bool) -> AnswersBought:
    # Askings have keys of their own: they never meet those of trainings.
    at = f"{MONTH}-02T00:00:00+00:00"
    return AnswersBought(Answered(f"asked {key}", "accuracy", "a", "svc", at, 10, amount, rehearsal))


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Fact], list[State]]:
    """Facts as they might come, and the states that follow on each other because of them."""
    facts: list[Fact] = []
    states = [EMPTY]
    for _ in range(draw(st.integers(1, 20))):
        facts.append(draw(_facts(states[-1])))
        states.append(fold(states[-1], facts[-1]))
    return facts, states


@given(histories())
@LAW
def test_a_ledger_only_grows_and_is_whole(history: tuple[list[Fact], list[State]]) -> None:
    _, states = history
    for before, after in pairwise(states):
        assert after.ledger[: len(before.ledger)] == before.ledger
        assert integrity_faults(after) == []
    assert decode_state(encode_state(states[-1]), "s") == states[-1]
    check(json.loads(encode_state(states[-1])), "state")


@given(histories())
@LAW
def test_no_job_has_two_lines_and_no_bill_changes(history: tuple[list[Fact], list[State]]) -> None:
    _, states = history
    billed: dict[str, Decimal | None] = {}
    for state in states:
        jobs = [call.job_id for call in spends(state) if call.job_id]
        assert len(jobs) == len(set(jobs))
        now = {call.job_id or call.key: call.amount for call in spends(state) if call.state == "billed"}
        assert now.items() >= billed.items()
        billed = now


@given(histories())
@LAW
def test_a_fact_about_a_job_adds_nothing_when_it_is_told_again(history: tuple[list[Fact], list[State]]) -> None:
    facts, states = history
    for fact, after in zip(facts, states[1:], strict=True):
        if isinstance(fact, (JobStarted, JobSeen, ModelRemoved, IntentDropped, AnswersBought)):
            again = fold(after, fact) if not isinstance(fact, JobSeen) or fact.name in after.models else after
            assert again.ledger == after.ledger


@given(histories())
@LAW
def test_a_month_is_what_its_calls_add_up_to(history: tuple[list[Fact], list[State]]) -> None:
    _, states = history
    for state in states:
        calls = [call for call in spends(state) if call.state != "released" and not call.rehearsal]
        reserved = 2 * sum(call.amount is None for call in calls if not call.answers)
        assert spent_in(state, MONTH) == reserved + sum(call.amount for call in calls if call.amount is not None)


@given(histories())
@LAW
def test_a_state_that_was_lost_adds_up_again_once_its_jobs_are_found(history: tuple[list[Fact], list[State]]) -> None:
    _, states = history
    known = [call for call in spends(states[-1]) if call.state == "billed" and call.job_id]
    found = [
        _started("a", call.key, replace(_job(1, Phase.SUCCEEDED, call.billed_tokens), id=call.job_id), True, True)
        for call in known
    ]
    rebuilt = reduce(fold, found, EMPTY)
    assert [(call.job_id, call.amount) for call in spends(rebuilt)] == [(call.job_id, call.amount) for call in known]
    assert spent_in(rebuilt, MONTH) == sum(call.amount for call in known if call.amount is not None)
