"""Models whose base ends before long, as a person and as a program reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftplan.core.gates.aging import Aging, Successor
from ftplan.core.money.cost import rate
from ftplan.views.json_text import plain
from ftplan.views.plan_money import days_text, dollars
from ftplan.views.style import Style, clean

SHOWN = 5


def render_aging(found: Sequence[Aging], checked: int, days: int, style: Style) -> str:
    """Every model that ends within `days`, soonest first, with the bases that can take over; ends in a newline."""
    if not checked:
        return "No model is managed yet, so none can end.\n"
    if not found:
        models = "1 live model" if checked == 1 else f"{checked:,} live models"
        return f"None of {models} is known to end within {days_text(days)}.\n"
    ends = "ends with its base" if len(found) == 1 else "end with their base"
    lines = [style.bold(f"{len(found):,} of {checked:,} live models {ends} within {days_text(days)}:")]
    for one in found:
        lines += ["", style.bold(f"  {clean(one.address)}  {clean(one.model_id)}".rstrip()), *_life(one), *_ways(one)]
    return "\n".join([*lines, ""])


def aging_document(found: Sequence[Aging], checked: int, days: int) -> dict[str, Any]:
    """The same for programs: amounts in USD, null for what is not known."""
    return {"days": days, "checked": checked, "ending": [_plain(one) for one in found]}


def _plain(one: Aging) -> dict[str, Any]:
    names = ("provider", "model_id", "base_model", "shutdown", "days", "told_by", "jobs_end", "days_to_train", "method")
    known = {name: plain(getattr(one, name)) for name in ("address", *names, "tokens", "rehearsal")}
    return {**known, "successors": [_plain_successor(successor) for successor in one.successors]}


def _plain_successor(one: Successor) -> dict[str, Any]:
    names = ("type", "title", "base_model", "cost", "exact", "until", "input_per_million", "output_per_million")
    return {name: plain(getattr(one, name)) for name in (*names, "hosting_per_hour", "as_of", "built_in")}


def _life(one: Aging) -> list[str]:
    base = f"its base {clean(one.base_model)} ({clean(one.title)})"
    when = f"is switched off on {one.shutdown}, in {days_text(one.days)}"
    if one.days <= 0:
        when = f"was switched off on {one.shutdown}"
    lines = [f"    {base} {when}, says the {clean(one.told_by)}"]
    if one.jobs_end is not None and one.days_to_train is not None:
        open_yet = one.days_to_train > 0
        taken = f"until {one.jobs_end}, {days_text(one.days_to_train)} from now" if open_yet else "no more"
        lines.append(f"    new jobs on it are taken {taken}")
    return [*lines, *(["    a rehearsal: nothing real depends on it"] if one.rehearsal else [])]


def _ways(one: Aging) -> list[str]:
    if not one.successors:
        return ["    no known base takes its method and stays on for longer"]
    counted = "" if one.tokens is None else f" with the same {one.tokens:,} training tokens"
    rows = [_row(successor) for successor in one.successors[:SHOWN]]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"    could be trained anew{counted} on:"]
    for row in rows:
        cells = "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=False))
        lines.append(f"      {cells}  {'; '.join(row[3:])}".rstrip())
    more = len(one.successors) - SHOWN
    return [*lines, f"      and {more} more, which -json lists"] if more > 0 else lines


def _row(one: Successor) -> tuple[str, ...]:
    cost = "price unknown" if one.cost is None else f"{'' if one.exact else 'about '}{dollars(one.cost)}"
    notes = [f"until {one.until}" if one.until else "no end announced"]
    if one.input_per_million is not None and one.output_per_million is not None:
        notes.append(f"{rate(one.input_per_million)} in, {rate(one.output_per_million)} out per million tokens")
    if one.hosting_per_hour is not None:
        notes.append(f"{rate(one.hosting_per_hour)} an hour to host")
    notes += [] if one.built_in else ["ftplan cannot train there yet"]
    return (clean(one.title), clean(one.base_model), cost, *notes)
