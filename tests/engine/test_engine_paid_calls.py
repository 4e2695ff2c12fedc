"""A paid call is made once: lost answers, refusals, queues, and searches that fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from world import World, model

from ftplan.core.events import IntentDropped, JobStarted, TrainingIntended
from ftplan.core.facts import Phase
from ftplan.core.notices import StepDone, StepSkipped, Told, Waiting
from ftplan.core.plan import Plan
from ftplan.core.planner import Policy
from ftplan.core.ports import CALL_TIMEOUT_SECONDS
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT
from ftplan.core.spec import Address, Lifecycle
from ftplan.core.steps import Train
from ftplan.errors import ProviderError, Rejected

WINDOW_SECONDS = CALL_TIMEOUT_SECONDS / 3
LIST_LAG_SECONDS = 60.0


def test_the_intent_is_saved_before_the_call_and_gone_after_it() -> None:
    world = World([model("bot")])
    world.apply()
    called = world.log.index("start_job")
    assert world.log[:called].count("told TrainingIntended") == 1
    assert world.log[called - 2 :][:5] == ["save", "told TrainingIntended", "start_job", "save", "told JobStarted"]
    (intended,) = world.heard(TrainingIntended)
    assert intended.intent.key == world.service.requests[0].metadata[MARK_KEY]
    assert not world.state.intents


def test_a_lost_answer_is_settled_by_a_search_and_paid_for_once() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "lost")
    world.apply()
    assert len(world.service.jobs) == 1
    assert world.model_id("bot") == "ft:job-1"


def test_a_lost_answer_is_found_behind_a_lagging_list() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "lost")
    world.service.lag = 55
    world.apply()
    assert len(world.service.jobs) == 1


def test_a_call_that_is_carried_out_late_is_found() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "late", seconds=CALL_TIMEOUT_SECONDS - 1)
    world.service.lag = LIST_LAG_SECONDS - 1
    world.apply()
    assert len(world.service.jobs) == 1
    assert world.model_id("bot") == "ft:job-1"


def test_only_a_search_begun_late_enough_counts_however_late_it_is_answered() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "late", seconds=CALL_TIMEOUT_SECONDS - 1)
    world.service.lag = LIST_LAG_SECONDS - 1
    world.service.search_seconds = 30
    world.apply()
    assert len(world.service.jobs) == 1


def test_a_call_that_never_arrived_is_made_again_only_after_timeout_and_lag() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "dropped")
    world.apply()
    (job,) = world.service.jobs.values()
    assert job.made >= CALL_TIMEOUT_SECONDS + LIST_LAG_SECONDS
    assert [r.metadata[MARK_KEY] for r in world.service.requests] == [world.state.models["bot"].key]
    assert world.state.models["bot"].attempt == 1


def test_a_call_is_made_again_under_the_same_key_however_often_it_is_dropped() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "dropped", hits=(1, 2, 3))
    world.apply()
    assert len(world.service.jobs) == 1
    assert {event.intent.key for event in world.heard(TrainingIntended)} == {world.state.models["bot"].key}


def test_a_failed_search_is_not_an_empty_one() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "lost")
    searches_before_the_call = 3
    world.service.fail("find_jobs", "unreachable", hits=range(searches_before_the_call + 1, 60))
    world.apply()
    assert len(world.service.jobs) == 1
    assert world.clock.monotonic() > CALL_TIMEOUT_SECONDS + LIST_LAG_SECONDS


def test_nothing_is_started_while_the_jobs_cannot_be_searched() -> None:
    world = World([model("bot")])
    plan = world.plan()
    world.service.fail("find_jobs", "unreachable", hits=range(2, 99))
    outcome = world.carry_out(plan)
    assert world.service.calls["start_job"] == 0
    assert [type(error).__name__ for _, error in outcome.failed] == ["Unreachable"]
    assert not world.state.intents


def test_a_lost_answer_of_a_service_that_cannot_be_searched_is_never_asked_for_again() -> None:
    world = World([model("bot")])
    world.service.can = replace(world.service.can, searches_jobs=False)
    world.service.fail("start_job", "lost")
    outcome = world.apply()
    assert len(world.service.jobs) == 1
    ((_, error),) = outcome.failed
    assert isinstance(error, ProviderError)
    assert error.problems[0].summary == "Outcome of a paid call is unknown"
    assert list(world.state.intents) == ["bot"]


def test_a_training_with_an_open_intent_is_refused_even_when_it_was_planned() -> None:
    world = World([model("bot")])
    world.service.can = replace(world.service.can, searches_jobs=False)
    plan = world.plan()
    world.service.fail("start_job", "lost")
    world.carry_out(plan)
    outcome = world.carry_out(plan)
    assert len(world.service.jobs) == 1
    assert len(outcome.failed) == 1
    assert list(world.state.intents) == ["bot"]


def test_jobs_without_our_marks_are_never_taken_over() -> None:
    world = World([model("other", epochs=9)])
    world.apply()
    world.backend.blobs.clear()
    world.declare(model("bot"))
    world.service.ignores_filter = True
    world.apply()
    assert world.model_id("bot") == "ft:job-2"


def test_of_two_jobs_with_one_key_the_oldest_is_taken_and_the_other_is_named() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "lost")
    plan = world.plan()
    run = world.stop_when("start_job")
    world.carry_out(plan, run)
    (request,) = world.service.requests
    world.service.start_job(request)
    world.apply()
    assert world.model_id("bot") == "ft:job-1"
    (told,) = [event for event in world.heard(Told) if event.summary == "A second job for one training"]
    assert "job-2" in told.detail


def test_busy_is_a_queue_that_honours_the_time_it_names() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "busy", hits=(1, 2), seconds=77)
    world.apply()
    assert sum(world.clock.slept[: world.clock.slept.index(17) + 1]) >= 77
    assert [event.seconds for event in world.heard(Waiting)] == [77, 77]
    assert len(world.service.jobs) == 1


def test_busy_without_a_time_is_asked_again_after_a_while() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "busy")
    world.apply()
    assert len(world.service.jobs) == 1
    assert world.heard(Waiting)[0].seconds >= 10


def test_a_queue_that_was_left_is_joined_again_by_the_next_run() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "busy", hits=range(1, 3), seconds=30)
    world.apply(stop=world.stop_after(100))
    assert not world.service.jobs
    world.apply()
    assert len(world.service.jobs) == 1
    assert not world.state.intents


@pytest.mark.parametrize("lag", [0.0, 59.0])
def test_a_job_that_was_let_in_in_spite_of_the_answer_is_found_and_not_ordered_again(lag: float) -> None:
    world = World([model("bot")])
    world.service.lag = lag
    world.service.fail("start_job", "let in", seconds=1)
    world.apply()
    assert len(world.service.requests) == 1
    assert world.model_id("bot") == "ft:job-1"


@pytest.mark.parametrize("lag", [0.0, 59.0])
def test_a_state_lost_a_moment_after_its_job_was_started_costs_nothing(lag: float) -> None:
    world = World([model("bot")])
    world.service.lag = lag
    world.apply(wait=False)
    world.backend.lose()
    world.apply()
    assert len(world.service.requests) == 1


@pytest.mark.parametrize("lag", [0.0, 59.0])
def test_a_model_taken_out_and_put_back_at_once_costs_nothing(lag: float) -> None:
    world = World([model("bot")])
    world.service.lag = lag
    world.apply(wait=False)
    world.declare()
    world.apply()
    world.declare(model("bot"))
    world.apply()
    assert len(world.service.requests) == 1


def test_a_first_file_is_sent_without_waiting_for_any_list() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    assert sum(world.clock.slept) < 5


def test_a_refusal_drops_the_intent_and_fails_only_its_children() -> None:
    world = World([model("a"), model("b", base="model.a"), model("c", base="model.b"), model("z", epochs=1)])
    world.service.fail("start_job", "rejected")
    outcome = world.apply()
    ((failed, error),) = outcome.failed
    assert str(failed.address) == "model.a"
    assert isinstance(error, Rejected)
    assert [str(step.address) for step in outcome.skipped] == ["model.b", "model.c"]
    told = {str(event.address): str(event.because) for event in world.heard(StepSkipped)}
    assert told == {"model.b": "model.a", "model.c": "model.b"}
    assert [event.name for event in world.heard(IntentDropped)] == ["a"]
    assert world.model_id("z") == "ft:job-1"
    assert set(world.state.models) == {"z"}


def test_a_refused_call_can_be_made_again_by_the_next_run() -> None:
    world = World([model("bot")])
    world.service.fail("start_job", "rejected")
    world.apply()
    world.apply()
    assert world.model_id("bot") == "ft:job-1"


def test_a_save_that_takes_longer_than_the_window_is_made_again_before_the_call() -> None:
    world = World([model("bot")])
    slow = iter([WINDOW_SECONDS + 1])

    def around(label: str) -> None:
        if label == "after save" and world.state.intents:
            world.clock.sleep(next(slow, 0.0))

    world.backend._around = around
    world.apply()
    assert len(world.heard(TrainingIntended)) == 2
    assert len(world.service.jobs) == 1


def test_no_other_step_comes_between_an_intent_and_its_call() -> None:
    world = World([model(f"m{n}", epochs=n) for n in range(1, 5)])
    world.apply()
    intents = [n for n, entry in enumerate(world.log) if entry == "told TrainingIntended"]
    assert len(intents) == 4
    assert all(world.log[n + 1 : n + 4] == ["start_job", "save", "told JobStarted"] for n in intents)


def test_a_failed_job_is_tried_again_under_a_new_key() -> None:
    world = World([model("bot", lifecycle=Lifecycle(retry_failed=True))])
    world.service.endings["model.bot"] = Phase.FAILED
    world.apply()
    world.service.endings.clear()
    world.apply()
    first, second = world.service.requests
    assert first.metadata[MARK_KEY] != second.metadata[MARK_KEY]
    assert world.state.models["bot"].attempt == 2
    assert len(world.heard(JobStarted)) == 2


def test_what_was_deleted_at_the_service_is_trained_anew_and_not_taken_over() -> None:
    world = World([model("bot")])
    world.apply()
    world.service.delete_model("ft:job-1")
    world.backend.blobs.clear()
    world.apply()
    assert world.model_id("bot") == "ft:job-2"
    first, second = world.service.requests
    assert first.metadata[MARK_KEY] != second.metadata[MARK_KEY]
    assert world.plan().changes_nothing


def test_a_job_that_was_found_at_launch_is_told_as_taken_over_and_names_no_cost() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    plan = world.plan(Policy(replace=frozenset({Address("model", "bot")})))
    world.service.start_job(replace(world.service.requests[0], metadata=marks_of(plan)))
    world.told.clear()
    world.carry_out(plan)
    (done,) = [event for event in world.heard(StepDone) if str(event.address) == "model.bot"]
    assert (done.verb, done.spent) == ("Adopting", None)
    assert world.state.models["bot"].adopted


def marks_of(plan: Plan) -> dict[str, str]:
    """The marks that the one training of `plan` is going to carry."""
    (step,) = [step for step in plan.steps if isinstance(step, Train)]
    return {
        MARK_PROJECT: "support",
        MARK_ADDRESS: str(step.address),
        MARK_KEY: step.key,
        MARK_FINGERPRINT: step.fingerprint,
    }
