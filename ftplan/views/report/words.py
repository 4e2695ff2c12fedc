"""The few words and looks that a report has for what happens: the same in its pictures, its list and its headline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from typing_extensions import assert_never

from ftplan.core.checkpoints import LAST_STEP
from ftplan.core.plan import Bill, Note, Plan
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Step, Take, Train, Upload
from ftplan.views.pages.markup import counted
from ftplan.views.plan_money import dollar_range
from ftplan.views.plan_words import is_part_of_another, replaces
from ftplan.views.style import Symbol

TONES: dict[Symbol, str] = {
    "+": "add",
    "~": "change",
    "-/+": "replace",
    "-": "destroy",
    "<=": "adopt",
    ".": "forget",
}
"""The class that colours a symbol; the symbol stands beside it always."""
_OTHERS = {
    "delete": "delete {} for good",
    "upload": "upload {}",
    "adopt": "adopt {}, which costs nothing",
    "promote": "promote {}",
    "take": "use another checkpoint of {}",
    "await": "follow the job of {}",
    "cancel": "cancel the job of {}",
    "forget": "forget {} without deleting anything",
}


def told_steps(plan: Plan) -> list[Step]:
    """The steps that are told by themselves: what is refused first, then models, then datasets."""
    told = [step for step in plan.steps if not is_part_of_another(step, plan)]
    return sorted(told, key=lambda step: (not plan.refusals(step.address), step.address.kind == "dataset"))


def verb(step: Step, plan: Plan) -> str:
    """What is done, in a word or three."""
    match step:
        case Upload():
            return "upload" if step.found_id is None else "adopt, free"
        case Train():
            return "train again" if replaces(step, plan) else "train"
        case Adopt():
            return "adopt, free"
        case Await():
            return "follow its job"
        case Cancel():
            return "cancel its job"
        case Forget():
            return "forget, keep"
        case Delete():
            return "delete for good"
        case Promote():
            return "promote"
        case Take():
            return "use another checkpoint" if step.wish != LAST_STEP else "use its last step"
        case _:
            assert_never(step)


def headline(plan: Plan) -> str:
    """What matters most of what will be done, counted, without a dot: trainings with their cost, and what is deleted;
    else all there is. Empty where nothing is done."""
    main = [*_trainings(plan), *_others(plan, ("delete",))]
    return listed(main or _others(plan, tuple(_OTHERS)))


def besides(plan: Plan) -> str:
    """What else will be done, in the same words."""
    others = tuple(kind for kind in _OTHERS if kind != "delete")
    return listed(_others(plan, others)) if _trainings(plan) or _others(plan, ("delete",)) else ""


def cost_words(bill: Bill | None) -> str:
    """What a plan with trainings costs."""
    if bill is None or is_unpriced(bill):
        return "an unknown price"
    return dollar_range(bill.low, bill.high) + (" or more" if bill.unpriced else "")


def is_unpriced(bill: Bill) -> bool:
    """Whether no price is known of anything in it."""
    return bool(bill.unpriced) and set(bill.by_address) <= set(bill.unpriced)


def deleted(plan: Plan) -> str:
    """What is deleted at a provider, counted; empty where nothing is."""
    things = Counter(step.address.kind for step in plan.steps if isinstance(step, Delete))
    return listed([counted(things[what], what) for what in ("model", "dataset") if things[what]])


def trained(plan: Plan) -> tuple[int, int]:
    """How many models are trained that were not there before, and how many again."""
    trains = [step for step in plan.steps if isinstance(step, Train)]
    again = sum(1 for step in trains if replaces(step, plan))
    return len(trains) - again, again


def listed(parts: Sequence[str]) -> str:
    """Words as a sentence lists them."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _trainings(plan: Plan) -> list[str]:
    anew, again = trained(plan)
    if not anew + again:
        return []
    rehearsal = plan.bill is not None and plan.bill.rehearsal
    price = "in a rehearsal, unbilled" if rehearsal else f"for {cost_words(plan.bill)}"
    return [f"train {counted(anew + again, 'model')}{'' if anew else ' again'} {price}"]


def _others(plan: Plan, kinds: Sequence[str]) -> list[str]:
    """Counts of models, datasets and aliases by what is done with them; trainings are told with their price."""
    counts = Counter((_kind(step), step.address.kind) for step in plan.steps)
    told = []
    for kind in kinds:
        things = [counted(counts[kind, what], what) for what in ("model", "dataset", "alias") if counts[kind, what]]
        told += [_OTHERS[kind].format(listed(things))] if things else []
    return told


def _kind(step: Step) -> str:
    return "adopt" if isinstance(step, Upload) and step.found_id is not None else type(step).__name__.lower()


def is_refusal(note: Note) -> bool:
    """Whether a gate refuses the plan because of it."""
    return note.severity == "error" and note.gate is not None
