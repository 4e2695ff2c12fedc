"""What is said of aliases."""

from __future__ import annotations

from ftplan.core.evaluating import EVAL_PREFIX
from ftplan.core.handover import AliasRecord
from ftplan.core.steps import Promote
from ftplan.views.plan_money import dollar_range
from ftplan.views.style import clean


def asks_to_move(step: Promote) -> str:
    """The question before an alias is moved, with what that may cost."""
    name, model = clean(str(step.address)), clean(step.model_id or str(step.model))
    instead = f", in the place of {clean(step.former_id)}" if step.former_id else ""
    asked = f"Let {name} stand for {model}{instead}?"
    if not step.requires:
        return asked
    evals = ", ".join(clean(f"{EVAL_PREFIX}{name}", 80) for name in step.requires)
    cost = step.estimate
    money = f" What is not answered yet costs {dollar_range(cost.low, cost.high)}." if cost is not None else ""
    return f"{asked} It has to pass {evals} first.{money}"


def moved_line(alias: AliasRecord) -> str:
    """Where an alias stands now."""
    before = alias.rolled_back or (alias.former[-1].model_id if alias.former else None)
    told = f"alias.{clean(alias.name)} stands for {clean(alias.now.model_id)}"
    return f"{told} now; {clean(before)} is kept." if before else f"{told} now."
