"""Histories in which the proofs once found a promise broken, each kept as it was found, cut to its bone."""

from __future__ import annotations

from simulated_rest import come_to_rest
from simulated_run import Incarnation, Script
from simulated_world import PROMISED_LAG_SECONDS, World
from world import model


def lagging(*names: str) -> World:
    world = World([model(name) for name in names])
    world.service.lag = PROMISED_LAG_SECONDS
    return world


def leave(world: World) -> None:
    """A run that starts its jobs and does not follow them."""
    assert Incarnation(world, Script(world), wait=False).live() == "done"


def test_an_edit_there_and_back_again_is_not_paid_for_while_lists_lag_behind() -> None:
    world = lagging("a")
    leave(world)
    world.models = [model("a", epochs=1)]
    leave(world)
    world.models = [model("a")]
    leave(world)
    come_to_rest(world)
    assert world.broken == []
    assert len(world.jobs()) == 2


def test_a_recipe_that_another_model_had_before_is_not_paid_for_while_lists_lag_behind() -> None:
    world = lagging("a", "b")
    world.models = [model("a"), model("b", epochs=2)]
    leave(world)
    world.models = [model("a", epochs=1), model("b")]
    leave(world)
    assert world.broken == []
    assert len(world.jobs()) == 3
