"""A plan as Markdown for a pull request. Every value stands in a code span or fence that it cannot leave."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ftplan.core.plan import Note, Plan
from ftplan.core.steps import Step, Train
from ftplan.views.cost_text import reckoning_rows
from ftplan.views.plan_money import cost_lines, dollar_range, estimate_text, life_line
from ftplan.views.plan_steps import refusal_text
from ftplan.views.plan_text import render_plan, summary_line
from ftplan.views.plan_words import is_part_of_another, step_words
from ftplan.views.style import Style, clean

# GitHub refuses comments of more than 65,536 characters.
MAX_CHARACTERS = 60_000
_ROWS = 100
_NOTES = 20
_LINES = 20
_RECKONED = "| | tokens an epoch | epochs | training tokens | price | cost |"
_SYMBOL = re.compile(r"^( *)(\+|~|-/\+|-|<=|\.)( )(?=\S)", re.MULTILINE)


def render_markdown(plan: Plan) -> str:
    """The plan, at most 60,000 characters long: summary, money, life, warnings, steps, and all of it folded away."""
    parts = [
        f"## ftplan: {code_span(plan.project)}",
        f"**{summary_line(plan)}**" if plan.steps or not plan.errors else "**Planning failed.**",
        *_listed([code_span(line) for line in (*cost_lines(plan), *map(life_line, plan.lives))]),
        *_notes(plan.notes),
        _table(plan),
    ]
    parts += _reckoning(plan)
    head = "\n\n".join(part for part in parts if part)
    return f"{head}\n\n{_folded(plan, MAX_CHARACTERS - len(head) - 200)}\n"


def code_span(text: object, limit: int = 400) -> str:
    """`text` clean, as code: its fence is longer than any run of backticks in it."""
    shown = clean(text, limit).strip() or " "
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_block(text: str, language: str = "") -> str:
    """`text`, clean already, in a fence it cannot close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _listed(items: Sequence[str]) -> list[str]:
    shown = [f"- {item}" for item in items[:_LINES]]
    if len(items) > _LINES:
        shown.append(f"- and {len(items) - _LINES} more")
    return ["\n".join(shown)] if shown else []


def _notes(notes: Sequence[Note]) -> list[str]:
    return _cut_list([_note(note) for note in notes], _NOTES)


def _note(note: Note) -> str:
    word = {"error": "Error", "warning": "Warning", "info": "Note"}[note.severity]
    gate = f" (gate: {note.gate})" if note.gate else ""
    cost = f"Training it again: {estimate_text(note.estimate)}." if note.estimate else ""
    lines = [f"> **{word}**{gate}: {code_span(note.summary)}"]
    lines += [f"> {code_span(note.address)}"] if note.address else []
    lines += [f"> {code_span(text)}" for text in (note.detail, cost, note.advice, note.command) if text]
    return "  \n".join(lines)


def _cut_list(items: list[str], limit: int) -> list[str]:
    return items if len(items) <= limit else [*items[:limit], f"{len(items) - limit} more notes are not shown."]


def _table(plan: Plan) -> str:
    told = [step for step in plan.steps if not is_part_of_another(step, plan)]
    if not told:
        return ""
    rows = ["| | what | why | estimated cost |", "|---|---|---|---|", *(_row(step, plan) for step in told[:_ROWS])]
    more = [f"\n{len(told) - _ROWS} more steps are not shown."] if len(told) > _ROWS else []
    return "\n".join([*rows, *more])


def _row(step: Step, plan: Plan) -> str:
    words = step_words(step, plan)
    estimate = step.estimate if isinstance(step, Train) else None
    cost = code_span(dollar_range(estimate.low, estimate.high)) if estimate else ""
    cells = [
        code_span(words.symbol),
        f"{_cell(code_span(step.address))} {words.verdict}",
        _cell(code_span("; ".join([*map(refusal_text, plan.refusals(step.address)), *words.reasons]), 200)),
        cost,
    ]
    return f"| {' | '.join(cells)} |"


def _reckoning(plan: Plan) -> list[str]:
    """How the cost was worked out, folded away."""
    known = list(reckoning_rows(plan.bill.by_address))[:_LINES] if plan.bill else []
    if not known:
        return []
    rows = [f"| {' | '.join(_cell(code_span(text)) if text else '' for text in row)} |" for row in known]
    more = len(plan.bill.by_address) - len(known) if plan.bill else 0
    table = "\n".join([_RECKONED, "|---|---|---|---|---|---|", *rows])
    left = f"\n\n{more} more are not shown." if more else ""
    return [f"<details><summary>How the cost was reckoned</summary>\n\n{table}{left}\n\n</details>"]


def _cell(span: str) -> str:
    return span.replace("|", "\\|")


def _folded(plan: Plan, room: int) -> str:
    """The whole plan as text, folded away, in at most `room` characters."""
    # In a `diff` block a line is coloured by its first character.
    text = _SYMBOL.sub(lambda found: f"{_diff_sign(found[2])}{found[1]}{found[3]}", render_plan(plan, Style()))
    lines = text.rstrip("\n").split("\n")
    fenced = code_block("\n".join(lines), "diff")
    while len(fenced) > room and lines:
        lines = lines[: len(lines) * max(room - 100, 0) // len(fenced)]
        fenced = code_block("\n".join([*lines, "... cut here: the whole plan is in the log of the run"]), "diff")
    return f"<details><summary>Show the plan</summary>\n\n{fenced}\n\n</details>"


def _diff_sign(symbol: str) -> str:
    return "!" if symbol == "~" else symbol
