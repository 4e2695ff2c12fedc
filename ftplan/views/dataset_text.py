"""What a dataset looks like, for a terminal: figures, a table of who speaks, and how long the rows are as a picture."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ftplan.views.style import Style, clean

BARS = 12
WIDTH = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class DatasetFigures:
    """The figures to be shown. `lengths` are tokens a row; `by_role` maps who speaks to (messages, tokens); `longest`
    are rows as (tokens, line)."""

    path: str
    format: str
    encoding: str
    bytes: int
    rows: int
    tokens: int
    lengths: Sequence[int]
    percentiles: Mapping[int, int]
    by_role: Mapping[str, tuple[int, int]]
    turns: Mapping[int, int]
    tools: Mapping[str, int]
    longest: Sequence[tuple[int, int]]
    rows_with_tools: int = 0
    rows_with_images: int = 0


def render_figures(figures: DatasetFigures, style: Style) -> str:
    """All of it, ending in a newline."""
    size = f"{figures.bytes / 1e6:,.1f} MB" if figures.bytes >= 1e6 else f"{figures.bytes:,} bytes"
    head = (
        f"{style.bold(clean(figures.path, 400))}: {figures.rows:,} {clean(figures.format)} rows, {size}, "
        f"{figures.tokens:,} tokens ({clean(figures.encoding)})"
    )
    parts = [head, *_sections(figures, style)]
    return "\n\n".join(parts) + "\n"


def figures_document(figures: DatasetFigures) -> dict[str, Any]:
    """The same as one JSON document, without the length of every row."""
    return {
        "path": figures.path,
        "format": figures.format,
        "encoding": figures.encoding,
        "bytes": figures.bytes,
        "rows": figures.rows,
        "tokens": figures.tokens,
        "percentiles": figures.percentiles,
        "by_role": {role: {"messages": count, "tokens": said} for role, (count, said) in figures.by_role.items()},
        "turns": figures.turns,
        "tools": figures.tools,
        "rows_with_tools": figures.rows_with_tools,
        "rows_with_images": figures.rows_with_images,
        "longest": [{"line": line, "tokens": tokens} for tokens, line in figures.longest],
    }


def _sections(figures: DatasetFigures, style: Style) -> list[str]:
    if not figures.rows:
        return []
    said = "  ".join(f"{_ordinal(percent)} {length:,}" for percent, length in figures.percentiles.items())
    told = [
        f"{style.bold('Tokens a row')}\n  {said}\n{histogram(figures.lengths)}",
        f"{style.bold('Tokens by role')}\n{_roles(figures)}",
        f"{style.bold('Messages a row')}\n  {_counted(figures.turns)}",
    ]
    if figures.tools:
        told.append(f"{style.bold('Tools called')}\n  {_counted(figures.tools)}")
    if figures.rows_with_images:
        told.append(f"{style.bold('Rows with images')}\n  {figures.rows_with_images:,}")
    rows = ", ".join(f"line {line} ({tokens:,})" for tokens, line in figures.longest)
    return [*told, f"{style.bold('Longest rows')}\n  {rows}"]


def histogram(lengths: Sequence[int]) -> str:
    """How many of `lengths` fall into each of some equal spans, as bars; one line a span. A few that are far longer
    than all others share the last bar, so that the others can still be told apart."""
    ranked = sorted(lengths)
    most_end = ranked[-(-len(ranked) * 99 // 100) - 1]
    far = ranked[-1] > 2 * most_end
    spans = _spans(ranked[0], most_end if far else ranked[-1], BARS - far)
    spans += [(most_end + 1, ranked[-1])] if far else []
    counts = [bisect_right(ranked, last) - bisect_left(ranked, first) for first, last in spans]
    names = [f"{first:,}-{last:,}" for first, last in spans]
    width, most = max(map(len, names)), max(counts)
    rows = zip(names, counts, strict=True)
    return "\n".join(f"  {name:>{width}}  {_bar(count, most)} {count:,}" for name, count in rows)


def _spans(low: int, high: int, wanted: int) -> list[tuple[int, int]]:
    """`low` to `high` in up to `wanted` spans of about one size."""
    count = min(wanted, high - low + 1)
    edges = [low + (high - low + 1) * number // count for number in range(count + 1)]
    return [(first, following - 1) for first, following in pairwise(edges)]


def _bar(count: int, most: int) -> str:
    eighths = -(-count * WIDTH * 8 // most)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _roles(figures: DatasetFigures) -> str:
    names = {role: clean(role, 40) for role in figures.by_role}
    width = max(map(len, names.values()))
    ordered = sorted(figures.by_role.items(), key=lambda item: -item[1][1])
    lines = []
    for role, (messages, tokens) in ordered:
        share = 100 * tokens / max(1, figures.tokens)
        count = f"{messages:>10,} messages" if messages else " " * 19
        lines.append(f"  {names[role]:<{width}} {count} {tokens:>14,} tokens {share:>5.1f} %")
    return "\n".join(lines)


def _counted(counts: Mapping[str, int] | Mapping[int, int], limit: int = 20) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    shown = [f"{clean(key, 64)}: {count:,}" for key, count in ordered[:limit]]
    return ", ".join([*shown, *([f"and {len(ordered) - limit} more"] if len(ordered) > limit else [])])


def _ordinal(percent: int) -> str:
    return {0: "shortest", 50: "median", 100: "longest"}.get(percent, f"{percent}%")
