"""Models side by side on a terminal: what was asked and wanted, and below it a column for each answer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from ftplan.core.comparing.comparison import Comparison
from ftplan.core.comparing.questions import HeldOut
from ftplan.views.comparing.words import FIGURES, asked_by, figures, lead, said_by, savings_lines, verdict_of, wanted_by
from ftplan.views.style import Style, clean, clean_lines

LINES, CHARACTERS = 12, 1_000
NARROWEST = 30
LABEL = 10
_GAP = " │ "


def render_comparison(found: Comparison, style: Style, columns: int = 100) -> str:
    """The comparison for `columns` of a terminal, without a newline at its end."""
    lines = [style.bold(f"{clean(found.dataset)}: {lead(found)}"), "", *_table(found, style)]
    if found.savings is not None:
        lines += ["", *savings_lines(found.savings, rehearsal=found.rehearsal)]
    for number, row in enumerate(found.rows):
        lines += ["", *_row(found, number, row, style, columns)]
    return "\n".join(lines)


def _table(found: Comparison, style: Style) -> Iterator[str]:
    """The figures of every side, a line each."""
    names = [clean(side.label, 40) for side in found.sides]
    cells = [figures(found, side) for side in found.sides]
    widths = [max(len(head), *(len(row[at]) for row in cells)) for at, head in enumerate(FIGURES)]
    first = max(map(len, names))
    yield style.faint(
        "  ".join([" " * first, *(f"{head:>{width}}" for head, width in zip(FIGURES, widths, strict=True))])
    )
    for side, name, row in zip(found.sides, names, cells, strict=True):
        told = "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{style.bold(f'{name:<{first}}')}  {told}  {style.faint(clean(side.model_id, 80))}"


def _row(found: Comparison, number: int, row: HeldOut, style: Style, columns: int) -> Iterator[str]:
    yield style.faint(f"── line {row.line:,} " + "─" * max(0, columns - 10 - len(f"{row.line:,}")))
    for role, text in asked_by(row):
        yield from _labelled(role, text, style, columns)
    wanted = wanted_by(row)
    if wanted is not None:
        yield from _labelled("wanted", wanted, style, columns)
    answers = [side.answers[number] for side in found.sides]
    heads = [
        f"{verdict_of(row, answer)} {clean(side.label, 40)}".strip()
        for side, answer in zip(found.sides, answers, strict=True)
    ]
    width = (columns - len(_GAP) * (len(answers) - 1)) // len(answers)
    if width < NARROWEST:
        for head, answer in zip(heads, answers, strict=True):
            yield style.bold(head)
            yield from (f"  {line}" for line in _wrapped(said_by(answer), columns - 2))
        return
    yield _GAP.join(style.bold(f"{head[:width]:<{width}}") for head in heads).rstrip()
    told = [_wrapped(said_by(answer), width) for answer in answers]
    for cells in zip_longest(*told, fillvalue=""):
        yield _GAP.join(f"{cell:<{width}}" for cell in cells).rstrip()


def _labelled(label: str, text: str, style: Style, columns: int) -> Iterator[str]:
    for at, line in enumerate(_wrapped(text, columns - LABEL - 1)):
        head = style.paint(f"{clean(label, LABEL):<{LABEL}}", "cyan") if at == 0 else " " * LABEL
        yield f"{head} {line}".rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """The first lines of `text`, clean and no wider than `width`, and how much is left out."""
    shown = clean_lines(text, CHARACTERS, LINES) or [""]
    pieces = [
        piece
        for line in shown
        for piece in textwrap.wrap(line, max(width, 10), replace_whitespace=False, drop_whitespace=False) or [""]
    ]
    return pieces if len(pieces) <= LINES * 2 else [*pieces[: LINES * 2], "…"]
