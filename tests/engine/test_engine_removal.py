"""Taking away: what is forgotten, deleted, cancelled, and what must stay."""

from __future__ import annotations

from world import World, model

from ftplan.core.facts import Phase
from ftplan.core.planner import Policy
from ftplan.core.spec import Lifecycle

DESTROY = Policy(mode="destroy")


def test_a_model_no_longer_declared_is_forgotten_and_deletes_nothing() -> None:
    world = World([model("bot")])
    world.apply()
    world.declare()
    writes = world.service.writes
    world.apply()
    assert not world.state.models
    assert world.service.writes == writes


def test_a_model_declared_so_is_deleted_when_it_is_taken_out() -> None:
    world = World([model("bot", lifecycle=Lifecycle(on_removed="delete"))])
    world.apply()
    world.declare()
    world.apply()
    assert world.service.deleted == {"ft:job-1"}
    assert not world.state.models


def test_destroy_takes_away_models_and_files() -> None:
    world = World([model("bot"), model("child", base="model.bot")])
    world.apply()
    outcome = world.apply(DESTROY)
    assert not outcome.failed
    assert world.service.deleted == {"ft:job-1", "ft:job-2"}
    assert not world.service.files
    assert world.state.empty


def test_after_a_destroy_an_apply_trains_anew() -> None:
    world = World([model("bot")])
    world.apply()
    world.apply(DESTROY)
    world.apply()
    assert world.model_id("bot") == "ft:job-2"
    assert world.plan().changes_nothing


def test_a_running_job_is_cancelled_before_its_model_is_taken_away() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    world.apply(DESTROY)
    assert world.service.calls["cancel_job"] == 1
    assert world.service.jobs_of("bot")[0].phase is Phase.CANCELLED
    assert world.state.empty


def test_a_job_that_ended_unseen_has_its_model_deleted_too() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    world.wait(100)
    world.apply(DESTROY)
    assert world.service.deleted == {"ft:job-1"}


def test_a_job_that_ends_between_plan_and_cancellation_has_its_model_deleted_too() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    plan = world.plan(DESTROY)
    world.wait(100)
    world.carry_out(plan)
    assert world.service.deleted == {"ft:job-1"}


def test_what_is_gone_already_is_as_good_as_deleted() -> None:
    world = World([model("bot")])
    world.apply()
    world.service.delete_model("ft:job-1")
    world.service.files.clear()
    assert not world.apply(DESTROY).failed
    assert world.state.empty


def test_what_could_not_be_deleted_is_still_remembered() -> None:
    world = World([model("bot")])
    world.apply()
    world.service.fail("delete_model", "dropped")
    assert len(world.apply(DESTROY).failed) == 1
    assert set(world.state.models) == {"bot"}


def test_a_changed_recipe_cancels_the_running_job_only_where_declared_so() -> None:
    for cancels in (True, False):
        rules = Lifecycle(cancel_running=cancels)
        world = World([model("bot", lifecycle=rules)])
        world.apply(wait=False)
        world.declare(model("bot", epochs=5, lifecycle=rules))
        world.apply()
        assert world.service.calls["cancel_job"] == int(cancels)
        assert world.model_id("bot") == "ft:job-2"
        assert [former.job.id for former in world.state.models["bot"].former] == ["job-1"]


def test_a_renamed_model_takes_its_job_along() -> None:
    for searches in (True, False):
        world = World([model("old")])
        world.apply()
        world.service.can = type(world.service.can)(searches_jobs=searches)
        world.declare(model("new"))
        outcome = world.apply()
        assert not outcome.failed
        assert set(world.state.models) == {"new"}
        assert world.model_id("new") == "ft:job-1"
        assert world.service.calls["start_job"] == 1


def test_a_model_that_another_address_took_over_is_not_deleted_under_it() -> None:
    for searches in (True, False):
        world = World([model("old", lifecycle=Lifecycle(on_removed="delete"))])
        world.apply()
        world.service.can = type(world.service.can)(searches_jobs=searches)
        world.declare(model("new"))
        world.apply()
        assert world.service.deleted == set()
        assert set(world.state.models) == {"new"}
        assert world.plan().changes_nothing


def test_a_protected_model_stays() -> None:
    world = World([model("bot", lifecycle=Lifecycle(prevent_destroy=True))])
    world.apply()
    plan = world.plan(DESTROY)
    assert [note.gate for note in plan.errors] == ["protect"]
    world.carry_out(plan)
    assert set(world.state.models) == {"bot"}
    assert world.service.deleted == set()
