"""One step as a block in Terraform's grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import assert_never

from ftplan.core.plan import Note, Plan
from ftplan.core.recipe import FieldChange
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Step, Take, Train, Upload
from ftplan.views.plan_attributes import after_of, before_of, unknown_of, value_text
from ftplan.views.plan_words import UNKNOWN, Words, replaces, step_words
from ftplan.views.style import Style, Symbol, clean, quoted

FORCES = "forces replacement"
_RED_WORDS = ("replaced", "destroyed")
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute. Without a symbol it stays as it is; `text` and `tail` are safe to print. A mapping has its
    entries as `children`, and `text` behind them."""

    symbol: Symbol | None
    name: str
    text: str
    tail: str = ""
    children: tuple[Row, ...] = ()


def render_step(step: Step, plan: Plan, style: Style) -> str:
    """The block of `step`: what happens, why, and the attributes that matter."""
    words = step_words(step, plan)
    kind, name = step.address.kind, step.address.name
    rows, hidden = _rows(step, plan)
    head = _heads(step, words, words.reasons, plan, style)
    head.append(f"{style.margin(words.symbol)} {kind} {quoted(name)} {{")
    return "\n".join([*head, *_row_lines(rows, style), *_hidden_line(hidden, style), "    }"])


def step_heads(step: Step, plan: Plan, style: Style) -> list[str]:
    """What happens and why, without attributes: those that force it are named, since no block shows them."""
    words = step_words(step, plan)
    forced = [clean(change.path, 80) for change in step.changes] if isinstance(step, Train) else []
    named = forced[:_NAMED] + ([f"{len(forced) - _NAMED} more"] if len(forced) > _NAMED else [])
    because = (f"{FORCES}: {', '.join(named)}",) if named and replaces(step, plan) else ()
    return _heads(step, words, (*words.reasons, *because), plan, style)


def _heads(step: Step, words: Words, reasons: Iterable[str], plan: Plan, style: Style) -> list[str]:
    refused = [style.paint(f"  # ({refusal_text(note)})", "red") for note in plan.refusals(step.address)]
    head = _headline(clean(step.address), words, style)
    return [head, *refused, *(style.faint(f"  # ({reason})") for reason in reasons)]


def refusal_text(note: Note) -> str:
    """Which gate refuses a step, in a few words."""
    return f"refused by {clean(note.rule)}: {clean(note.figure)}, allowed: {clean(note.limit)}"


def _headline(address: str, words: Words, style: Style) -> str:
    verdict = words.verdict
    last = verdict.rpartition(" ")[2]
    if last in _RED_WORDS and words.symbol in ("-", "-/+"):
        verdict = verdict[: -len(last)] + style.paint(last, "bold", "red")
    return f"{style.bold(f'  # {address}')} {verdict}"


def _row_lines(rows: Iterable[Row], style: Style, indent: str = "      ") -> list[str]:
    ordered = sorted(rows, key=lambda row: row.name)
    width = max((len(row.name) for row in ordered), default=0)
    lines = []
    for row in ordered:
        mark = style.symbol(row.symbol) if row.symbol else " "
        tail = " " + style.paint(f"# {row.tail}", "red") if row.tail else ""
        head = f"{indent}{mark} {row.name:<{width}} = "
        if row.children:
            lines += [f"{head}{{", *_row_lines(row.children, style, indent + "    "), f"{indent}  }}{row.text}{tail}"]
        else:
            lines.append(f"{head}{row.text}{tail}")
    return lines


def _hidden_line(hidden: int, style: Style) -> list[str]:
    if not hidden:
        return []
    return ["        " + style.faint(f"# ({hidden} unchanged attribute{'s' * (hidden != 1)} hidden)")]


def _rows(step: Step, plan: Plan) -> tuple[list[Row], int]:
    """The rows of `step`, and how many attributes stay unseen because they stay as they are."""
    before, after = before_of(step, plan), after_of(step, plan) or {}
    match step:
        case Upload():
            return _replaced_file(step, plan, before, after) if replaces(step, plan) else _new(step, plan, after)
        case Train():
            return _changed(step, plan, before, after, FORCES) if replaces(step, plan) else _new(step, plan, after)
        case Adopt():
            return _changed(step, plan, before, after, "") if step.changes else _new(step, plan, after)
        case Await():
            rows = [Row(None, "job_id", quoted(step.job_id)), *_arriving(unknown_of(step, plan), before)]
            return rows, _unseen(after, rows)
        case Cancel():
            status = Row("~", "status", f'{value_text("", before.get("status", "running"))} -> "cancelled"')
            rows = [Row(None, "job_id", quoted(step.job_id)), status]
            return rows, _unseen(after, rows)
        case Forget():
            rows = [_row(None, name, before[name]) for name in ("id", "job_id") if name in before]
            return rows, _unseen(before, rows)
        case Take():
            held = {**before, "checkpoint": step.before} if step.before else before
            given = {} if step.model_id is None else {"id": step.model_id}
            return _repointed(step, plan, held, {"checkpoint": step.wish, **given})
        case Promote():
            return _new(step, plan, after) if step.former_id is None else _repointed(step, plan, before, after)
        case Delete():
            return [_row("-", name, value, " -> null") for name, value in before.items() if value is not None], 0
        case _:
            assert_never(step)


def _row(symbol: Symbol | None, name: str, value: Any, behind: str = "") -> Row:
    shown = clean(name, 80)
    if isinstance(value, Mapping) and value:
        children = tuple(_row(symbol, str(key), item, behind) for key, item in value.items())
        return Row(symbol, shown, behind, children=children)
    return Row(symbol, shown, value_text(name, value) + behind)


def _new(step: Step, plan: Plan, after: Mapping[str, Any]) -> tuple[list[Row], int]:
    return [
        *(_row("+", name, value) for name, value in after.items()),
        *_arriving(unknown_of(step, plan), {}),
    ], 0


def _arriving(unknown: Iterable[str], before: Mapping[str, Any]) -> list[Row]:
    """The rows of what is known after the apply only."""
    return [
        Row("~", name, f"{value_text(name, before[name])} -> {UNKNOWN}")
        if before.get(name) is not None
        else Row("+", name, UNKNOWN)
        for name in unknown
    ]


def _changed(
    step: Train | Adopt, plan: Plan, before: Mapping[str, Any], after: Mapping[str, Any], why: str
) -> tuple[list[Row], int]:
    rows = [_change(change, step, after, why) for change in step.changes]
    if rows and before.get("fingerprint") not in (None, after.get("fingerprint")):
        rows.append(_moved("fingerprint", before["fingerprint"], after.get("fingerprint")))
    rows += _arriving(unknown_of(step, plan), before)
    if isinstance(step, Adopt) and step.job_id:
        rows.append(_moved("job_id", before.get("job_id"), step.job_id))
    return rows, _unseen({name: after[name] for name in after if name in before or not before}, rows)


def _change(change: FieldChange, step: Train | Adopt, after: Mapping[str, Any], why: str) -> Row:
    # A dataset is compared by its content and a parent by its recipe: the name behind the hash belongs to the row.
    named = {
        "dataset": after.get("dataset"),
        "validation": after.get("validation"),
        "base_model": step.parent,
    }.get(change.path)
    if named is not None and change.path != "base_model":
        named = f"the content of dataset.{named}"
    if named is not None and named == f"the content of dataset.{change.after}":
        named = None
    row = _moved(change.path, change.before, change.after)
    tail = " ".join(part for part in (why, f"({clean(named)})" if named is not None else "") if part)
    return replace(row, tail=tail)


def _moved(name: str, before: Any, after: Any) -> Row:
    """One attribute on its way from `before` to `after`; None stands for absent."""
    if before is None:
        return _row("+", name, after)
    symbol: Symbol = "-" if after is None else "~"
    return Row(symbol, clean(name, 80), f"{value_text(name, before)} -> {value_text(name, after)}")


def _repointed(
    step: Promote | Take, plan: Plan, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[list[Row], int]:
    rows = _arriving(unknown_of(step, plan), before)
    rows += [_moved(name, before[name], after[name]) for name in after if before.get(name, after[name]) != after[name]]
    return rows, _unseen({name: after[name] for name in after if name in before}, rows)


def _replaced_file(
    step: Upload, plan: Plan, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[list[Row], int]:
    known = {**before, "content_sha256": before.get("content_sha256", step.replaces)}
    rows = _arriving(unknown_of(step, plan), before)
    for name, value in after.items():
        if name in known and known[name] != value:
            row = _moved(name, known[name], value)
            rows.append(replace(row, tail=FORCES if name == "content_sha256" else ""))
    return rows, _unseen({name: after[name] for name in after if name in known}, rows)


def _unseen(attributes: Mapping[str, Any], rows: Iterable[Row]) -> int:
    """How many of `attributes` have no row; a row for a part of a mapping stands for all of it."""
    seen = {row.name.partition(".")[0] for row in rows}
    return sum(1 for name in attributes if clean(name, 80) not in seen)
