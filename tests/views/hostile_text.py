"""Strings that would do harm if they reached a terminal or a CI log as they are, and the check for it."""

from __future__ import annotations

import re
import unicodedata

HOSTILE = (
    "\x1b]52;c;cm0gLXJmIH4=\x07",
    "\x1b]8;;https://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[1;1H",
    "\x1b[31mred",
    "ok\rError: paid twice",
    "\x9b2J\x9d52;c;x\x9c",
    "abc\u202eterces\u2066x\u2069",
    "zero\u200bwidth\ufeff\u200d",
    "line\u2028and\u2029paragraph",
    "\ue000private\ud800lone",
    "::add-mask::x",
    "\n::stop-commands::token",
    "x\n  ::error file=a::b",
    "##[group]x",
    "a ##vso[task.setvariable variable=x]y",
    "##teamcity[buildStatus status='SUCCESS']",
    "section_start:1700000000:x\r\x1b[0K",
    "``` </details> <script>alert(1)</script> | `` ` [a](http://x) ![i](http://x) @team fixes #1",
)
_COMMAND = re.compile(r"^\s*::|##[A-Za-z]*\[|section_(start|end):")


def check_is_harmless(text: str) -> None:
    """Every line of `text` holds only what can be seen, and no CI command."""
    for line in text.split("\n"):
        hidden = [c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]
        assert not hidden, (hidden, line)
        assert not _COMMAND.search(line), line
