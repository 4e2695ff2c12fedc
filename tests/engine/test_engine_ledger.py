"""Every fact is saved before it is told; a run that cannot save stops there."""

from __future__ import annotations

import pytest
from world import World, model

from ftplan.core.events import LifecycleChanged, PlanUsed
from ftplan.core.keeping.codec import decode_state
from ftplan.core.spec import Lifecycle
from ftplan.errors import StateConflict, StateUnsaved

FACTS = ("FileStored", "TrainingIntended", "JobStarted", "JobSeen")


def test_every_fact_is_saved_before_it_is_told() -> None:
    world = World([model("bot")])
    world.apply()
    told = [n for n, entry in enumerate(world.log) if entry.removeprefix("told ") in FACTS]
    assert len(told) == len(world.backend.blobs) == 5
    assert all(world.log[n - 1] == "save" for n in told)


def test_the_serial_grows_by_one_a_save_and_the_lineage_stays() -> None:
    world = World([model("bot")])
    world.apply()
    states = [decode_state(data, "memory") for data in world.backend.blobs]
    assert [state.serial for state in states] == list(range(1, len(states) + 1))
    assert {state.lineage for state in states} == {"lineage-1"}


def test_a_fact_that_cannot_be_saved_is_not_told_and_kept_elsewhere() -> None:
    world = World([model("bot")])
    world.backend.broken = {1}
    ledger = world.ledger()
    with pytest.raises(StateUnsaved) as caught:
        ledger.record(PlanUsed("digest"))
    assert caught.value.copy == "/elsewhere/copy"
    assert "/elsewhere/copy" in caught.value.problems[0].detail
    assert not world.told
    assert ledger.state.serial == 0
    assert decode_state(world.rescued[0], "copy").used_plans == ("digest",)


def test_without_an_emergency_copy_the_message_says_so() -> None:
    world = World([model("bot")])
    world.backend.broken = {1}
    ledger = world.ledger()

    def full(data: bytes) -> str:
        raise OSError("full")

    ledger._rescue = full
    with pytest.raises(StateUnsaved) as caught:
        ledger.record(PlanUsed("digest"))
    assert caught.value.copy == ""
    assert "No emergency copy" in caught.value.problems[0].detail


@pytest.mark.parametrize("save", [1, 2, 3, 4, 5])
def test_a_run_that_cannot_save_does_nothing_more(save: int) -> None:
    world = World([model("bot"), model("other", epochs=1)])
    world.backend.broken = set(range(save, 99))
    with pytest.raises(StateUnsaved):
        world.apply()
    assert len(world.backend.blobs) == save - 1
    assert world.backend.asked == save
    assert world.log.count("start_job") <= save // 2
    assert len(world.rescued) == 1


def test_what_could_not_be_saved_is_found_by_the_next_run() -> None:
    world = World([model("bot")])
    world.backend.broken = {3}
    with pytest.raises(StateUnsaved):
        world.apply()
    assert list(world.state.intents) == ["bot"]
    world.apply()
    assert len(world.service.jobs) == 1
    assert world.plan().changes_nothing


def test_an_intent_that_could_not_be_saved_is_not_acted_on() -> None:
    world = World([model("bot")])
    world.backend.broken = {2}
    with pytest.raises(StateUnsaved):
        world.apply()
    assert world.service.calls["start_job"] == 0


@pytest.mark.parametrize("save", [1, 2, 3])
def test_a_run_that_was_overtaken_writes_nothing_more(save: int) -> None:
    world = World([model("bot")])
    world.backend.overtaken = {save}
    with pytest.raises(StateUnsaved) as caught:
        world.apply()
    assert isinstance(caught.value.__cause__, StateConflict)
    assert "Another run" in caught.value.problems[0].advice
    assert world.backend.asked == save


def test_a_changed_lifecycle_is_remembered_without_any_step() -> None:
    world = World([model("bot")])
    world.apply()
    kept = Lifecycle(prevent_destroy=True)
    world.declare(model("bot", lifecycle=kept))
    outcome = world.apply()
    assert outcome.done == ()
    assert world.state.models["bot"].lifecycle == kept
    assert [event.name for event in world.heard(LifecycleChanged)] == ["bot"]
    world.apply()
    assert len(world.heard(LifecycleChanged)) == 1


def test_a_state_written_by_another_run_between_two_facts_is_not_written_over() -> None:
    world = World([model("bot")])
    ledger = world.ledger()
    ledger.record(PlanUsed("one"))
    successor = world.ledger()
    successor.record(PlanUsed("two"))
    with pytest.raises(StateUnsaved):
        ledger.record(PlanUsed("three"))
    assert world.state.used_plans == ("one", "two")
