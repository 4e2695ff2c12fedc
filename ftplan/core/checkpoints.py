"""Which checkpoint of a training is used: what was wished for, and what fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from ftplan.core.metrics import best_step

LAST_STEP = "last step"
"""What a model is without a checkpoint of its own."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model as it was at one step of a job, usable by `model_id`, with what was measured there, by column name."""

    step: int
    model_id: str
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckpointWish:
    """The checkpoint that is to be a model's output: that of a `step`, or the one at which the column `best` is."""

    step: int | None = None
    best: str | None = None

    def __str__(self) -> str:
        return f"best {self.best}" if self.best is not None else f"step {self.step}"


def chosen(wish: CheckpointWish, kept: Sequence[Checkpoint]) -> Checkpoint | None:
    """The checkpoint that fits, the earliest of several; None where none does."""
    if wish.best is None:
        return next((one for one in kept if one.step == wish.step), None)
    series = {one.step: one.metrics[wish.best] for one in kept if wish.best in one.metrics}
    step = best_step(wish.best, dict(sorted(series.items())))
    return next((one for one in kept if one.step == step), None)


def what_there_is(wish: CheckpointWish, kept: Sequence[Checkpoint]) -> str:
    """What may be wished for in the place of `wish`, in words."""
    if not kept:
        return "The provider keeps no checkpoints of this job."
    steps = ", ".join(str(one.step) for one in kept)
    columns = sorted({name for one in kept for name in one.metrics if best_step(name, {0: 0.0}) is not None})
    near = get_close_matches(wish.best, columns, n=1) if wish.best is not None else []
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"There are the steps {steps}" + (f", with {', '.join(columns)}.{meant}" if columns else ".")
