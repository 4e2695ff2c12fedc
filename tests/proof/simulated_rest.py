"""Coming to rest: runs without accidents until nothing is left to do, and what must be true then."""

from __future__ import annotations

from simulated_run import FTPLAN, Design, Incarnation, Script, look, resting_plan
from simulated_world import World

from ftplan.core.fold import job_record
from ftplan.core.recipe import MARK_FINGERPRINT

RUNS = 6
"""More than any past needs to be put in order."""


def come_to_rest(world: World, design: Design = FTPLAN) -> None:
    """Undisturbed runs, one after the other, until the world is at rest; then the promises are looked at."""
    for number in range(RUNS):
        Incarnation(world, Script(world), who=f"clean {number}", design=design).live()
        take_breath(world)
        if at_rest(world):
            break
    check_rest(world)


def take_breath(world: World) -> None:
    """Nobody tries again at once where no search is answered; after anything else the next run begins at once."""
    if world.seconds < world.deaf_until:
        world.sleep(60.0)


def at_rest(world: World) -> bool:
    """Nothing open, and nothing that an apply would still do: it begins nothing where the plan has an error."""
    deaf = world.seconds < world.deaf_until
    if deaf or world.late or world.state.intents:
        return False
    plan, stale = look(world)
    return bool(plan.errors) or (plan.changes_nothing and not stale)


def check_rest(world: World) -> None:
    """Writes down what of I5 is not true. Where the plan has an error an apply is refused, and only open intents and
    forgotten jobs say that something is wrong."""
    state, plan = world.state, resting_plan(world)
    if state.intents:
        world.breaks("I5", f"intents of {', '.join(state.intents)} stay open")
    if world.unrecorded():
        world.breaks("I5", f"{world.unrecorded()} jobs are forgotten")
    if plan.errors:
        return
    if not plan.changes_nothing:
        world.breaks("I5", f"the plan still has {plan.steps[0]}")
    if missing := {model.name for model in world.models} - set(state.models):
        world.breaks("I5", f"no record of {', '.join(sorted(missing))}")
    for record in state.models.values():
        job = world.service.shown(record.job.id)
        if job is not None and (job_record(job) != record.job or job.metadata[MARK_FINGERPRINT] != record.fingerprint):
            world.breaks("I5", f"the state is wrong about {record.job.id}")
