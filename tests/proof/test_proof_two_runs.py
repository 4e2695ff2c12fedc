"""Runs side by side whose lock is taken away by mistake: interleaved at every effect, frozen, killed, unheard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from simulated_pair import Interleaving, overtake
from simulated_rest import come_to_rest
from simulated_schedules import two_models_and_a_chained_third
from simulated_world import PROMISED_LAG_SECONDS

SEEDS = 240
LAGS = (0.0, 45.0, PROMISED_LAG_SECONDS)


def test_no_interleaving_of_runs_breaks_a_promise(figure: Callable[[str, int], None]) -> None:
    histories = [Interleaving(two_models_and_a_chained_third(LAGS[seed % 3]), seed).take() for seed in range(SEEDS)]
    assert {history.seed: history.world.broken for history in histories if history.world.broken} == {}
    fenced, stolen = sum(h.fenced for h in histories), sum(h.thefts for h in histories)
    unrecorded = sum(h.accepted_unrecorded for h in histories)
    assert fenced > 0
    assert unrecorded > 0
    figure("interleavings of runs side by side", len(histories))
    figure("locks taken away in them", stolen)
    figure("runs of them that were fenced", fenced)
    figure("runs of them that died with a job accepted and not recorded", unrecorded)


def test_one_seed_tells_one_history() -> None:
    first, second = (Interleaving(two_models_and_a_chained_third(45.0), seed=7).take() for _ in range(2))
    assert first.world.digest() == second.world.digest()


@pytest.mark.parametrize("hit", [1, 2, 3])
def test_a_run_frozen_for_minutes_after_saving_its_intent_sends_nothing(hit: int) -> None:
    world = two_models_and_a_chained_third(45.0)
    frozen, other = overtake(world, "after save", hit, seconds=400.0)
    assert (frozen.ended, other.ended) == ("fenced", "done")
    come_to_rest(world)
    assert world.broken == []
