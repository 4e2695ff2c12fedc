"""A converted file in words: what it was taken for, what was made of it, and what was left behind."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ftplan.core.conversions import Converted, Shape
from ftplan.views.style import Style, clean

LISTED_NAMES = 12
_SHAPES: Mapping[Shape, str] = {
    "sharegpt": "ShareGPT conversations",
    "alpaca": "Alpaca instructions",
    "pairs": "prompts with completions",
    "preference": "preference pairs",
}


def render_conversion(done: Converted, source: str, out: str, style: Style) -> str:
    """What the user is told at the end; `source` and `out` are paths."""
    rows = "1 row" if done.rows == 1 else f"{done.rows:,} rows"
    lines = [
        f"{clean(source)} is {_container(done)} and holds {_SHAPES[done.shape]}.",
        "",
        f"  {style.bold(clean(out))}  {rows}",
    ]
    if done.dropped:
        more = len(done.dropped) - LISTED_NAMES
        names = ", ".join(clean(name, 60) for name in done.dropped[:LISTED_NAMES])
        lines += [
            "",
            f"Left behind, since rows have no place for it: {names}{f' and {more} more' if more > 0 else ''}.",
        ]
    return "\n".join([*lines, "", f"Look at some of them: ftplan dataset sample {clean(shlex.quote(out), 400)}"])


def conversion_document(done: Converted, source: str, out: str) -> dict[str, Any]:
    """The same as one JSON document."""
    return {
        "source": source,
        "container": done.container,
        **({"delimiter": done.delimiter} if done.delimiter else {}),
        "shape": done.shape,
        "out": out,
        "rows": done.rows,
        "skipped": done.broken,
        "left_behind": list(done.dropped),
    }


def _container(done: Converted) -> str:
    if not done.delimiter:
        return done.container
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    return f"{done.container} with {names.get(done.delimiter, 'delimiters')}"
