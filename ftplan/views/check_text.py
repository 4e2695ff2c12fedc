"""One checked dataset file in a line or two."""

from __future__ import annotations

from collections.abc import Mapping

from ftplan.core.facts import DatasetFacts
from ftplan.views.style import Style, clean


def render_checked(
    path: str,
    facts: DatasetFacts | None,
    counts: tuple[int, int],
    copy: str | None,
    mended: Mapping[str, int],
    style: Style,
) -> str:
    """What was found in the file at `path`: `counts` are errors and warnings, `mended` by the names of the rules."""
    errors, warnings = counts
    lines = [f"{style.bold(clean(path, 400))}: {_figures(facts)}{_verdict(errors, warnings, style)}"]
    if copy is not None:
        told = ", ".join(f"{clean(name)} ({count:,})" for name, count in mended.items()) or "nothing had to be mended"
        lines.append(f"  written to {clean(copy, 400)}: {told}")
    return "\n".join(lines)


def _figures(facts: DatasetFacts | None) -> str:
    if facts is None:
        return ""
    tokens = "".join(f", {counted.total:,} tokens ({name})" for name, counted in facts.tokens.items())
    rows = "1 row" if facts.rows == 1 else f"{facts.rows:,} rows"
    return f"{rows} of the {facts.format} format{tokens}: "


def _verdict(errors: int, warnings: int, style: Style) -> str:
    if not errors and not warnings:
        return style.paint("no problems", "green")
    parts = [style.paint(_counted(errors, "error"), "red")] if errors else []
    parts += [style.paint(_counted(warnings, "warning"), "yellow")] if warnings else []
    return ", ".join(parts)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
