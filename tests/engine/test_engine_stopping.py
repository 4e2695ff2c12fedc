"""A signal ends a run between two calls: what was asked is written down, what goes on is named."""

from __future__ import annotations

import pytest
from world import World, model

from ftplan.core.events import FileStored, JobStarted
from ftplan.core.facts import Phase
from ftplan.errors import Interrupted


def test_a_job_whose_start_was_in_hand_is_remembered() -> None:
    world = World([model("bot")])
    outcome = world.apply(stop=world.stop_when("start_job"))
    assert outcome.stopped == "SIGINT"
    assert world.state.models["bot"].job.id == "job-1"
    assert not world.state.intents


def test_a_file_whose_upload_was_in_hand_is_remembered_and_nothing_more_is_begun() -> None:
    world = World([model("bot")])
    world.apply(stop=world.stop_when("put_file"))
    assert len(world.heard(FileStored)) == 1
    assert world.service.calls["start_job"] == 0
    assert not world.state.intents


@pytest.mark.parametrize("hit", [1, 2, 3])
def test_after_a_signal_nothing_is_intended_and_nothing_is_paid_for(hit: int) -> None:
    world = World([model("bot")])
    outcome = world.apply(stop=world.stop_when("find_jobs", hit))
    assert outcome.stopped
    assert not world.state.intents
    assert not world.service.jobs


def test_what_goes_on_is_named_and_the_next_run_follows_it() -> None:
    world = World([model("a"), model("b", epochs=1), model("c", base="model.a")])
    world.service.training_seconds = 1000
    outcome = world.apply(stop=world.stop_after(100))
    assert [str(step.address) for step in outcome.left] == ["model.a", "model.b", "model.c"]
    assert not outcome.failed
    assert {record.job.phase for record in world.state.models.values()} == {Phase.RUNNING}
    world.apply()
    assert len(world.service.jobs) == 3
    assert world.plan().changes_nothing


def test_a_run_that_is_stopped_before_it_begins_does_nothing() -> None:
    world = World([model("bot")])
    outcome = world.apply(stop=lambda: "SIGTERM")
    assert world.service.writes == 0
    assert not world.backend.blobs
    assert len(outcome.left) == 2


def test_a_stopped_search_for_a_lost_answer_leaves_the_intent_to_the_next_run() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "lost")
    world.service.lag = 50
    world.apply(stop=world.stop_after(20))
    assert list(world.state.intents) == ["bot"]
    world.apply()
    assert len(world.service.jobs) == 1
    assert [event.adopted for event in world.heard(JobStarted)] == [True]


def test_an_intent_that_a_signal_kept_from_being_settled_is_told_as_open() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "dropped")
    world.apply(stop=world.stop_after(20))
    left = world.settle(world.stop_after(20))
    assert {name: type(error) for name, error in left.items()} == {"bot": Interrupted}
    assert list(world.state.intents) == ["bot"]
