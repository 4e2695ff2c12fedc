"""What is folded away: notes in full, changed fields, base models, drift, the reckoning, and the whole plan as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ftplan.core.plan import BaseLife, Note, Plan
from ftplan.core.recipe import FieldChange
from ftplan.core.steps import Adopt, Step, Train
from ftplan.views.cost_text import reckoning_rows
from ftplan.views.diff_words import changed_rows
from ftplan.views.markdown.fit import Block, Rank, Section, paragraph
from ftplan.views.markdown.head import life_words, note_title, refusal_span
from ftplan.views.markdown.spans import code_fence, code_span, day, row
from ftplan.views.plan_attributes import after_of, value_text
from ftplan.views.plan_money import dollars, estimate_text
from ftplan.views.plan_text import render_plan
from ftplan.views.plan_words import is_part_of_another, step_words
from ftplan.views.style import Style, clean_lines

_NOTES = 30
_LINES = 12
_FIELDS = 40
_MODELS = 60
_SIGN = re.compile(r"( *)(\+|~|-/\+|-|<=|\.)( )(?=\S)")
_MORE = "\nand {} more"


def notes_section(plan: Plan) -> list[Section]:
    """Every note with all it says, refusals first; none where there is nothing but what stands above the fold."""
    weights = {"error": 1, "warning": 2, "info": 3}
    notes = sorted(plan.notes, key=lambda note: 0 if note.severity == "error" and note.gate else weights[note.severity])
    if not notes:
        return []
    items = tuple(_note(note) for note in notes[:_NOTES])
    beyond = max(len(notes) - _NOTES, 0)
    block = Block(Rank.NOTES, items, "notes", more="- and {} more", beyond=beyond)
    return [Section((block,), f"Notes and warnings ({len(notes):,})")]


def field_sections(plan: Plan) -> list[Section]:
    """For each model that is trained or adopted: why, and its fields before and after, or as they will be."""
    told = [step for step in plan.steps if isinstance(step, (Train, Adopt)) and not is_part_of_another(step, plan)]
    more = f"And {len(told) - _MODELS:,} more models are trained or adopted." if len(told) > _MODELS else ""
    return [*(_fields(step, plan) for step in told[:_MODELS]), paragraph(Rank.FIELDS, more)]


def lives_section(plan: Plan) -> list[Section]:
    """Every base model with the days it has left."""
    rows = tuple(_life(life) for life in plan.lives)
    head = "| base model | life | takes new jobs | cost a day of life |\n|---|---|---|--:|"
    block = Block(Rank.LIVES, rows, "base models", head, more=_MORE)
    return [Section((block,), "How long the base models go on")] if rows else []


def drift_section(plan: Plan) -> list[Section]:
    """What changed outside of ftplan."""
    items = tuple(
        f"- {code_span(note.address or plan.project, 80)}: {code_span(note.summary, 80)}"
        + (f" ({code_span(note.detail, 200)})" if note.detail else "")
        for note in plan.drift
    )
    block = Block(Rank.DRIFT, items, "changes outside of ftplan", more="- and {} more")
    return [Section((block,), "Changed outside of ftplan since the last apply")] if items else []


def reckoning_section(plan: Plan) -> list[Section]:
    """How the cost was worked out."""
    known = reckoning_rows(plan.bill.by_address) if plan.bill else ()
    rows = tuple(row(*(code_span(text, 160) if text else "" for text in cells)) for cells in known)
    head = "| | tokens an epoch | epochs | training tokens | price | cost |\n|---|--:|--:|--:|---|--:|"
    block = Block(Rank.RECKONING, rows, "lines of the reckoning", head, more=_MORE)
    return [Section((block,), "How the cost was reckoned")] if rows else []


def whole_section(plan: Plan) -> list[Section]:
    """The plan as a terminal shows it, coloured as a diff."""
    lines = tuple(_diff_line(line) for line in render_plan(plan, Style()).rstrip("\n").split("\n"))
    fence = code_fence(lines)
    more = " ... cut here: {} more lines are in the log of the run"
    block = Block(Rank.WHOLE, lines, "lines of the plan as text", f"{fence}diff", fence, more)
    return [Section((block,), "The whole plan as text")]


def _note(note: Note) -> str:
    refused = note.severity == "error" and note.gate
    about = f" for {code_span(note.address, 80)}" if note.address else ""
    place = note.place
    where = f" at {code_span(f'{place.path}:{place.line}:{place.column}', 120)}" if place else ""
    cost = f"Training it again: {estimate_text(note.estimate)}." if note.estimate else ""
    said = [line for text in (note.detail, cost, note.advice) if text for line in clean_lines(text, 400, _LINES)]
    lines = [f"- {note_title(note)}{about}{where}"]
    lines += [refusal_span(note)] if refused and note.rule else []
    lines += [code_span(line) for line in (*said, note.command) if line.strip()]
    return "  \n  ".join(lines)


def _fields(step: Train | Adopt, plan: Plan) -> Section:
    words = step_words(step, plan)
    reasons = "\n".join(f"- {code_span(reason, 300)}" for reason in words.reasons)
    verdict = words.verdict
    if step.changes:
        count = len(step.changes)
        verdict += f", {count} field{'' if count == 1 else 's'} changed"
        head, rows = "| field | before | after |\n|---|---|---|", tuple(_moved(step, plan))
    else:
        head, rows = "| field | value |\n|---|---|", tuple(_declared(step, plan))
    block = Block(
        Rank.FIELDS,
        rows[:_FIELDS],
        "fields",
        f"{reasons}\n\n{head}" if rows else reasons,
        more=_MORE,
        beyond=max(len(rows) - _FIELDS, 0),
    )
    return Section((block,), verdict, str(step.address))


def _moved(step: Train | Adopt, plan: Plan) -> Iterator[str]:
    for change in step.changes:
        before, after = (_value(change, side) for side in (change.before, change.after))
        name = str(plan.after.get(str(step.address), {}).get(change.path))
        diff = plan.dataset_diffs.get(name) if change.path in ("dataset", "validation") else None
        told = f" ({code_span(name, 60)}: {changed_rows(diff)})" if diff else ""
        yield row(code_span(change.path, 60), before, f"{after}{told}")


def _value(change: FieldChange, side: object) -> str:
    return code_span(value_text(change.path, side), 120) if side is not None else "not set"


def _declared(step: Step, plan: Plan) -> Iterator[str]:
    for name, value in sorted((after_of(step, plan) or {}).items()):
        yield row(code_span(name, 60), code_span(value_text(name, value), 120))


def _life(life: BaseLife) -> str:
    jobs = ""
    if life.last_training is not None:
        over = life.days_to_train is not None and life.days_to_train <= 0
        jobs = f"none since {day(life.last_training)}" if over else f"until {day(life.last_training)}"
    costs = code_span(dollars(sum(life.cost_per_day.values(), Decimal(0)))) if life.cost_per_day else ""
    return row(f"{code_span(life.base_model, 60)} ({code_span(life.provider, 40)})", life_words(life), jobs, costs)


def _diff_line(line: str) -> str:
    """In a diff a line is coloured by its first character, which is always one of ours: a host may take a line that
    begins with a slash for a command, wherever it stands."""
    found = _SIGN.match(line)
    if not found or found[2] == ".":
        return f" {line}".rstrip()
    sign = "!" if found[2] == "~" else found[2]
    return f"{sign}{found[1]}{line[found.end(2) :]}"
