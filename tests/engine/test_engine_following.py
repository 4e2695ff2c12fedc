"""A started job is followed to its end, whatever the service says or does not say meanwhile."""

from __future__ import annotations

from decimal import Decimal

from fake_service import FakeService
from world import HOUR, World, model

from ftplan.core.events import JobSeen
from ftplan.core.facts import JobProgress, Phase
from ftplan.core.notices import JobFollowed, Spent, StepDone, StepFailed, Waiting
from ftplan.engine.context import GIVE_UP_SECONDS
from ftplan.errors import JobsFailed, Unreachable


def test_a_failed_job_is_an_outcome_and_its_siblings_go_on() -> None:
    world = World([model("a"), model("b", epochs=1)])
    world.service.endings["model.a"] = Phase.FAILED
    outcome = world.apply()
    ((step, error),) = outcome.failed
    assert str(step.address) == "model.a"
    assert isinstance(error, JobsFailed)
    assert "bad: no luck" in error.problems[0].detail
    assert world.state.models["a"].job.phase is Phase.FAILED
    assert world.model_id("b") == "ft:job-2"
    assert [event.address for event in world.heard(StepFailed)] == [step.address]


def test_a_cancelled_job_is_an_outcome() -> None:
    world = World([model("bot")])
    world.service.endings["model.bot"] = Phase.CANCELLED
    ((_, error),) = world.apply().failed
    assert isinstance(error, JobsFailed)
    assert error.problems[0].summary == "Training was cancelled"


def test_a_status_nobody_knows_is_followed_on() -> None:
    world = World([model("bot")])
    world.service.words["model.bot"] = "meditating"
    outcome = world.apply(stop=world.stop_after(2 * HOUR))
    assert outcome.stopped
    assert not outcome.failed
    assert world.state.models["bot"].job.phase is Phase.UNKNOWN
    assert world.heard(JobFollowed)[-1].phase == "meditating"
    world.service.words.clear()
    world.apply()
    assert world.model_id("bot") == "ft:job-1"
    assert len(world.service.jobs) == 1


def test_only_a_change_is_saved_however_often_a_job_is_looked_at() -> None:
    world = World([model("bot")])
    world.service.training_seconds = 10 * HOUR
    world.apply()
    assert world.service.calls["get_job"] > 1000
    assert [event.job.phase for event in world.heard(JobSeen)] == [Phase.RUNNING, Phase.SUCCEEDED]


def test_a_job_is_asked_after_as_often_as_the_run_says() -> None:
    world = World([model("bot")])
    world.apply(poll_seconds=1.0)
    assert set(world.clock.slept) == {1.0}


def test_a_silent_service_is_waited_out() -> None:
    world = World([model("bot")])
    world.service.fail("get_job", "unreachable", hits=range(2, 8))
    world.apply()
    assert world.model_id("bot") == "ft:job-1"
    pauses = [event.seconds for event in world.heard(Waiting)]
    assert pauses == sorted(pauses)
    assert max(pauses) <= 60


def test_a_service_silent_for_too_long_fails_the_step_and_keeps_the_job() -> None:
    world = World([model("bot")])
    world.service.fail("get_job", "unreachable", hits=range(2, 99))
    ((_, error),) = world.apply().failed
    assert isinstance(error, Unreachable)
    assert GIVE_UP_SECONDS <= world.clock.monotonic() <= GIVE_UP_SECONDS + 120
    world.wait(HOUR)
    world.service.calls["get_job"] = 99
    world.apply()
    assert world.model_id("bot") == "ft:job-1"
    assert len(world.service.jobs) == 1


def test_silence_that_comes_and_goes_is_no_reason_to_give_up() -> None:
    world = World([model("bot")])
    world.service.training_seconds = 2 * HOUR
    world.service.fail("get_job", "unreachable", hits=[n for n in range(2, 2000) if n % 10])
    assert not world.apply().failed
    assert world.model_id("bot") == "ft:job-1"


def test_a_job_that_the_service_has_forgotten_fails_its_step() -> None:
    world = World([model("bot")])
    world.apply(wait=False)
    plan = world.plan()
    world.service.jobs.clear()
    ((_, error),) = world.carry_out(plan).failed
    assert error.problems[0].summary == "Job is gone"


def test_many_jobs_are_followed_side_by_side() -> None:
    world = World([model(f"m{n}", epochs=n) for n in range(1, 10)])
    world.service.training_seconds = HOUR
    world.apply()
    assert world.clock.monotonic() < HOUR + 60


def test_the_bill_is_told_where_tokens_and_price_are_known() -> None:
    world = World([model("bot")])
    world.service.trained_tokens = 3000
    world.apply()
    assert world.heard(StepDone)[-1].spent == Spent(Decimal("0.075"), 3000, estimated=Decimal("0.075"))


class Talkative(FakeService):
    """A service that tells how far a job is, every other time."""

    def progress(self, job_id: str) -> JobProgress:
        self._read("progress")
        return JobProgress(step=self.calls["progress"])


def test_progress_is_told_and_never_a_reason_to_fail() -> None:
    world = World([model("bot")])
    world.service = Talkative(world.clock, world.log)
    world.service.fail("progress", "unreachable", hits=(2, 3))
    assert not world.apply().failed
    told = [event.progress for event in world.heard(JobFollowed) if event.phase == "running"]
    assert told[:4] == [JobProgress(step=1), None, None, JobProgress(step=4)]
