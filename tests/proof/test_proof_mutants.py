"""The proofs have teeth: each wrong design, switched in by itself, breaks the promise it was known to break."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from simulated_mutants import (
    FailedSearchTakenForEmpty,
    IntentOnlyWarnedAbout,
    NoIntent,
    NoLookup,
    NoWait,
    NoWindow,
    SdkRetries,
    TimeoutTakenForFailure,
    UnconditionalWrite,
)
from simulated_pair import Interleaving, overtake
from simulated_rest import come_to_rest
from simulated_run import Design
from simulated_schedules import Survey, two_models_and_a_chained_third


def promises(broken: object) -> set[str]:
    assert isinstance(broken, (dict, list))
    return {what[:2] for what in broken}


@pytest.mark.parametrize(
    "mutant",
    [NoIntent(), IntentOnlyWarnedAbout(), SdkRetries(), TimeoutTakenForFailure(), NoWait(), NoLookup()],
    ids=lambda mutant: type(mutant).__name__,
)
def test_a_design_that_forgets_doubts_or_hurries_pays_twice(mutant: Design, figure: Callable[[str, int], None]) -> None:
    survey = Survey(mutant, enough=1).take(two_models_and_a_chained_third(lag=45.0), faults=1)
    assert "I1" in promises(survey.broken)
    figure("wrong designs caught", 1)


def test_a_failed_search_taken_for_an_empty_one_pays_twice(figure: Callable[[str, int], None]) -> None:
    accidents = frozenset({"outage", "answer lost"})
    survey = Survey(FailedSearchTakenForEmpty(), only=accidents, enough=1)
    survey.take(two_models_and_a_chained_third(lag=0.0), faults=2)
    assert "I1" in promises(survey.broken)
    figure("wrong designs caught", 1)


def test_an_unconditional_write_lets_an_overtaken_run_write(figure: Callable[[str, int], None]) -> None:
    histories = (
        Interleaving(two_models_and_a_chained_third(lag=0.0), seed, UnconditionalWrite()).take() for seed in range(40)
    )
    assert any("I4" in promises(history.world.broken) for history in histories)
    figure("wrong designs caught", 1)


def test_a_call_sent_long_after_its_intent_pays_twice(figure: Callable[[str, int], None]) -> None:
    world = two_models_and_a_chained_third(lag=45.0)
    overtake(world, "after save", 2, seconds=400.0, design=NoWindow())
    come_to_rest(world)
    assert "I1" in promises(world.broken)
    figure("wrong designs caught", 1)
