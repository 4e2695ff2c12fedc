"""`ftplan fmt`: one layout for a configuration. Only white space moves, so comments stay and no meaning can change.

Two spaces a level, items of a list one level in, one space behind `:` and `-`, no white space at line ends, at most one
empty line in a row. Texts over several lines keep their inner layout, and so do lists and mappings in brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ftplan.config.characters import clean_text
from ftplan.config.compose import parse_tree
from ftplan.config.layout import Layout, read_layout
from ftplan.errors import ConfigError, Place, Problem

DEFAULT_FILE = "ftplan.yaml"


def format_text(text: str, file: str = DEFAULT_FILE) -> str:
    """`text` in the canonical layout; unchanged where that could not be done with the same meaning.

    Formatting the outcome gives the outcome. Raises ConfigError where `text` is no YAML that ftplan reads, or is
    indented with tabs.
    """
    meaning = _meaning(text, file)
    text, _ = clean_text(text, file)
    formatted = _formatted(text, file)
    try:
        same = _meaning(formatted, file) == meaning and _solid(formatted) == _solid(text)
        return formatted if same and _formatted(formatted, file) == formatted else text
    except ConfigError:
        return text


def _meaning(text: str, file: str) -> str:
    tree, problems = parse_tree(text, file)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError(errors)
    return json.dumps(tree.value if tree else None)


def _solid(text: str) -> str:
    """All that is no white space: comments are in it, which a parser does not see."""
    return "".join(text.split())


def _formatted(text: str, file: str) -> str:
    layout = read_layout(text, file)
    lines = text.removesuffix("\n").split("\n")
    _refuse_tabs(lines, layout, file)
    sheet = _Sheet(lines, layout)
    written: list[str] = []
    for number in range(1, len(lines) + 1):
        line = sheet.line(number)
        is_extra = not line and (not written or not written[-1])
        if not is_extra or number in layout.verbatim:
            written.append(line)
    while written and not written[-1] and len(lines) not in layout.verbatim:
        written.pop()
    return "\n".join(written) + "\n" if written else ""


def _refuse_tabs(lines: list[str], layout: Layout, file: str) -> None:
    problems = [
        Problem(
            "Tab in the indentation",
            "YAML is indented with spaces.",
            Place(file, number, line.index("\t") + 1, line.replace("\t", "→")[:160]),
            advice="Replace the tab by spaces.",
        )
        for number, line in enumerate(lines, 1)
        if line.strip() and number not in layout.shift and "\t" in line[: len(line) - len(line.lstrip())]
    ]
    if problems:
        raise ConfigError(problems[:20])


@dataclass(slots=True)
class _Sheet:
    """The lines of a file, each as it will be written."""

    lines: list[str]
    layout: Layout
    _columns: dict[int, int] = field(default_factory=dict)  # of the last line: old indentation to new

    def line(self, number: int) -> str:
        line = self.lines[number - 1]
        indent = len(line) - len(line.lstrip(" "))
        if number in self.layout.shift:
            line = self._shifted(line, self.layout.shift[number])
            return line if number in self.layout.verbatim else line.rstrip()
        if not line.strip():
            return ""
        if line[indent] == "#":
            return " " * self._comment_indent(number, indent) + line.strip()
        new = self.layout.starts.get((number, indent))
        if new is None:
            return line.rstrip()
        body = self._spaced(number, line)[indent:]
        return " " * new + (body if number in self.layout.open_ended else body.rstrip())

    def _shifted(self, line: str, by: int) -> str:
        if by >= 0:
            return " " * by + line if line.strip() else line
        blank = len(line) - len(line.lstrip(" "))
        return line[min(-by, blank) :]

    def _spaced(self, number: int, line: str) -> str:
        """`line` with one space in each gap behind a key or a dash; from the right, so that columns hold."""
        for start, stop, text in sorted(self.layout.gaps.get(number, ()), reverse=True):
            if re.fullmatch(r"[ \t]*:[ \t]+|[ \t]+", line[start:stop]):
                line = line[:start] + text + line[stop:]
        return line

    def _comment_indent(self, number: int, indent: int) -> int:
        """As the content it goes with: what follows, else what stands before in the same column."""
        ahead = next(self._content(range(number + 1, len(self.lines) + 1)), None)
        behind = next(self._content(range(number - 1, 0, -1)), None)
        for found in (ahead, behind):
            columns = self.layout.columns.get(found, {}) if found else {}
            if indent in columns:
                return columns[indent]
        if ahead is None:
            return 0 if indent == 0 else indent - indent % 2
        first = len(self.lines[ahead - 1]) - len(self.lines[ahead - 1].lstrip(" "))
        return self.layout.starts.get((ahead, first), first)

    def _content(self, numbers: range) -> Iterator[int]:
        """Those of `numbers` whose line begins something: no comment, not empty, not inside of a longer text."""
        for number in numbers:
            text = self.lines[number - 1].strip()
            if text and not text.startswith("#") and number not in self.layout.shift:
                yield number
