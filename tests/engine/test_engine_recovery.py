"""What an earlier run left open is settled before anything is planned, and never by paying."""

from __future__ import annotations

from dataclasses import replace

import pytest
from world import SimulatedCrash, World, model

from ftplan.core.events import IntentDropped, JobStarted
from ftplan.core.facts import Phase
from ftplan.core.ports import CALL_TIMEOUT_SECONDS
from ftplan.engine.apply import settle_intents
from ftplan.engine.context import GIVE_UP_SECONDS
from ftplan.errors import ProviderError, Unreachable

WINDOW_SECONDS = CALL_TIMEOUT_SECONDS / 3
WAIT_SECONDS = WINDOW_SECONDS + CALL_TIMEOUT_SECONDS + 60.0


def crashed(label: str, *models: object) -> World:
    """A world whose first run died `label` (before or after) its first paid call."""
    world = World(list(models) or [model("bot")])  # type: ignore[arg-type]

    def around(here: str) -> None:
        if here == f"{label} start_job":
            raise SimulatedCrash

    world.service._around = around
    with pytest.raises(SimulatedCrash):
        world.apply()
    world.service._around = lambda here: None
    return world


def test_a_job_started_by_a_run_that_died_is_taken_over_at_once() -> None:
    world = crashed("after")
    before = world.clock.monotonic()
    assert not world.settle()
    assert world.clock.monotonic() == before
    (started,) = world.heard(JobStarted)
    assert (started.job.id, started.adopted) == ("job-1", True)
    assert not world.state.intents


def test_what_is_taken_over_is_what_a_run_that_lived_would_have_remembered() -> None:
    world, straight = crashed("after"), World([model("bot")])
    world.apply()
    straight.apply()
    for name, record in straight.state.models.items():
        assert replace(world.state.models[name], adopted=False) == record


def test_an_intent_without_a_job_is_dropped_only_after_window_timeout_and_lag() -> None:
    world = crashed("before")
    before = world.clock.monotonic()
    assert not world.settle()
    assert world.clock.monotonic() - before >= WAIT_SECONDS
    assert [event.name for event in world.heard(IntentDropped)] == ["bot"]
    assert not world.state.intents
    assert not world.service.jobs


def test_settling_starts_nothing() -> None:
    world = crashed("before")
    calls = world.service.calls["start_job"]
    world.settle()
    assert world.service.calls["start_job"] == calls


def test_a_job_that_shows_up_late_is_still_found() -> None:
    world = crashed("after")
    world.service.lag = 59
    assert not world.settle()
    assert world.state.models["bot"].job.id == "job-1"


def test_a_search_that_fails_is_asked_again_and_drops_nothing() -> None:
    world = crashed("after")
    world.service.fail("find_jobs", "unreachable", hits=range(world.service.calls["find_jobs"] + 1, 100))
    assert not world.settle()
    assert world.clock.monotonic() > WAIT_SECONDS
    assert world.state.models["bot"].job.id == "job-1"


def test_a_service_silent_for_too_long_leaves_the_intent_open() -> None:
    for label in ("before", "after"):
        world = crashed(label)
        world.service.fail("find_jobs", "unreachable", hits=range(1, 9999))
        failed = world.settle()
        assert isinstance(failed["bot"], Unreachable)
        assert list(world.state.intents) == ["bot"]
        assert world.clock.monotonic() <= GIVE_UP_SECONDS + 60


def test_a_service_that_cannot_be_searched_refuses_to_guess() -> None:
    world = crashed("after")
    world.service.can = replace(world.service.can, searches_jobs=False)
    failed = world.settle()
    assert isinstance(failed["bot"], ProviderError)
    assert list(world.state.intents) == ["bot"]


def test_an_intent_at_a_service_that_is_no_longer_declared_stays_open() -> None:
    world = crashed("after")
    ledger = world.ledger()
    run = replace(world.run_of(ledger), providers={})
    failed = settle_intents(run, ledger, lambda: None)
    assert failed["bot"].problems[0].summary == "Provider is not declared"
    assert list(world.state.intents) == ["bot"]


def test_a_job_of_the_recipe_before_the_edit_is_kept_before_the_new_one_is_trained() -> None:
    world = crashed("after")
    world.declare(model("bot", epochs=5))
    world.apply()
    record = world.state.models["bot"]
    assert record.job.id == "job-2"
    assert [former.job.id for former in record.former] == ["job-1"]


def test_the_job_of_a_model_that_was_taken_out_meanwhile_is_not_lost_in_silence() -> None:
    world = crashed("after")
    world.declare(model("another", epochs=2))
    world.settle()
    assert world.state.models["bot"].job.id == "job-1"
    assert world.plan().summary()["forget"] == 1


def test_several_intents_are_waited_for_together() -> None:
    world = World([model(f"m{n}", epochs=n) for n in range(1, 5)])
    world.service.fail("start_job", "dropped", hits=range(1, 5))
    world.apply(stop=world.stop_after(10))
    assert len(world.state.intents) == 4
    before = world.clock.monotonic()
    assert not world.settle()
    assert world.clock.monotonic() - before < WAIT_SECONDS + 10
    assert not world.state.intents


def test_a_job_that_ended_meanwhile_is_taken_over_with_its_end() -> None:
    world = crashed("after")
    world.wait(1000)
    world.settle()
    assert world.state.models["bot"].job.phase is Phase.SUCCEEDED
    assert world.plan().changes_nothing or world.plan().summary()["train"] == 0
