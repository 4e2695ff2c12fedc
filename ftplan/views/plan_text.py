"""A plan as a person reads it: drift, steps, summary, money, life, warnings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ftplan.core.plan import Note, Plan
from ftplan.errors import Problem
from ftplan.views.diff_text import render_short_diff
from ftplan.views.message_text import render_problems
from ftplan.views.plan_money import cost_lines, estimate_text, life_line
from ftplan.views.plan_steps import render_step, step_heads
from ftplan.views.plan_words import LEGEND, is_part_of_another, step_words
from ftplan.views.style import Look, Style, clean, clean_lines

_NAMED = 8
_INTRODUCTION = "ftplan made the following execution plan. Actions are indicated with the following symbols:"
_NOTHING = {
    "normal": (
        "No changes. Your infrastructure matches the configuration.",
        "ftplan has compared the configuration with the state and with what the providers show, and found no "
        "differences: nothing is uploaded, trained or paid for.",
    ),
    "destroy": (
        "No changes. No objects need to be destroyed.",
        "Nothing is managed here: either nothing was created yet, or it was forgotten or destroyed before.",
    ),
    "refresh-only": (
        "No changes. Your infrastructure still matches the configuration.",
        "ftplan has compared the state with what the providers show, and found no differences.",
    ),
}


def render_plan(
    plan: Plan, style: Style, *, compact_warnings: bool = False, errors: bool = True, concise: bool = False
) -> str:
    """The whole plan, ending in a newline. `compact_warnings` says each warning in one line; without `errors` they
    are left to whoever reports them. `concise` says of each step what is done and why, and shows no attribute."""
    diffs = sorted(plan.dataset_diffs)
    parts = [
        _drift(plan, style),
        _steps_in_brief(plan, style) if concise else _steps(plan, style),
        _summary(plan, style),
        "\n".join(cost_lines(plan)),
        "\n".join(life_line(life) for life in plan.lives),
        "\n".join(render_short_diff(plan.dataset_diffs[name], f"dataset.{name}", style) for name in diffs),
        render_notes(plan, style, compact_warnings=compact_warnings, errors=errors).rstrip("\n"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary_line(plan: Plan) -> str:
    """The one line other programs look for."""
    if _is_empty(plan):
        return _waiting(plan.withheld) if plan.withheld else _NOTHING[plan.mode][0]
    add, change, destroy = plan.totals()
    return f"Plan: {add} to add, {change} to change, {destroy} to destroy."


def render_notes(plan: Plan, style: Style, *, compact_warnings: bool = False, errors: bool = True) -> str:
    """The notes of `plan` as boxes, errors last."""
    boxed = ("warning", "error") if errors else ("warning",)
    problems = [note_problem(note) for note in plan.notes if note.severity in boxed]
    told = [_info(note, style) for note in plan.notes if note.severity == "info"]
    boxes = render_problems(problems, style, compact_warnings=compact_warnings)
    return "\n".join(part for part in ("\n".join(told), boxes) if part)


def note_problem(note: Note) -> Problem:
    """`note` as a problem, with its gate named."""
    gated = note.gate and note.severity == "error"
    parts = [
        note.detail,
        f"The {note.gate} gate refuses this plan: nothing will be started." if gated else "",
        f"Training it again: {estimate_text(note.estimate)}." if note.estimate else "",
    ]
    return Problem(
        note.summary,
        "\n".join(part for part in parts if part),
        place=note.place,
        advice=note.advice,
        command=note.command,
        severity="error" if note.severity == "error" else "warning",
        address=str(note.address) if note.address else "",
    )


def _is_empty(plan: Plan) -> bool:
    return plan.changes_nothing and not plan.errors and not (plan.drift and plan.mode == "refresh-only")


def _waiting(withheld: Sequence[Note]) -> str:
    names = [clean(note.address) for note in withheld[:_NAMED]]
    names += [f"{len(withheld) - _NAMED} more"] if len(withheld) > _NAMED else []
    waits = "waits" if len(withheld) == 1 else "wait"
    return f"No changes. {', '.join(names)} {waits} for your consent to be trained again."


def _info(note: Note, style: Style) -> str:
    about = f"{clean(note.address)}: " if note.address else ""
    lines = [f"{style.bold('Note:')} {about}{clean(note.summary)}"]
    for text in filter(None, (note.detail, note.advice)):
        lines += [f"  {row}" for line in clean_lines(text) for row in _wrapped(line, 98).split("\n")]
    return "\n".join([*lines, f"    {clean(note.command, 1000)}"] if note.command else lines)


def _drift(plan: Plan, style: Style) -> str:
    if not plan.drift:
        return ""
    lines = [
        f"{style.paint('Note:', 'bold', 'cyan')} {style.bold('Objects have changed outside of ftplan')}",
        "",
        _wrapped('ftplan detected the following changes made outside of ftplan since the last "ftplan apply":'),
    ]
    for note in plan.drift:
        said = clean(note.summary)
        address = clean(note.address) if note.address else clean(plan.project)
        spoken = said.startswith(("has ", "is ", "was "))
        lines += ["", f"{style.bold(f'  # {address}')} {said if spoken else 'has changed'}"]
        reasons = ([] if spoken else [said]) + (clean_lines(note.detail) if note.detail else [])
        lines += [style.faint(f"  # ({reason})") for reason in reasons if reason]
    return "\n".join([*lines, "", style.faint("─" * 77)])


def _steps(plan: Plan, style: Style) -> str:
    told = [step for step in plan.steps if not is_part_of_another(step, plan)]
    if not told:
        return ""
    used = {step_words(step, plan).symbol for step in told}
    legend = [f"{style.margin(symbol)} {meaning}" for symbol, meaning in LEGEND.items() if symbol in used]
    blocks = [render_step(step, plan, style) for step in told]
    head = "\n".join([_wrapped(_INTRODUCTION), *legend])
    return "\n\n".join([head, "ftplan will perform the following actions:", *blocks])


def _steps_in_brief(plan: Plan, style: Style) -> str:
    told = [step for step in plan.steps if not is_part_of_another(step, plan)]
    heads = ["\n".join(step_heads(step, plan, style)) for step in told]
    return "\n\n".join(["ftplan will perform the following actions:", "\n".join(heads)]) if heads else ""


def _summary(plan: Plan, style: Style) -> str:
    if plan.steps:
        counts = summary_line(plan).removeprefix("Plan:")
        return f"{style.bold('Plan:')}{counts}"
    if plan.errors:
        return f"{style.bold('Planning failed.')} ftplan will start nothing until the errors below are resolved."
    if not _is_empty(plan):
        return _wrapped(
            "This is a refresh-only plan, so nothing will be started to undo these changes. Applying it records them "
            "in the state."
        )
    sentence = _NOTHING[plan.mode][1]
    if plan.mode == "normal" and (plan.drift or plan.notes):
        sentence = "Nothing is uploaded, trained or paid for; what is worth knowing all the same is told here."
    colour: Look = "yellow" if plan.withheld else "green"
    return f"{style.paint(summary_line(plan), 'bold', colour)}\n\n{_wrapped(sentence)}"


def _wrapped(text: str, width: int = 100) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
