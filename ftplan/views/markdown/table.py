"""One line a model and one a dataset: what happens, at what price, on which rows, for how long, and why."""

from __future__ import annotations

from typing_extensions import assert_never

from ftplan.core.checkpoints import LAST_STEP
from ftplan.core.plan import BaseLife, Plan
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Reason, Step, Take, Train, Upload
from ftplan.views.diff_words import changed_rows
from ftplan.views.lifetimes import base_life, declared_base
from ftplan.views.markdown.fit import Block, Rank, Section
from ftplan.views.markdown.spans import code_span, code_spans, row
from ftplan.views.plan_money import days_text, dollar_range
from ftplan.views.plan_words import is_part_of_another, replaces, step_words, taken_words

_ROWS = 60
_FIELDS = 4
_HEADS = ("", "what happens", "cost", "tokens", "rows", "base model, days left", "why")
_LINE = "|:-:|---|--:|--:|---|---|---|"
_WHY = {
    Reason.NEW: "new",
    Reason.CHANGED: "changed",
    Reason.FORCED: "asked for",
    Reason.FAILED: "its job failed or was cancelled",
    Reason.LOST: "gone at the provider",
    Reason.FOUND: "found at the provider, costs nothing",
    Reason.SHARED: "shares a job, costs nothing",
    Reason.RUNNING: "its job is not done",
    Reason.NEEDED: "a training needs it",
    Reason.UNDECLARED: "not in the configuration",
    Reason.REQUESTED: "asked for",
}


def table_section(plan: Plan) -> Section:
    """The table: models first, and above all of them what is refused. Empty where nothing happens."""
    told = [step for step in plan.steps if not is_part_of_another(step, plan)]
    told.sort(key=lambda step: (not plan.refusals(step.address), step.address.kind == "dataset"))
    rows = tuple(_row(step, plan) for step in told[:_ROWS])
    beyond = max(len(told) - _ROWS, 0)
    opening = f"{row(*_HEADS)}\n{_LINE}"
    block = Block(Rank.TABLE, rows, "lines of the table", opening, more="\nand {} more", beyond=beyond)
    return Section((block,) if rows else ())


def _row(step: Step, plan: Plan) -> str:
    what = f"{_verb(step, plan)} {code_span(step.address, 80)}"
    refused = plan.refusals(step.address)
    why = _why(step)
    if refused:
        why = f"refused by {code_spans((note.rule for note in refused), 2)}; {why}"
    estimate = step.estimate if isinstance(step, Train) else None
    about = "" if estimate is None or estimate.exact_tokens else "about "
    return row(
        code_span(step_words(step, plan).symbol),
        f"**Refused:** {what}" if refused else what,
        code_span(dollar_range(estimate.low, estimate.high)) if estimate else "",
        f"{about}{estimate.tokens:,}" if estimate else "",
        _data(step, plan),
        _base(step, plan),
        why,
    )


def _verb(step: Step, plan: Plan) -> str:
    match step:
        case Upload():
            return "adopt" if step.found_id is not None else "upload"
        case Train():
            return "train again" if replaces(step, plan) else "train"
        case Adopt():
            return "adopt"
        case Await():
            return "follow"
        case Cancel():
            return "cancel the job of"
        case Forget():
            return "forget"
        case Delete():
            return "delete"
        case Promote():
            return "promote"
        case Take():
            return "use another checkpoint of" if step.wish != LAST_STEP else "use the last step of"
        case _:
            assert_never(step)


def _why(step: Step) -> str:
    if isinstance(step, Take):
        return code_span(taken_words(step), 160)
    if not isinstance(step, Train) or step.reason is not Reason.CHANGED or not step.changes:
        return _WHY[step.reason]
    if step.parent is not None and any(change.path == "base_model" for change in step.changes):
        return f"{code_span(step.parent, 80)} changed"
    return f"changed: {code_spans((change.path for change in step.changes), _FIELDS, 40)}"


def _data(step: Step, plan: Plan) -> str:
    """How many rows of what a step is about changed."""
    if isinstance(step, Upload):
        known = plan.dataset_diffs.get(step.address.name)
        return changed_rows(known) if known is not None else f"{step.rows:,}"
    if not isinstance(step, (Train, Adopt)):
        return ""
    known_as = plan.after.get(str(step.address), {})
    parts = []
    for role, before in (("dataset", ""), ("validation", "validation: ")):
        diff = plan.dataset_diffs.get(str(known_as.get(role)))
        parts += [f"{before}{changed_rows(diff)}"] if diff is not None else []
    if parts:
        return "; ".join(parts)
    rows = known_as.get("training_rows")
    if not isinstance(rows, int):
        return ""
    moved = {change.path for change in step.changes} & {"dataset", "validation"}
    same = step.reason is Reason.CHANGED and not moved
    return f"none changed of {rows:,}" if same else f"{rows:,}"


def _base(step: Step, plan: Plan) -> str:
    """The base model of a step's model, and the days that it has left."""
    if step.address.kind == "dataset":
        return ""
    recipe = step.recipe if isinstance(step, (Train, Adopt)) else {}
    named = declared_base(step.address, plan) or recipe.get("base_model")
    life = base_life(step, plan)
    parts = [code_span(named, 60)] if isinstance(named, str) else []
    return ", ".join([*parts, _days(life)] if life else parts)


def _days(life: BaseLife) -> str:
    if life.days is None:
        return "no end known"
    return days_text(life.days) if life.days >= 0 else "ended"
