"""Rows of a dataset as a transcript. Rows are private: without `show` nothing they say is repeated, only who speaks
and how much. Everything passes `clean`, so that no row can do anything to a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.samples import Sample, SampledRow, Turn
from ftplan.views.style import Style, clean, clean_lines

WIDTH = 100
TEXT_LINES = 12
LINE_CHARACTERS = 600
ROLE_CHARACTERS = 20
OTHER_CHARACTERS = 200


def render_sample(sample: Sample, path: str, style: Style, *, show: bool) -> str:
    """The rows as a person reads them."""
    lines = [f"{_count(len(sample.rows), 'row')} of {sample.of:,} in {clean(path)}"]
    for row in sample.rows:
        lines += ["", *_row(row, style, show)]
    if sample.rows and not show:
        lines += ["", style.faint("Texts are shown with -show.")]
    return "\n".join(lines)


def sample_document(sample: Sample, path: str, seed: int, *, show: bool) -> dict[str, Any]:
    """The same as one JSON document; with `show` each row as a whole."""
    rows = [_row_document(row) | ({"row": row.row} if show else {}) for row in sample.rows]
    return {"path": path, "seed": seed, "rows": sample.of, "broken_lines": sample.broken, "sample": rows}


def _row(row: SampledRow, style: Style, show: bool) -> Iterator[str]:
    tokens = _tokens(row)
    said = [f"line {row.line:,}", row.format or "no known format"]
    said += [_count(len(row.turns), "message")] if row.turns else []
    said += [_count(row.tools, "tool")] if row.tools else []
    said += [_count(tokens, "token")] if tokens is not None else []
    yield style.bold(", ".join(said))
    for turn in row.turns:
        yield from _turn(turn, style, show)
    for key, value in row.other.items():
        told = clean(json.dumps(value, ensure_ascii=False), OTHER_CHARACTERS) if show else _kind(value)
        yield f"  {clean(key, 60)}: {told}"


def _turn(turn: Turn, style: Style, show: bool) -> Iterator[str]:
    speaker = clean(f"{turn.part} {turn.role}".strip(), ROLE_CHARACTERS)
    told = [_count(len(turn.text), "character")]
    told += [_count(turn.tokens, "token")] if turn.tokens is not None else []
    told += [_count(turn.images, "image")] if turn.images else []
    told += [_count(len(turn.calls), "tool call")] if turn.calls else []
    yield f"  {style.paint(f'{speaker:<{ROLE_CHARACTERS}}', 'cyan')}  {style.faint(', '.join(told))}"
    if not show:
        return
    for line in clean_lines(turn.text, LINE_CHARACTERS, TEXT_LINES) if turn.text else ():
        wrapped = textwrap.wrap(line, WIDTH - 6, replace_whitespace=False, drop_whitespace=False)
        yield from (f"      {piece}".rstrip() for piece in wrapped or [""])
    for name, arguments in turn.calls:
        yield f"      {style.faint('calls')} {clean(name, 64)}({clean(arguments, OTHER_CHARACTERS)})"


def _row_document(row: SampledRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "format": row.format,
        "tokens": _tokens(row),
        "tools": row.tools,
        "messages": [
            {
                **({"part": turn.part} if turn.part else {}),
                "role": turn.role,
                "characters": len(turn.text),
                "tokens": turn.tokens,
                "images": turn.images,
                "tool_calls": len(turn.calls),
            }
            for turn in row.turns
        ],
    }


def _tokens(row: SampledRow) -> int | None:
    """The tokens of all that is said, without what frames it."""
    counts = [turn.tokens for turn in row.turns if turn.tokens is not None]
    return sum(counts) if counts else None


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return _count(len(value), "character")
    if isinstance(value, Mapping):
        return f"an object of {_count(len(value), 'key')}"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    return "null" if value is None else "true or false" if isinstance(value, bool) else "a number"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
