"""A plan as a stream: one JSON object a line, in the manner of Terraform's machine-readable UI."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ftplan.core.keeping.checksum import plan_checksum
from ftplan.core.plan import Note, Plan
from ftplan.core.steps import Step
from ftplan.views.cost_json import cost_estimate
from ftplan.views.json_stream import diagnostic_line, named_resource, stream_line
from ftplan.views.plan_json import actions_of, base_models, reason_of, refused_by
from ftplan.views.plan_money import cost_lines, life_line
from ftplan.views.plan_text import note_problem, summary_line
from ftplan.views.plan_words import is_part_of_another, step_words
from ftplan.views.style import clean


def plan_stream(plan: Plan, now: datetime, *, errors: bool = True) -> Iterator[str]:
    """`plan` line by line: drift, steps, notes, the summary, the cost. `version_line` goes before it; without
    `errors` they are left to whoever reports them."""
    for note in plan.drift:
        said = f"{clean(note.address)}: {clean(note.summary)}" if note.address else clean(note.summary)
        yield stream_line("resource_drift", said, now, change=_drift(note))
    for step in plan.steps:
        if not is_part_of_another(step, plan):
            action = _action(actions_of(step, plan))
            change = {
                "resource": named_resource(step.address),
                "action": action,
                "reason": _reason(step, plan),
                "step": type(step).__name__.lower(),
                "because": step.reason.value,
            }
            change = {name: value for name, value in {**change, **refused_by(step.address, plan)}.items() if value}
            said = f"{clean(step.address)} {step_words(step, plan).verdict}"
            yield stream_line("planned_change", said, now, change=change)
    for note in plan.notes:
        if errors or note.severity != "error":
            yield _note_line(note, now)
    add, change_count, remove = plan.totals()
    changes = {"add": add, "change": change_count, "import": 0, "remove": remove, "operation": "plan"}
    counted: dict[str, Any] = {"changes": changes, "steps": plan.summary(), "checksum": plan_checksum(plan)}
    yield stream_line("change_summary", summary_line(plan), now, **counted)
    for line in cost_lines(plan)[:1]:
        yield stream_line("cost_estimate", line, now, cost_estimate=cost_estimate(plan.bill))
    for life, base in zip(plan.lives, base_models(plan), strict=True):
        yield stream_line("base_model", life_line(life), now, base_model=base)
    for note in plan.notes:
        if note.rule:
            yield _gate_line(note, now)


def _action(actions: list[str]) -> str:
    """The one word of the stream for a plan document's actions."""
    replaced = {"create", "forget"}
    return "replace" if set(actions) == replaced else {"forget": "remove"}.get(actions[0], actions[0])


def _reason(step: Step, plan: Plan) -> str:
    """The word of the stream for a plan document's `action_reason`; empty where it has none."""
    reason = reason_of(step, plan) or ""
    # Terraform's two formats differ in that one word.
    return "requested" if reason == "replace_by_request" else reason.removeprefix("replace_because_")


def _drift(note: Note) -> dict[str, Any]:
    resource = {"resource": named_resource(note.address)} if note.address else {}
    return {**resource, "action": "delete" if "deleted" in note.summary else "update", "detail": note.detail}


def _note_line(note: Note, now: datetime) -> str:
    if note.severity == "info":
        return stream_line("log", clean(note.summary), now, detail=note.detail, address=str(note.address or ""))
    return diagnostic_line(note_problem(note), now)


def _gate_line(note: Note, now: datetime) -> str:
    """What a gate says, apart from how it is told: a program need not read sentences."""
    names = ("gate", "rule", "figure", "limit", "flag")
    told = {**{name: getattr(note, name) for name in names}, "refuses": note.severity == "error"}
    verdict = "refuses" if note.severity == "error" else "warns"
    said = f"{clean(note.rule)} {verdict}: {clean(note.figure)}, allowed: {clean(note.limit)}"
    return stream_line("gate", said, now, gate={**told, "addresses": [str(address) for address in note.blocks]})
