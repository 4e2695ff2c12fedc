"""From nothing to models: what is sent, what is started, in which order, and that it is enough."""

from __future__ import annotations

from fake_service import BASE
from world import World, model

from ftplan.core.facts import Phase
from ftplan.core.notices import StepDone, Told
from ftplan.core.planner import Policy
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT
from ftplan.core.spec import Address


def test_a_model_is_uploaded_trained_and_remembered_with_its_id() -> None:
    world = World([model("bot")])
    outcome = world.apply()
    assert [type(step).__name__ for step in outcome.done] == ["Upload", "Train"]
    assert world.model_id("bot") == "ft:job-1"
    assert world.state.models["bot"].job.phase is Phase.SUCCEEDED
    assert not world.state.intents
    assert [event.verb for event in world.heard(StepDone)] == ["Uploading", "Training"]


def test_the_paid_call_carries_the_recipe_and_all_our_marks() -> None:
    world = World([model("bot", validation="holdout", suffix="s", seed=7, metadata={"team": "support"})])
    world.apply()
    (request,) = world.service.requests
    files = {file.id: file.filename.split(".")[0] for file in world.service.files.values()}
    assert request.base_model == BASE
    assert (files[request.training_file], files[request.validation_file or ""]) == ("tickets", "holdout")
    assert (request.n_epochs, request.suffix, request.seed) == (3, "s", 7)
    record = world.state.models["bot"]
    assert request.metadata == {
        "team": "support",
        MARK_PROJECT: "support",
        MARK_ADDRESS: "model.bot",
        MARK_KEY: record.key,
        MARK_FINGERPRINT: record.fingerprint,
    }


def test_our_marks_win_over_the_users_pairs() -> None:
    world = World([model("bot", metadata={MARK_KEY: "mine"})])
    world.apply()
    assert world.service.requests[0].metadata[MARK_KEY] == world.state.models["bot"].key


def test_after_an_apply_the_plan_is_empty_and_looking_writes_nothing() -> None:
    world = World([model("bot"), model("child", base="model.bot")])
    world.apply()
    before, saves = world.service.writes, world.backend.asked
    plan = world.plan()
    assert plan.changes_nothing
    assert not plan.errors
    assert (world.service.writes, world.backend.asked) == (before, saves)


def test_two_models_on_one_dataset_send_it_once() -> None:
    world = World([model("a"), model("b", epochs=1)])
    world.apply()
    assert (world.service.calls["put_file"], world.service.calls["start_job"]) == (1, 2)


def test_a_child_is_trained_after_its_parent_and_on_its_model() -> None:
    world = World([model("child", base="model.parent"), model("grandchild", base="model.child"), model("parent")])
    world.apply()
    assert [request.base_model for request in world.service.requests] == [BASE, "ft:job-1", "ft:job-2"]


def test_other_epochs_are_one_more_job_and_no_upload() -> None:
    world = World([model("bot")])
    world.apply()
    world.declare(model("bot", epochs=4))
    world.apply()
    assert (world.service.calls["put_file"], world.service.calls["start_job"]) == (1, 2)
    record = world.state.models["bot"]
    assert record.job.fine_tuned_model == "ft:job-2"
    assert [former.job.id for former in record.former] == ["job-1"]


def test_an_edit_there_and_back_again_pays_nothing() -> None:
    world = World([model("bot")])
    world.apply()
    world.declare(model("bot", epochs=4))
    world.apply()
    world.declare(model("bot"))
    world.apply()
    assert world.service.calls["start_job"] == 2
    assert world.model_id("bot") == "ft:job-1"


def test_a_lost_state_finds_its_files_and_jobs_again() -> None:
    world = World([model("bot"), model("child", base="model.bot")])
    world.apply()
    ids = {name: world.model_id(name) for name in ("bot", "child")}
    world.backend.blobs.clear()
    world.apply()
    assert {name: world.model_id(name) for name in ids} == ids
    assert (world.service.calls["put_file"], world.service.calls["start_job"]) == (1, 2)
    assert world.plan().changes_nothing


def test_a_forced_training_is_paid_for_again() -> None:
    world = World([model("bot")])
    world.apply()
    world.apply(Policy(replace=frozenset({Address("model", "bot")})))
    assert world.service.calls["start_job"] == 2
    assert world.model_id("bot") == "ft:job-2"
    assert world.state.models["bot"].attempt == 2


def test_no_more_jobs_than_asked_for_go_on_at_once() -> None:
    world = World([model(f"m{n}", epochs=n) for n in range(1, 8)])
    most = 0

    def watch() -> None:
        nonlocal most
        settled = [job for name in range(1, 8) for job in world.service.jobs_of(f"m{name}") if job.phase.settled]
        most = max(most, len(world.service.jobs) - len(settled))

    world.apply(stop=watch, parallelism=3)
    assert most == 3
    assert world.service.calls["start_job"] == 7
    assert world.plan().changes_nothing


def test_no_wait_starts_and_leaves_and_the_next_run_follows() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    assert world.clock.monotonic() < 5
    assert world.state.models["bot"].job.phase is Phase.QUEUED
    assert world.plan().summary()["await"] == 1
    world.apply()
    assert world.model_id("bot") == "ft:job-1"
    assert world.service.calls["start_job"] == 1


def test_no_wait_leaves_a_child_to_the_next_run() -> None:
    world = World([model("child", base="model.parent"), model("parent")])
    outcome = world.apply(wait=False)
    assert world.service.calls["start_job"] == 1
    assert [str(step.address) for step in outcome.skipped] == ["model.child"]
    assert not outcome.failed
    assert [event.summary for event in world.heard(Told)] == ["Left for the next run"]
    world.apply()
    assert world.service.requests[1].base_model == "ft:job-1"


def test_the_same_recipe_twice_in_a_plan_is_paid_for_once() -> None:
    world = World([model("a"), model("b")])
    world.apply()
    assert world.service.calls["start_job"] == 1
    assert world.model_id("a") == world.model_id("b") == "ft:job-1"
    assert world.plan().changes_nothing


def test_a_recipe_that_another_model_has_trained_already_is_shared() -> None:
    world = World([model("a")])
    world.apply()
    world.declare(model("a"), model("b"))
    world.apply()
    assert world.service.calls["start_job"] == 1
    assert world.model_id("b") == "ft:job-1"


def test_a_job_started_by_somebody_else_since_the_plan_is_taken_over() -> None:
    world = World([model("bot")])
    stale = world.plan()
    world.apply()
    world.backend.blobs.clear()
    world.carry_out(stale)
    assert world.service.calls["start_job"] == 1
    assert world.state.models["bot"].adopted
