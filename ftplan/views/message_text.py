"""Problems as boxes in Terraform's manner: what, where with an excerpt, why, what to do, a command to paste."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from ftplan.errors import Place, Problem
from ftplan.views.style import Look, Style, clean, clean_lines

WIDTH = 100
_COMMAND_LIMIT = 1000


def render_problems(problems: Iterable[Problem], style: Style, *, compact_warnings: bool = False) -> str:
    """All `problems`, ending in a newline; empty for none. Warnings first, so that errors stand next to the prompt."""
    known = list(problems)
    warnings = [problem for problem in known if problem.severity == "warning"]
    errors = [problem for problem in known if problem.severity == "error"]
    parts = [_compact(warnings, style)] if compact_warnings and warnings else [_box(w, style) for w in warnings]
    return "\n".join([*parts, *(_box(error, style) for error in errors), ""]) if known else ""


def _box(problem: Problem, style: Style) -> str:
    look: Look = "red" if problem.severity == "error" else "yellow"
    edge = style.paint("│", look)
    lines = [f"{edge} {line}".rstrip() for line in _content(problem, style, look)]
    return "\n".join([style.paint("╷", look), *lines, style.paint("╵", look)])


def _content(problem: Problem, style: Style, look: Look) -> list[str]:
    word = "Error: " if problem.severity == "error" else "Warning: "
    rule = f" {style.faint(f'[{clean(problem.rule)}]')}" if problem.rule else ""
    lines = [style.paint(word, "bold", look) + style.bold(clean(problem.summary)) + rule]
    if problem.place is not None:
        lines += ["", *_place(problem.place, problem.address, style)]
    elif problem.address:
        lines += ["", f"  with {clean(problem.address)},"]
    for text in filter(None, (problem.detail, problem.advice)):
        lines += ["", *_paragraphs(text)]
    if problem.command:
        # Never wrapped: it is there to be pasted.
        lines += ["", f"    {clean(problem.command, _COMMAND_LIMIT)}"]
    return lines


def _place(place: Place, address: str, style: Style) -> list[str]:
    """Where it is, written as editors and terminals can jump to, and the line itself."""
    about = f", in {clean(address)}" if address else ""
    lines = [f"  on {clean(place, 400)}{about}:"]
    if place.excerpt:
        number = f"{place.line}: " if place.line is not None else ""
        # The first line of an excerpt is the one that was meant.
        lines += [f"  {number}{style.paint(row, 'underline')}" for row in clean_lines(place.excerpt, 160)[:1]]
    return lines


def _paragraphs(text: str) -> list[str]:
    """`text` wrapped line by line; what is indented is left as it is."""
    lines: list[str] = []
    for line in clean_lines(text):
        lines += [line] if line.startswith(" ") or not line else _wrapped(line)
    return lines


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH - 2, break_long_words=False, break_on_hyphens=False)


def _compact(warnings: Sequence[Problem], style: Style) -> str:
    lines = [style.paint("Warnings:", "bold", "yellow"), ""]
    for warning in warnings:
        about = f" ({clean(warning.address)})" if warning.address else ""
        rule = f" [{clean(warning.rule)}]" if warning.rule else ""
        lines.append(f"- {clean(warning.summary)}{rule}{about}")
        if warning.place is not None:
            lines.append(f"  on {clean(warning.place, 400)}")
    return "\n".join([*lines, "", "To see the full warnings, run ftplan without -compact-warnings."])
