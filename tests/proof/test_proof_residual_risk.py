"""What is not promised, shown as it is: a service whose lists lag behind for longer than it says, and a process that is
frozen for minutes between its last look at the clock and the call. Both pay twice, and the next plan says so. And a
job that nobody remembers is found by a list alone."""

from __future__ import annotations

import pytest
from simulated_pair import overtake
from simulated_rest import come_to_rest
from simulated_run import Incarnation, Script, resting_plan
from simulated_schedules import Survey, two_models_and_a_chained_third
from simulated_world import PROMISED_LAG_SECONDS, World

SECOND_JOB = "A second job for one training"


def second_jobs(world: World) -> list[str]:
    return [note.detail for note in resting_plan(world).notes if note.summary == SECOND_JOB]


def test_a_list_that_lags_longer_than_promised_pays_twice() -> None:
    survey = Survey(enough=1).take(two_models_and_a_chained_third(lag=10_000.0), faults=1)
    assert any(what.startswith("I1") for what in survey.broken)


def test_the_next_plan_names_the_job_that_the_list_held_back() -> None:
    world = two_models_and_a_chained_third(lag=4 * PROMISED_LAG_SECONDS)
    Incarnation(world, Script(world, {start_of_a(world): "crash after"})).live()
    Incarnation(world, Script(world)).live()
    world.sleep(world.service.lag)
    assert len(world.broken) == 1
    assert len(second_jobs(world)) == 1


def test_a_run_frozen_between_its_last_look_at_the_clock_and_its_call_pays_twice_and_the_next_plan_names_the_job() -> (
    None
):
    world = two_models_and_a_chained_third(lag=0.0)
    world.service.training_seconds = 3600.0
    frozen, other = overtake(world, "start_job", 1, seconds=9000.0)
    assert (frozen.ended, other.ended) == ("fenced", "done")
    assert [what[:2] for what in world.broken] == ["I1"]
    late = world.jobs()[-1].id
    notes = [note for note in resting_plan(world).notes if note.summary == SECOND_JOB]
    assert [(note.severity, late in note.detail) for note in notes] == [("warning", True)]
    assert notes[0].command == f"ftplan cancel model.a -job={late}"


def test_a_second_job_is_named_for_as_long_as_it_is_listed() -> None:
    world = two_models_and_a_chained_third(lag=0.0)
    overtake(world, "start_job", 1, seconds=400.0)
    for _ in range(2):
        world.sleep(3600.0)
        Incarnation(world, Script(world)).live()
        assert len(second_jobs(world)) == 1


def test_a_world_without_a_second_payment_is_told_of_none() -> None:
    world = two_models_and_a_chained_third(lag=0.0)
    come_to_rest(world)
    assert second_jobs(world) == []


def test_a_model_forgotten_and_wanted_again_at_once_is_paid_for_once() -> None:
    """Nobody remembers its job any more, so it is not let go of before the lists show it."""
    world = two_models_and_a_chained_third(lag=PROMISED_LAG_SECONDS)
    world.models = only = world.models[:1]
    Incarnation(world, Script(world), wait=False).live()
    world.models = []
    Incarnation(world, Script(world), wait=False).live()
    world.models = only
    Incarnation(world, Script(world), wait=False).live()
    assert len(world.jobs()) == 1


@pytest.mark.parametrize(("file_is_there", "paid"), [(True, 1), (False, 2)])
def test_a_state_lost_at_once_is_noticed_by_the_young_file_alone(file_is_there: bool, paid: int) -> None:
    """Where even the file is gone, nothing hints at a job that the lists do not show yet."""
    world = two_models_and_a_chained_third(lag=PROMISED_LAG_SECONDS)
    world.models = world.models[:1]
    Incarnation(world, Script(world), wait=False).live()
    world.versions = []
    if not file_is_there:
        world.service.files.clear()
    Incarnation(world, Script(world), wait=False).live()
    assert len(world.jobs()) == paid


def start_of_a(world: World) -> int:
    """The number of the first paid call of an undisturbed run."""
    rehearsal = Script(world.copy())
    Incarnation(rehearsal.world, rehearsal).live()
    return rehearsal.effects.index("start_job")
