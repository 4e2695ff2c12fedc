"""Schedules of two accidents, in one run or in two, with lists that are always up to date: a fifth of them, drawn by a
seed, and every one where FTPLAN_PROOF_EXAMPLES asks for a long night; see CONTRIBUTING.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from simulated_schedules import Survey, two_models_and_a_chained_third

SHARE = 1.0 if "FTPLAN_PROOF_EXAMPLES" in os.environ else 0.2


def test_no_two_accidents_break_a_promise_where_lists_are_up_to_date(figure: Callable[[str, int], None]) -> None:
    survey = Survey(share=SHARE).take(two_models_and_a_chained_third(lag=0.0), faults=2)
    assert survey.broken == {}
    assert survey.schedules > 1_500
    assert survey.accepted_unrecorded > 0
    figure("schedules of two accidents", survey.schedules)
    figure("runs of them that ended with a job accepted and not recorded", survey.accepted_unrecorded)
