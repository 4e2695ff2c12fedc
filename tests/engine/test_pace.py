"""How much longer a job takes is said where it is known, and by nobody's guess."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ftplan.core.facts import JobProgress, Phase, RemoteJob
from ftplan.engine.pace import LONGEST_SECONDS, Pace
from ftplan.testing import StoppedClock


def job(phase: Phase = Phase.RUNNING, estimated: int | None = None) -> RemoteJob:
    return RemoteJob("j", phase, phase.value, "mini-1", "file-1", estimated_finish=estimated)


def test_the_services_own_word_goes_first() -> None:
    clock, pace = StoppedClock(), Pace()
    soon = int((clock.now() + timedelta(seconds=90)).timestamp())
    assert pace.remaining(job(estimated=soon), JobProgress(5, 10), clock) == pytest.approx(90, abs=1)


@pytest.mark.parametrize("estimated", [0, -1, 10**12])
def test_a_word_that_cannot_be_meant_is_no_word(estimated: int) -> None:
    assert Pace().remaining(job(estimated=estimated), None, StoppedClock()) is None


def test_without_one_the_steps_tell_by_the_rate_at_which_they_came() -> None:
    clock, pace = StoppedClock(), Pace()
    assert pace.remaining(job(), JobProgress(10, 100), clock) is None
    clock.sleep(30)
    assert pace.remaining(job(), JobProgress(20, 100), clock) == 240
    clock.sleep(30)
    assert pace.remaining(job(), JobProgress(40, 100), clock) == 120
    assert pace.remaining(job(), JobProgress(100, 100), clock) == 0


@pytest.mark.parametrize("progress", [None, JobProgress(), JobProgress(5), JobProgress(None, 10)])
def test_where_nobody_can_tell_nothing_is_told(progress: JobProgress | None) -> None:
    clock, pace = StoppedClock(), Pace()
    pace.remaining(job(), progress, clock)
    clock.sleep(10)
    assert pace.remaining(job(), progress, clock) is None


def test_a_step_that_took_for_ever_is_no_expectation() -> None:
    clock, pace = StoppedClock(), Pace()
    pace.remaining(job(), JobProgress(0, 10**9), clock)
    clock.sleep(3600)
    assert LONGEST_SECONDS < 3600 * (10**9 - 1)
    assert pace.remaining(job(), JobProgress(1, 10**9), clock) is None


def test_while_a_job_is_paused_nothing_is_told_and_the_time_does_not_count() -> None:
    clock, pace = StoppedClock(), Pace()
    pace.remaining(job(), JobProgress(0, 100), clock)
    clock.sleep(10)
    assert pace.remaining(job(Phase.PAUSED), JobProgress(10, 100), clock) is None
    clock.sleep(10_000)
    assert pace.remaining(job(), JobProgress(10, 100), clock) is None
    clock.sleep(10)
    assert pace.remaining(job(), JobProgress(20, 100), clock) == 80


def test_steps_that_begin_anew_are_counted_anew() -> None:
    clock, pace = StoppedClock(), Pace()
    pace.remaining(job(), JobProgress(50, 100), clock)
    clock.sleep(10)
    assert pace.remaining(job(), JobProgress(1, 100), clock) is None
