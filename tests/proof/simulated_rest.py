"""Coming to rest: runs without accidents until nothing is left to do, and what must be true then."""

from __future__ import annotations

from collections import Counter

from simulated_run import FTPLAN, Design, Incarnation, Script, look, resting_plan
from simulated_world import World

from ftplan.core.facts import Phase
from ftplan.core.fold import job_record
from ftplan.core.money.spending import spends
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
    """Writes down what of I5 and I6 is not true. Where the plan has an error an apply is refused, and only open
    intents, forgotten jobs and the ledger say that something is wrong."""
    state, plan = world.state, resting_plan(world)
    check_ledger(world)
    check_names_back(world)
    if state.intents:
        world.breaks("I5", f"intents of {', '.join(state.intents)} stay open")
    if world.unrecorded():
        world.breaks("I5", f"{world.unrecorded()} jobs are forgotten")
    if plan.errors:
        return
    if not plan.changes_nothing:
        world.breaks("I5", f"the plan still has {plan.steps[0]}")
    # Of what waits for its owner, as a child does whose parent somebody has deleted, the plan tells.
    told = {note.address.name for note in plan.notes if note.address is not None and note.severity == "warning"}
    if missing := {model.name for model in world.models} - set(state.models) - told:
        world.breaks("I5", f"no record of {', '.join(sorted(missing))}")
    check_names(world)
    for record in state.models.values():
        job = world.service.shown(record.job.id)
        if job is not None and (job_record(job) != record.job or job.metadata[MARK_FINGERPRINT] != record.fingerprint):
            world.breaks("I5", f"the state is wrong about {record.job.id}")


def check_names(world: World) -> None:
    """Writes down which names do not stand for what they are declared for."""
    for name, alias in world.state.aliases.items():
        record = world.state.models.get(world.aliases.get(name, ""))
        there = record.output if record is not None and record.output not in world.service.deleted else None
        if there not in (None, alias.now.model_id) and alias.rolled_back is None:
            world.breaks("I7", f"alias.{name} stands for {alias.now.model_id} and not for {there}")
    if missing := set(world.state.aliases) ^ set(world.aliases):
        for name in missing & set(world.aliases):
            record = world.state.models.get(world.aliases[name])
            if record is not None and record.output not in (None, *world.service.deleted):
                world.breaks("I7", f"alias.{name} stands for nothing, and model.{record.name} is there")
        if gone := missing - set(world.aliases):
            world.breaks("I7", f"{', '.join(gone)} is declared no more, and stands for something")


def check_names_back(world: World) -> None:
    """Writes down which names could go back to what a run has deleted."""
    for name, alias in world.state.aliases.items():
        for target in (alias.now, *alias.former):
            if target.model_id in world.deleted:
                world.breaks("I7", f"alias.{name} stands for {target.model_id}, or goes back to it: a run deleted it")


def check_ledger(world: World) -> None:
    """Writes down what of I6 is not true. The bill of a former job that was retired while it ran is not known."""
    calls = [call for call in spends(world.state) if call.job_id or call.state == "open"]
    lines, standing = Counter(call.job_id for call in calls), {call.job_id: call.state for call in calls}
    for job_id in world.remembered():
        if lines[job_id] != 1:
            world.breaks("I6", f"{job_id} stands in the ledger {lines[job_id]} times")
    for record in world.state.models.values():
        owed = {Phase.SUCCEEDED: "billed", Phase.FAILED: "released"}.get(record.job.phase)
        if owed not in (None, standing.get(record.job.id)):
            world.breaks("I6", f"{record.job.id} has {record.job.phase.value}, and is {standing.get(record.job.id)}")
    for call in calls:
        if call.state == "open" and call.job_id not in world.remembered() and call.name not in world.state.intents:
            world.breaks("I6", f"the reserve of {call.key} is left over")
