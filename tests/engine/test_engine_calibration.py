"""What earlier jobs were billed puts the next estimate right, and no estimate that was put right does it again."""

from __future__ import annotations

from world import World, model

from ftplan.core.money.spending import spends
from ftplan.core.plan import Plan
from ftplan.core.steps import Train

COUNTED, BILLED = 3_000, 3_060


def trained(*numbers: int) -> World:
    """A world in which so many models were trained, each billed for 2 % more than was counted."""
    world = World([])
    world.service.trained_tokens = BILLED
    for number in numbers:
        world.declare(*[model(f"m{n}", seed=n) for n in range(1, number + 1)])
        world.apply()
    return world


def next_tokens(world: World) -> int:
    world.declare(*world.models, model("next", seed=99))
    plan: Plan = world.plan()
    (train,) = [step for step in plan.steps if isinstance(step, Train)]
    return train.estimate.tokens


def test_three_jobs_that_were_billed_alike_put_the_next_estimate_right() -> None:
    assert next_tokens(trained(2)) == COUNTED
    assert next_tokens(trained(3)) == BILLED


def test_an_estimate_that_was_put_right_stays_where_it_is() -> None:
    world = trained(3, 6)
    assert {call.reserved_tokens for call in spends(world.state)} == {COUNTED, BILLED}
    assert {call.quote.counted_tokens for call in spends(world.state)} == {COUNTED}
    assert next_tokens(world) == BILLED


def test_a_state_that_was_lost_is_calibrated_by_the_jobs_that_it_finds_again() -> None:
    world = trained(3)
    world.backend.lose()
    world.apply()
    assert next_tokens(world) == BILLED
