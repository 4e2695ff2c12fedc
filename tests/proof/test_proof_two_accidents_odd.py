"""Every schedule of two accidents, in one run or in two, with lists that lag behind: those whose first accident befalls
an effect of an odd number."""

from __future__ import annotations

from collections.abc import Callable

from simulated_schedules import Survey, two_models_and_a_chained_third


def test_no_two_accidents_break_a_promise_where_lists_lag_behind(figure: Callable[[str, int], None]) -> None:
    survey = Survey(part=1, parts=2).take(two_models_and_a_chained_third(lag=45.0), faults=2)
    assert survey.broken == {}
    assert survey.schedules > 5_000
    assert survey.accepted_unrecorded > 0
    figure("schedules of two accidents", survey.schedules)
    figure("runs of them that ended with a job accepted and not recorded", survey.accepted_unrecorded)
