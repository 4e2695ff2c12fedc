"""An evaluation of one model: whom it is held against, who judges it, and what a plan knows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ftplan.core.evaluating import EvalSpec
from ftplan.core.handover import Approval, Target
from ftplan.core.steps import Estimate, Promote


@dataclass(frozen=True, slots=True)
class Opponent:
    """Another model that one is held against on the same rows: which one, where it is, and by what id."""

    which: Literal["base", "current"]
    provider: str
    model_id: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An evaluation of a model as a plan knows it. `rows` is a digest of what is asked of the `dataset`; `decided_by`
    one of these and all else that a verdict depends on but the models. `estimate` is of what its answers cost, None
    where its verdict is known; `elsewhere` the same at prices that the project does not set itself, None where it sets
    none."""

    dataset: str
    rows: str
    decided_by: str
    estimate: Estimate | None = None
    elsewhere: Estimate | None = None


def opponents(
    spec: EvalSpec, provider: str, base: str, model_id: str | None, current: Target | None
) -> tuple[Opponent, ...]:
    """Whom the evaluation holds a model at `provider` against that was tuned on `base`: `model_id` is None where only
    the apply can tell it, `current` what is in use, None for nothing."""
    found = []
    if spec.thresholds.over_base is not None:
        found.append(Opponent("base", provider, base))
    if spec.thresholds.over_current is not None and current is not None and current.model_id != model_id:
        found.append(Opponent("current", current.provider, current.model_id))
    return tuple(found)


def judges_of(spec: EvalSpec, provider: str) -> dict[str, str]:
    """At which provider each judge of the evaluation is asked, by the grader's name: its own, or that of the model."""
    return {one.name: str(one.settings.get("provider") or provider) for one in spec.graders if one.type == "judge"}


def approval(step: Promote, fingerprint: str) -> Approval:
    """What whoever approves `step` agrees to be asked, of the model of the recipe with this fingerprint."""
    most = step.estimate.high if step.estimate is not None else None
    return Approval(step.address.name, fingerprint, step.decided_by, most)


def is_covered(wanted: Approval, known: Approval | None) -> bool:
    """Whether `wanted` was approved before: the same questions, for no more."""
    if known is None or replace(wanted, most=known.most) != known:
        return False
    return known.most is None or (wanted.most is not None and wanted.most <= known.most)
