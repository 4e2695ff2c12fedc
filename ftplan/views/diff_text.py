"""What changed in a dataset, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftplan.core.dataset_diff import DatasetDiff, DiffSide, RowChange, TextChange
from ftplan.views.diff_words import changed_rows
from ftplan.views.style import Look, Style, clean, clean_lines

_SIGNS: Mapping[str, tuple[str, Look]] = {"added": ("+", "green"), "removed": ("-", "red"), "edited": ("~", "yellow")}
_NAMED_TOOLS = 8
_TEXT_LINES = 8
_ABSENT = "–"


def diff_line(diff: DatasetDiff, name: str) -> str:
    """All of it on one line."""
    tokens = _arrow(diff.before.tokens if diff.before else None, diff.after.tokens, "tokens")
    return f"{clean(name)}: {changed_rows(diff)} rows{f' ({tokens})' if tokens else ''}"


def render_diff(diff: DatasetDiff, name: str, style: Style) -> str:
    """The whole diff, ending in a newline: what it comes to, and the first changed rows."""
    head = f"{style.bold(clean(name))}: {changed_rows(diff)} rows"
    parts = [[head, *_moved(diff)], list(_figures(diff, style)), list(_tools(diff, style)), list(_rows(diff, style))]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def render_short_diff(diff: DatasetDiff, name: str, style: Style) -> str:
    """What a plan says of it: one line, what deserves a warning, and the rows whose texts were asked for."""
    lines = [diff_line(diff, name), *(f"  {style.paint(told, 'yellow')}" for told in alarms(diff))]
    rows = [row for row in diff.rows if row.texts]
    return "\n".join([*lines, *(line for row in rows for line in _row(row, style))])


def alarms(diff: DatasetDiff) -> Iterator[str]:
    """What got worse, in words."""
    for said, name in (
        ("rows stand in it more than once", "duplicates"),
        ("rows are both trained on and validated with", "shared"),
        (f"rows are over {diff.limit or 0:,} tokens", "over_limit"),
    ):
        was, now = getattr(diff.before, name, None), getattr(diff.after, name)
        if now and now > (was or 0):
            one = said.replace("rows stand", "row stands").replace("rows are", "row is") if now == 1 else said
            yield f"{now:,} {one}" + (f"; {was:,} before" if was else "")
    changed = changed_tools(diff.before, diff.after) if diff.before else ()
    if changed:
        yield f"tools changed: {', '.join(_tool_words(changed))}"


def changed_tools(before: DiffSide, after: DiffSide) -> tuple[tuple[str, str], ...]:
    """The tools that differ, each with its sign: + new, - gone, ~ defined otherwise."""
    found = []
    for name in sorted({*before.tools, *after.tools}):
        was, now = before.tools.get(name), after.tools.get(name)
        if was != now:
            found.append(("+" if was is None else "-" if now is None else "~", name))
    return tuple(found)


def _moved(diff: DatasetDiff) -> list[str]:
    if diff.before is None:
        return ["What the rows were before is not remembered: nothing to hold them against."]
    moved = f", {diff.moved:,} of them in another order" if diff.moved else ""
    return [f"{diff.unchanged:,} unchanged{moved}"]


def _figures(diff: DatasetDiff, style: Style) -> Iterator[str]:
    """A table of what can be counted, before and now."""
    told = [(name, _number(was), _number(now)) for name, was, now in figures(diff)]
    widths = [max(len(row[column]) for row in [*told, ("", "before", "now")]) for column in range(3)]
    yield style.faint(f"  {'':<{widths[0]}}  {'before':>{widths[1]}}  {'now':>{widths[2]}}")
    for name, before, now in told:
        line = f"  {name:<{widths[0]}}  {before:>{widths[1]}}  {now:>{widths[2]}}"
        yield line if before in (now, _ABSENT) else style.bold(line)


def figures(diff: DatasetDiff) -> list[tuple[str, int | None, int | None]]:
    """What can be counted of both sides, each with its name, before and now; what neither side knows is left out."""
    limit = f"over {diff.limit:,} tokens" if diff.limit is not None else "over the limit"
    names = {
        "rows": "rows",
        f"tokens ({clean(diff.encoding)})": "tokens",
        "longest row": "longest",
        limit: "over_limit",
        "standing more than once": "duplicates",
        "trained on and validated with": "shared",
    }
    told: list[tuple[str, int | None, int | None]] = [
        (said, getattr(diff.before, name, None), getattr(diff.after, name)) for said, name in names.items()
    ]
    for role in sorted({*(diff.before.roles if diff.before else ()), *diff.after.roles}):
        before = diff.before.roles.get(role, 0) if diff.before else None
        told.append((f"messages of {clean(role, 40)}", before, diff.after.roles.get(role, 0)))
    return [(name, before, now) for name, before, now in told if (before, now) != (None, None)]


def _tools(diff: DatasetDiff, style: Style) -> Iterator[str]:
    for sign, name in changed_tools(diff.before, diff.after) if diff.before else ():
        what = {"+": "is offered or called now", "-": "is gone", "~": "is defined otherwise now"}[sign]
        yield f"  {sign} tool {clean(name, 64)} {what}"


def _tool_words(changed: tuple[tuple[str, str], ...]) -> list[str]:
    told = [f"{sign} {clean(name, 64)}" for sign, name in changed[:_NAMED_TOOLS]]
    return told if len(changed) <= _NAMED_TOOLS else [*told, f"{len(changed) - _NAMED_TOOLS:,} more"]


def _rows(diff: DatasetDiff, style: Style) -> Iterator[str]:
    for row in diff.rows:
        yield from _row(row, style)
    if diff.before is not None and diff.changed > len(diff.rows):
        yield f"  and {diff.changed - len(diff.rows):,} more changed rows"


def _row(row: RowChange, style: Style) -> Iterator[str]:
    sign, look = _SIGNS[row.kind]
    tokens = _arrow(row.old_tokens, row.new_tokens, "tokens")
    yield f"  {style.paint(sign, look)} {place_of(row)}{f'  {tokens}' if tokens else ''}"
    # What it said before is not at hand where only hashes are remembered: all of it is what it says now.
    unheld = row.kind == "edited" and all(text.before is None for text in row.texts)
    for text in row.texts:
        yield from _text(text, style, unheld)


def place_of(row: RowChange) -> str:
    """Where a changed row stands, or stood."""
    if row.new_line is None:
        return f"line {row.old_line:,} before"
    was = f" (was {row.old_line:,})" if row.old_line not in (None, row.new_line) else ""
    return f"line {row.new_line:,}{was}"


def _text(text: TextChange, style: Style, unheld: bool) -> Iterator[str]:
    yield f"      {clean(text.where)}{' now' if unheld else ''}"
    sides: tuple[tuple[str, Look, str | None], ...] = (("-", "red", text.before), ("+", "green", text.after))
    for sign, look, said in sides:
        for line in clean_lines(said, 400, _TEXT_LINES) if said is not None else ():
            yield f"          {line}" if unheld else style.paint(f"        {sign} {line}", look)


def _arrow(was: int | None, now: int | None, what: str) -> str:
    if was is not None and now is not None:
        return f"{was:,} -> {now:,} {what}" if was != now else f"{now:,} {what}"
    return f"{was if now is None else now:,} {what}" if (was, now) != (None, None) else ""


def _number(value: int | None) -> str:
    return _ABSENT if value is None else f"{value:,}"
