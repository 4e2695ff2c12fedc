"""Killed at any write, run again: every recipe was paid for once, no job is lost, and the plan is empty.

Each test runs the same small project, two models on one dataset and one on top of the first, with the process dying
at one boundary after the other: before and after the work of each write at the service, before and after each save.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import count

import pytest
from fake_service import Kind
from hypothesis import given, settings
from hypothesis import strategies as st
from world import SimulatedCrash, World, model

from ftplan.core.money.spending import spends, spent_in
from ftplan.core.recipe import MARK_FINGERPRINT, MARK_KEY
from ftplan.errors import StateUnsaved, Unreachable

LAG_SECONDS = 55.0
BILLED_TOKENS, PER_MILLION = 3_100, Decimal(25)


def declared() -> World:
    return billing(World([model("a"), model("b", epochs=1), model("child", base="model.a")]))


def billing(world: World) -> World:
    """`world` where every job is billed for the same number of tokens, which is not what was estimated."""
    world.service.trained_tokens = BILLED_TOKENS
    return world


def live(world: World, crash_after: int | None = None, **options: bool) -> bool:
    """One run, dying at its boundary with this number. Whether it came to its end; a run that cannot look does not."""
    world.crash_at = None if crash_after is None else world.boundaries + crash_after
    try:
        outcome = world.apply(**options)
    except (SimulatedCrash, Unreachable):
        return False
    finally:
        world.crash_at = None
    return not outcome.failed


def check(world: World) -> None:
    """All is well at last, and nothing was paid for twice on the way."""
    paid = Counter(request.metadata[MARK_FINGERPRINT] for request in world.service.requests)
    names, state = {spec.name for spec in world.models}, world.state
    assert list(paid.values()) == [1] * len(names)
    assert set(state.models) == names
    assert {record.fingerprint for record in state.models.values()} == set(paid)
    assert all(world.model_id(name) for name in names)
    assert not state.intents
    assert state.serial == len(world.backend.blobs)
    assert world.plan().changes_nothing
    check_ledger(world)


def check_reserves(world: World) -> None:
    """Whatever was ordered by now is reserved for in the state that a new process finds."""
    reserved = {call.key for call in spends(world.state) if call.state != "released"}
    assert {request.metadata[MARK_KEY] for request in world.service.requests} <= reserved


def check_ledger(world: World) -> None:
    """Every job that the service was paid for has one line of its own, and they add up to what it bills."""
    calls = [call for call in spends(world.state) if call.state != "released"]
    assert sorted(call.job_id for call in calls) == sorted(world.service.jobs)
    assert {(call.state, call.billed_tokens) for call in calls} == {("billed", BILLED_TOKENS)}
    assert spent_in(world.state, f"{world.clock.now():%Y-%m}") == len(calls) * BILLED_TOKENS * PER_MILLION / 1_000_000


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "no-wait"])
@pytest.mark.parametrize("lag", [0.0, LAG_SECONDS])
@pytest.mark.parametrize("fault", [None, "lost", "dropped", "late", "busy"])
def test_a_crash_at_any_boundary_costs_nothing(fault: Kind | None, lag: float, wait: bool) -> None:
    for boundary in count(1):
        world = declared()
        world.service.lag = lag
        if fault:
            world.service.fail("start_job", fault, hits=(1, 3), seconds=30)
        lived = live(world, boundary, wait=wait)
        check_reserves(world)
        assert live(world)
        check(world)
        if lived:
            assert boundary > 12
            return


def test_two_crashes_at_any_two_boundaries_cost_nothing() -> None:
    for first in count(1):
        for second in count(1):
            world = billing(World([model("a"), model("child", base="model.a")]))
            world.service.lag = LAG_SECONDS
            lived = live(world, first)
            lived_again = live(world, second)
            assert live(world)
            check(world)
            if lived or lived_again:
                break
        if lived:
            return


def test_a_crash_whose_state_was_lost_costs_nothing_once_the_jobs_can_be_listed() -> None:
    for boundary in count(1):
        world = declared()
        lived = live(world, boundary)
        world.backend.blobs.clear()
        assert live(world)
        check(world)
        if lived:
            return


def test_a_save_that_fails_at_any_moment_costs_nothing() -> None:
    for save in count(1):
        world = declared()
        world.backend.broken = {save}
        try:
            world.apply()
            lived = True
        except StateUnsaved:
            lived = False
        assert live(world)
        check(world)
        if lived:
            return


def test_the_simulation_would_notice_a_second_payment() -> None:
    """A service that breaks its word on how long its list lags is the one thing that cannot be guarded against."""
    twice = 0
    for boundary in range(1, 30):
        world = declared()
        world.service.lag = 10_000.0
        live(world, boundary)
        live(world)
        twice += max(Counter(r.metadata[MARK_FINGERPRINT] for r in world.service.requests).values()) > 1
    assert twice > 0


FAULTS = st.sampled_from(["lost", "dropped", "late", "busy"])


@settings(max_examples=40, deadline=None)
@given(
    crashes=st.lists(st.integers(1, 30), max_size=4),
    faults=st.dictionaries(st.integers(1, 6), FAULTS, max_size=4),
    deaf=st.sets(st.integers(2, 60), max_size=20),
    lag=st.floats(0, LAG_SECONDS),
    pauses=st.lists(st.floats(0, 200), min_size=4, max_size=4),
    wait=st.booleans(),
)
def test_no_mixture_of_faults_and_crashes_costs_anything(
    crashes: list[int], faults: dict[int, Kind], deaf: set[int], lag: float, pauses: list[float], wait: bool
) -> None:
    world = declared()
    world.service.lag = lag
    for hit, kind in faults.items():
        world.service.fail("start_job", kind, hits=(hit,), seconds=50)
    for boundary, pause in zip(crashes, pauses, strict=False):
        live(world, boundary, wait=wait)
        world.wait(pause)
    for _ in range(3):
        world.service.fail("find_jobs", "unreachable", hits=[n for n in deaf if n > world.service.calls["find_jobs"]])
        live(world)
    world.service.calls["find_jobs"] = 1000
    assert live(world)
    check(world)
