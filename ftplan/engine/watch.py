"""Following jobs that run already. Nothing that is paid for can come of it: there is no step for it."""

from __future__ import annotations

from collections.abc import Sequence

from ftplan.core.plan import Plan
from ftplan.core.steps import Await
from ftplan.engine.apply import Outcome, Stop, apply
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger


def watch(awaited: Sequence[Await], run: Run, ledger: Ledger, stop: Stop) -> Outcome:
    """Follows every job of `awaited` to its end, as an apply does whose plan holds nothing else."""
    state = ledger.state
    plan = Plan(
        project=state.project,
        mode="normal",
        lineage=state.lineage,
        serial=state.serial,
        config_digest="",
        dataset_digests={},
        created_at=run.moment(),
        steps=tuple(awaited),
    )
    return apply(plan, run, ledger, stop)
