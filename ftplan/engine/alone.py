"""Carrying out what a command of its own asked for. No training can come of it: there is no step for one."""

from __future__ import annotations

from collections.abc import Sequence

from ftplan.core.plan import Plan
from ftplan.core.steps import Await, Promote
from ftplan.engine.apply import Outcome, Stop, apply
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger


def watch(awaited: Sequence[Await], run: Run, ledger: Ledger, stop: Stop) -> Outcome:
    """Follows every job of `awaited` to its end, as an apply does whose plan holds nothing else."""
    return _carry_out(awaited, run, ledger, stop)


def promote_alone(step: Promote, run: Run, ledger: Ledger, stop: Stop) -> Outcome:
    """Moves one alias, as an apply does whose plan holds nothing else."""
    return _carry_out((step,), run, ledger, stop)


def _carry_out(steps: Sequence[Await | Promote], run: Run, ledger: Ledger, stop: Stop) -> Outcome:
    state = ledger.state
    plan = Plan(
        project=state.project,
        mode="normal",
        lineage=state.lineage,
        serial=state.serial,
        config_digest="",
        dataset_digests={},
        created_at=run.moment(),
        steps=tuple(steps),
    )
    return apply(plan, run, ledger, stop)
