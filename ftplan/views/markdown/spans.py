"""Foreign text in Markdown: in a code span, a fence or an element that it cannot leave, and that no host reads."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from ftplan.views.style import clean

_BACKTICKS = re.compile(r"`+")
# A constant of ours, as notes begin with; anything else that stands in its place is foreign.
_WORDS = re.compile(r"[A-Z][a-z']*(?: [A-Za-z'-]+){0,8}")
_DAY = re.compile(r"\d{4}-\d{2}(?:-\d{2})?", re.ASCII)
# cmark reads `\\|` in a table as a backslash and the end of the cell, markdown-it as a pipe: neither gets to see it.
_DOUBTFUL_PIPE = re.compile(r"(?<=\\)\|")


def code_span(text: object, limit: int = 400) -> str:
    """`text` clean, as code: its fence is longer than any run of backticks in it."""
    shown = clean(text, limit).strip() or " "
    fence = "`" * (_longest_run(shown) + 1)
    # GitHub and GitLab read mathematics from a dollar and a backtick on.
    pad = " " if shown.startswith("`") or shown.endswith(("`", "$")) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_spans(texts: Iterable[object], most: int, limit: int = 60) -> str:
    """The first `most` of `texts` as code, and how many more there are."""
    known = [code_span(text, limit) for text in texts]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def code_fence(lines: Iterable[str]) -> str:
    """What opens and closes a block of `lines` that none of them can close."""
    return "`" * max(3, *(_longest_run(line) + 1 for line in lines))


def code_element(text: object, limit: int = 80) -> str:
    """`text` clean, as an HTML element: where Markdown is not read, and names nobody."""
    return f"<code>{html.escape(clean(text, limit).strip())}</code>"


def cell(markdown: str) -> str:
    """`markdown` so that no pipe in it ends the cell of a table."""
    return _DOUBTFUL_PIPE.sub(r"\\u{7c}", markdown).replace("|", "\\|")


def row(*cells: str) -> str:
    """One line of a table."""
    return f"| {' | '.join(map(cell, cells))} |"


def words(text: str, limit: int = 60) -> str:
    """`text` as it is where it is nothing but a few words, else as code."""
    return text if len(text) <= limit and _WORDS.fullmatch(text) else code_span(text, limit)


def day(text: str) -> str:
    """`text` as it is where it is a day or a month, else as code."""
    return text if _DAY.fullmatch(text) else code_span(text, 40)


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
