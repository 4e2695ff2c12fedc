"""A state that cannot be true is never saved, and time goes on while a search is waited out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_service import BASE
from world import SimulatedCrash, World, model

from ftplan.core.events import FileDropped, IntentDropped, JobSeen
from ftplan.core.facts import Phase
from ftplan.errors import StateUnsaved


def test_what_cannot_be_true_is_kept_in_a_copy_and_not_saved() -> None:
    world = World([model("bot")])
    world.apply()
    ledger, before = world.ledger(), len(world.backend.blobs)
    ledger.state = replace(ledger.state, models={"other": ledger.state.models["bot"]})
    with pytest.raises(StateUnsaved) as refused:
        ledger.record(FileDropped("svc", "none"))
    (problem,) = refused.value.problems
    assert "a defect in ftplan" in problem.detail
    assert "model.bot is kept under the name other" in problem.detail
    assert "Please report it" in problem.advice
    assert len(world.backend.blobs) == before
    assert len(world.rescued) == 1
    assert world.plan().changes_nothing


def test_several_facts_are_one_write_and_are_told_after_it() -> None:
    world = World([model("bot")])
    world.apply()
    ledger, serial = world.ledger(), world.state.serial
    job = world.state.models["bot"].job
    ledger.record(JobSeen("bot", replace(job, phase=Phase.UNKNOWN)), JobSeen("bot", job), FileDropped("svc", "none"))
    assert world.state.serial == serial + 1
    assert world.log[-4:] == ["save", "told JobSeen", "told JobSeen", "told FileDropped"]


def test_a_wait_that_a_clock_cannot_hit_exactly_ends_all_the_same() -> None:
    """At 2**30 seconds a float counts in steps of 2**-22: what is left of 0.3 s may be too little to add."""
    world = World([model("bot")])

    def around(here: str) -> None:
        if here == "before start_job":
            raise SimulatedCrash

    world.service._around = around
    with pytest.raises(SimulatedCrash):
        world.apply()
    world.wait(2.0**30 - world.clock.monotonic())
    assert not world.settle(list_lag_seconds=0.3)
    assert [dropped.name for dropped in world.heard(IntentDropped)] == ["bot"]


def test_the_bound_on_active_jobs_is_one_for_each_base_model() -> None:
    own = [model(f"a{n}", epochs=n) for n in range(1, 5)]
    others = [model(f"b{n}", epochs=n, base="base-2027") for n in range(1, 5)]
    world = World([*own, *others, model("child", base="model.a1")])
    most: dict[str, int] = {BASE: 0, "base-2027": 0}

    def watch() -> None:
        for base in most:
            shown = [world.service.get_job(id) for id in list(world.service.jobs)]
            live = [job for job in shown if job and not job.phase.settled and job.model.startswith((base, "ft:"))]
            most[base] = max(most[base], len([job for job in live if job.model == base or base == BASE]))

    world.apply(stop=watch, parallelism=2)
    assert most == {BASE: 2, "base-2027": 2}
    assert len(world.service.jobs) == 9
