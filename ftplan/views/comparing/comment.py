"""A comparison as Markdown that fits a comment: figures first, then row by row as far as there is room."""

from __future__ import annotations

from collections.abc import Iterator

from ftplan.core.comparing.comparison import Comparison
from ftplan.views.comparing.words import FIGURES, asked_by, figures, lead, said_by, savings_lines, verdict_of, wanted_by
from ftplan.views.markdown.fit import size
from ftplan.views.markdown.spans import code_fence, code_span
from ftplan.views.markdown.spans import row as table_row
from ftplan.views.style import clean_lines

LINES, CHARACTERS = 40, 2_000
# Room for the line that says how many rows are left out.
_SPARE = 200


def render_comparison_markdown(found: Comparison, *, limit: int, folds: bool = True) -> str:
    """Markdown of at most `limit` bytes, ending in a newline. Without `folds` nothing is folded away in HTML."""
    head = "\n".join(_head(found))
    room, rows = limit - size(head) - _SPARE, list[str]()
    for number in range(len(found.rows)):
        text = "\n".join(_row(found, number, folds))
        room -= size(text) + 2
        if room < 0:
            break
        rows.append(text)
    left = len(found.rows) - len(rows)
    more = [f"_{left:,} more rows are left out here; `-json` and `-html` have them all._"] if left else []
    return "\n\n".join([head, *rows, *more]) + "\n"


def _head(found: Comparison) -> Iterator[str]:
    yield f"## ftplan compare: {code_span(found.dataset, 80)}"
    yield ""
    yield f"{lead(found)}."
    yield ""
    yield table_row("", *FIGURES)
    yield "|---|" + "--:|" * len(FIGURES)
    for side in found.sides:
        yield table_row(f"{code_span(side.label, 60)} {code_span(side.model_id, 80)}", *figures(found, side))
    if found.savings is not None:
        yield ""
        yield from (f"- {line}" for line in savings_lines(found.savings, rehearsal=found.rehearsal))


def _row(found: Comparison, number: int, folds: bool) -> Iterator[str]:
    row = found.rows[number]
    marks = " ".join(
        f"{code_span(side.label, 40)} {verdict_of(row, side.answers[number])}".strip() for side in found.sides
    )
    if folds:
        yield f"<details><summary>line {row.line:,}</summary>"
        yield ""
        yield marks
    else:
        yield f"### line {row.line:,}: {marks}"
    yield ""
    for role, text in asked_by(row):
        yield from _said(role, text)
    wanted = wanted_by(row)
    if wanted is not None:
        yield from _said("wanted", wanted)
    for side in found.sides:
        yield from _said(side.label, said_by(side.answers[number]))
    if folds:
        yield "</details>"


def _said(who: str, text: str) -> Iterator[str]:
    lines = clean_lines(text, CHARACTERS, LINES) or [""]
    fence = code_fence(lines)
    yield code_span(who, 40)
    yield ""
    yield f"{fence}text"
    yield from lines
    yield fence
    yield ""
