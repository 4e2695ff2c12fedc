"""A service whose jobs carry no metadata: a file of its own marks each paid call, then the seed, then a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from fake_service import FakeService
from world import SimulatedCrash, World, model

from ftplan.core.events import IntentDropped, JobStarted
from ftplan.core.facts import Phase, RemoteJob
from ftplan.core.ports import CALL_TIMEOUT_SECONDS, Capabilities, ListsJobs
from ftplan.core.recipe import call_seed
from ftplan.core.spec import Lifecycle
from ftplan.errors import ProviderError, Unreachable

WAIT_SECONDS = CALL_TIMEOUT_SECONDS / 3 + CALL_TIMEOUT_SECONDS + 60.0


class ListingService(FakeService):
    """Shows all of its jobs, and nothing of their metadata. `hides` names what else it does not tell."""

    hides: tuple[str, ...] = ()

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.can = Capabilities(searches_jobs=False)
        self.strangers: list[RemoteJob] = []

    def list_jobs(self, since: int) -> Sequence[RemoteJob]:
        self._read("list_jobs")
        old = [job for job in self.jobs.values() if self._clock.monotonic() - job.made >= self.lag]
        ours = [self._told(self._shown(job)) for job in old if job.shown.created_at >= since]
        return [*ours, *self.strangers]

    def _told(self, job: RemoteJob) -> RemoteJob:
        asked = self.requests[int(job.id.removeprefix("job-")) - 1]
        blank = {"training_file": "", "seed": None, "suffix": None}
        seen = replace(job, metadata={}, seed=asked.seed, suffix=asked.suffix)
        return replace(seen, **{name: blank[name] for name in self.hides})


def listing(*models: Any) -> World:
    world = World(list(models) or [model("bot")])
    world.service = ListingService(world.clock, world.log, world._around)
    return world


def crashed(label: str, *models: Any) -> World:
    """A world whose first run died `label` (before or after) its first paid call."""
    world = listing(*models)

    def around(here: str) -> None:
        if here == f"{label} start_job":
            raise SimulatedCrash

    world.service._around = around
    with pytest.raises(SimulatedCrash):
        world.apply()
    world.service._around = lambda here: None
    return world


def stranger(world: World, **fields: Any) -> RemoteJob:
    """A job that somebody else started, seen just now."""
    shown = world.service.get_job("job-1")
    assert shown is not None
    return replace(shown, id=f"other-{len(world.service.strangers)}", metadata={}, **fields)


def test_a_service_that_lists_its_jobs_says_so_by_its_shape() -> None:
    world = listing()
    assert isinstance(world.service, ListsJobs)
    assert not isinstance(World([model("bot")]).service, ListsJobs)


def test_each_paid_call_names_a_file_of_its_own() -> None:
    world = listing(model("a"), model("b", epochs=5))
    world.apply()
    asked = [request.training_file for request in world.service.requests]
    assert len(set(asked)) == 2
    keys = {record.key[:12] for record in world.state.models.values()}
    assert {world.service.files[file].filename.split(".")[-2] for file in asked} == keys
    assert not set(asked) & {file.id for file in world.state.files.values()}


def test_a_service_that_can_be_searched_is_sent_one_file_for_all_of_them() -> None:
    world = World([model("a"), model("b", epochs=5)])
    world.apply()
    assert len({request.training_file for request in world.service.requests}) == 1
    assert world.service.calls["put_file"] == 1


def test_the_job_of_a_run_that_died_is_known_by_its_file() -> None:
    world = crashed("after")
    assert not world.settle()
    (started,) = world.heard(JobStarted)
    assert (started.job.id, started.adopted) == ("job-1", True)
    world.apply()
    assert world.service.calls["start_job"] == 1


def test_other_jobs_on_other_files_are_left_alone() -> None:
    world = crashed("after", model("bot", seed=7))
    world.service.strangers += [stranger(world, training_file="file-x", seed=7), stranger(world, training_file="y")]
    assert not world.settle()
    assert world.state.models["bot"].job.id == "job-1"


def test_no_candidate_after_the_wait_means_that_nothing_was_sent() -> None:
    world = crashed("before")
    before = world.clock.monotonic()
    assert not world.settle()
    assert world.clock.monotonic() - before >= WAIT_SECONDS
    assert world.heard(IntentDropped)
    world.apply()
    assert len(world.service.jobs) == 1


def test_a_job_that_is_listed_late_is_still_found() -> None:
    world = crashed("after")
    world.service.lag = 59
    assert not world.settle()
    assert world.state.models["bot"].job.id == "job-1"


def test_a_list_that_fails_is_not_an_empty_one() -> None:
    world = crashed("after")
    world.service.fail("list_jobs", "unreachable", hits=range(1, 9999))
    assert isinstance(world.settle()["bot"], Unreachable)
    assert list(world.state.intents) == ["bot"]


def test_a_lost_answer_in_a_living_run_is_found_in_the_list() -> None:
    world = listing()
    world.service.fail("start_job", "lost")
    outcome = world.apply()
    assert not outcome.failed
    assert len(world.service.jobs) == 1


def test_a_call_that_was_dropped_in_a_living_run_is_made_once_more() -> None:
    world = listing()
    world.service.fail("start_job", "dropped")
    outcome = world.apply()
    assert not outcome.failed
    assert len(world.service.jobs) == 1


def test_two_candidates_are_left_to_a_person_with_the_commands_to_paste() -> None:
    world = crashed("after")
    job = world.service.get_job("job-1")
    assert job is not None
    seed = world.service.requests[0].seed
    world.service.strangers.append(stranger(world, training_file=job.training_file, seed=seed))
    (problem,) = world.settle()["bot"].problems
    assert "job-1 or other-0" in problem.detail
    assert "    ftplan resolve model.bot -adopt=job-1\n" in problem.advice
    assert "    ftplan resolve model.bot -adopt=other-0\n" in problem.advice
    assert problem.advice.endswith("    ftplan resolve model.bot -not-created")
    assert list(world.state.intents) == ["bot"]
    assert world.service.calls["start_job"] == 1


def test_the_seed_marks_the_call_where_the_file_is_not_told() -> None:
    world = crashed("after")
    world.service.hides = ("training_file",)
    world.service.strangers += [stranger(world, training_file="", seed=1), stranger(world, training_file="", seed=2)]
    assert not world.settle()
    assert world.state.models["bot"].job.id == "job-1"


def test_a_job_that_tells_nothing_of_itself_is_never_taken_over() -> None:
    world = crashed("after")
    world.service.hides = ("training_file", "seed", "suffix")
    assert isinstance(world.settle()["bot"], ProviderError)
    assert list(world.state.intents) == ["bot"]


def test_the_suffix_decides_between_two() -> None:
    world = crashed("after", model("bot", suffix="mine", seed=7))
    world.service.hides = ("training_file",)
    world.service.strangers.append(stranger(world, training_file="", seed=7, suffix="theirs"))
    assert not world.settle()
    assert world.state.models["bot"].job.id == "job-1"


def test_a_job_from_long_before_the_call_is_none_of_it() -> None:
    world = crashed("before", model("bot", seed=7))
    created = int(world.clock.now().timestamp()) - 3600
    world.service.strangers.append(RemoteJob("old", Phase.QUEUED, "queued", seed=7, created_at=created))
    assert not world.settle()
    assert world.heard(IntentDropped)


def test_a_job_that_is_remembered_is_none_of_an_open_call() -> None:
    world = listing(model("a", seed=7))
    world.service.hides = ("training_file",)
    world.apply()
    world.declare(model("a", seed=7), model("b", epochs=5, seed=7))
    world.service.fail("start_job", "dropped", hits=[2])
    outcome = world.apply()
    assert not outcome.failed
    assert (world.state.models["a"].job.id, world.state.models["b"].job.id) == ("job-1", "job-2")


def test_a_call_without_a_seed_sends_one_made_of_its_key() -> None:
    for world in (listing(), World([model("bot")])):
        world.apply()
        record = world.state.models["bot"]
        assert world.service.requests[0].seed == call_seed(record.key)
        assert "seed" not in record.recipe
        assert world.plan().changes_nothing
        assert not world.plan().drift


def test_a_seed_that_was_given_is_sent_as_it_is() -> None:
    world = World([model("bot", seed=0)])
    world.apply()
    assert world.service.requests[0].seed == 0


def test_the_seed_of_another_try_is_another_one() -> None:
    world = World([model("bot", lifecycle=Lifecycle(retry_failed=True))])
    world.service.endings["model.bot"] = Phase.FAILED
    world.apply()
    world.apply()
    first, second = (request.seed for request in world.service.requests)
    assert first != second


@pytest.mark.parametrize("wait", [True, False])
def test_a_renamed_model_keeps_its_job_wherever_the_run_dies(wait: bool) -> None:
    for boundary in range(1, 100):
        world = listing(model("old"))
        world.apply(wait=wait)
        world.declare(model("new"))
        world.crash_at = world.boundaries + boundary
        try:
            world.apply(wait=wait)
        except SimulatedCrash:
            world.crash_at = None
            world.apply()
            assert set(world.state.models) == {"new"}
            assert len(world.service.jobs) == 1
        else:
            break
    assert 3 < boundary < 99


def test_a_job_is_let_go_of_under_its_old_name_only_when_it_has_arrived_under_the_new_one() -> None:
    world = listing(model("old"))
    world.apply()
    world.declare(model("new"))
    plan = world.plan()
    kept = world.service.jobs.pop("job-1")  # it cannot be taken over just now
    assert world.carry_out(plan).failed
    assert set(world.state.models) == {"old"}
    world.service.jobs["job-1"] = kept
    world.apply()
    assert set(world.state.models) == {"new"}
    assert len(world.service.requests) == 1
