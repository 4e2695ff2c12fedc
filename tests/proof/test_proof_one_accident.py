"""Every schedule of one accident: at each effect of a run, whatever can befall it, with lists that are up to date or
lag behind, and with runs that follow their jobs or leave them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from simulated_schedules import Survey, two_models_and_a_chained_third
from simulated_world import PROMISED_LAG_SECONDS


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "no-wait"])
@pytest.mark.parametrize("lag", [0.0, 45.0, PROMISED_LAG_SECONDS])
def test_no_single_accident_breaks_a_promise(lag: float, wait: bool, figure: Callable[[str, int], None]) -> None:
    survey = Survey(wait=wait).take(two_models_and_a_chained_third(lag), faults=1)
    assert survey.broken == {}
    assert survey.schedules > 120
    assert survey.accepted_unrecorded > 0
    figure("schedules of one accident", survey.schedules)
    figure("runs of them that ended with a job accepted and not recorded", survey.accepted_unrecorded)
