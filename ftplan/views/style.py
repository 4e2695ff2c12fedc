"""Text that is safe to show, and the colours it is shown in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Symbol = Literal["+", "~", "-/+", "-", "<=", "."]

# Controls, formats (bidi, zero width), surrogates, private and unassigned characters, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What a CI runner would obey: `::command` at the start of a line (GitHub; anywhere after a blank here, since text is
# wrapped), `##[`, `##vso[` and `##teamcity[` anywhere in one, and GitLab's section marks.
_COMMANDS = re.compile(r"(?<!\S):(?=:)|(?<=#)#(?=[A-Za-z]*\[)|(?<=section_start):|(?<=section_end):")
_CODES = {
    "bold": 1,
    "faint": 2,
    "underline": 4,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "cyan": 36,
    "blue": 34,
    "magenta": 35,
}
Look = Literal["bold", "faint", "underline", "red", "green", "yellow", "cyan", "blue", "magenta"]
_SYMBOLS: dict[Symbol, tuple[tuple[str, Look], ...]] = {
    "+": (("+", "green"),),
    "~": (("~", "yellow"),),
    "-/+": (("-", "red"), ("/", "bold"), ("+", "green")),
    "-": (("-", "red"),),
    "<=": (("<=", "cyan"),),
    ".": ((".", "red"),),
}
# Right-aligned as Terraform aligns them; its dot stands one column further left.
_INDENTS: dict[Symbol, str] = {"+": "  ", "~": "  ", "-/+": "", "-": "  ", "<=": " ", ".": " "}


def clean(text: object, limit: int = 200) -> str:
    """`text` on one line, with nothing a terminal or a CI runner would obey, at most `limit` characters long.

    What cannot be seen is shown as \\u{..}; what is cut ends in an ellipsis.
    """
    # Python 3.10 writes an enum made of strings by its name.
    plain = text.value if isinstance(text, Enum) else text
    # What is beyond the limit is not shown, so it is not looked through.
    raw = _COMMANDS.sub(lambda found: _escape(found.group()), str(plain)[: limit + 1])
    if raw.isascii() and raw.isprintable():
        return raw if len(raw) <= limit else raw[: limit - 1] + "…"
    shown: list[str] = []
    length = 0
    for character in raw:
        piece = _escape(character) if unicodedata.category(character) in _HIDDEN else character
        length += len(piece)
        if length > limit:
            return _cut(shown, limit)
        shown.append(piece)
    return "".join(shown)


def clean_lines(text: object, limit: int = 2000, lines: int = 60) -> list[str]:
    """`text` line by line, each one clean. Tabs become blanks; more than `lines` lines are cut with a notice."""
    rows = str(text).replace("\r\n", "\n").replace("\t", "    ").strip("\n").split("\n")
    shown = [clean(row.rstrip(" "), limit) for row in rows[:lines]]
    return shown if len(rows) <= lines else [*shown, f"... ({len(rows) - lines} more lines)"]


def quoted(text: object) -> str:
    """`text` clean and between double quotes."""
    return '"' + clean(text).replace('"', '\\"') + '"'


def _escape(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _cut(pieces: list[str], limit: int) -> str:
    """`pieces` and an ellipsis, within `limit`; no escape is cut in its middle."""
    length = sum(map(len, pieces))
    while pieces and length > limit - 1:
        length -= len(pieces.pop())
    return "".join(pieces) + "…"


@dataclass(frozen=True, slots=True)
class Style:
    """Colours on or off. With `colour` off, every method gives back what it was given."""

    colour: bool = False

    def paint(self, text: str, *looks: Look) -> str:
        if not self.colour or not text:
            return text
        codes = ";".join(str(_CODES[look]) for look in looks)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def bold(self, text: str) -> str:
        return self.paint(text, "bold")

    def faint(self, text: str) -> str:
        return self.paint(text, "faint")

    def symbol(self, symbol: Symbol) -> str:
        return "".join(self.paint(part, look) for part, look in _SYMBOLS[symbol])

    def margin(self, symbol: Symbol) -> str:
        """`symbol` in the three columns to the left of a block."""
        return _INDENTS[symbol] + self.symbol(symbol)
