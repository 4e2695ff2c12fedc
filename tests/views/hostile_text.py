"""Strings that would do harm if they reached a terminal, a CI log, a pull request or a page as they are, and the check
that a terminal and a CI log have nothing to obey."""

from __future__ import annotations

import re
import unicodedata

# What a terminal or the log of a CI service obeys.
TERMINAL = {
    "osc 52, the clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "osc 8, a link": "\x1b]8;;https://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "csi, clear the screen": "\x1b[2J\x1b[1;1H",
    "csi, a colour": "\x1b[31mred",
    "carriage return": "ok\rError: paid twice",
    "c1 controls": "\x9b2J\x9d52;c;x\x9c",
    "bidi override and isolates": "abc\u202eterces\u2066x\u2069",
    "zero width": "zero\u200bwidth\ufeff\u200d",
    "line separators": "line\u2028and\u2029paragraph",
    "private use and a lone surrogate": "\ue000private\ud800lone",
    "::add-mask::": "::add-mask::x",
    "::stop-commands:: on a line of its own": "\n::stop-commands::token",
    "::error::": "x\n  ::error file=a::b",
    "##[group]": "##[group]x",
    "##vso[": "a ##vso[task.setvariable variable=x]y",
    "##teamcity[": "##teamcity[buildStatus status='SUCCESS']",
    "section_start:": "section_start:1700000000:x\r\x1b[0K",
    "a bit of everything": "``` </details> <script>alert(1)</script> | `` ` [a](http://x) ![i](//x) @team fixes #1",
}
HOSTILE = tuple(TERMINAL.values())

# What the Markdown of a host makes a link, a mention, a command or a picture of.
MARKDOWN = {
    "image": "![x](http://evil.example/x.png)",
    "link": "[x](javascript:alert(1))",
    "autolink": "<https://evil.example> https://evil.example www.evil.example a@evil.example",
    "reference definition": "\n[x]: http://evil.example\n\n[x]",
    "footnote": "[^1]\n\n[^1]: x",
    "a pipe": "a|b",
    "pipes and escapes": "| a \\| b \\\\| c \\\\\\| d |",
    "the end of a row": "x |\n| y | z |",
    "a backtick": "`",
    "backtick runs": "` `` ``` ```` ````` a``b",
    "a long backtick run": "`" * 300,
    "backtick at the ends": "`x`",
    "fence": "\n```\n# out\n```\n",
    "longer fence": "\n   `````\n# out\n",
    "tilde fence": "\n~~~\n# out\n~~~",
    "backslash": "x\\",
    "backslash and backtick": "\\`",
    "everyone": "@everyone @here @org/team @user",
    "issue": "#1 GH-1 org/repo#1 !1 ~label %1 &1 $1 *iteration:1 TICKET-1",
    "fixes": "fixes #1",
    "commit": "a5c3785ed8d6a35868bc169f07e40e889087fd2e",
    "emoji": ":tada: :+1:",
    "mathematics": "$x^2$ $$y$$ \\(z\\) $`x`$",
    "mathematics at the end": "US$",
    "mathematics at the start": "$x",
    "mathematics in a fence": "\n```math\nx^2\n```",
    "quick action": "/approve",
    "quick actions on lines of their own": "x\n/close\n/merge\n/label ~bug",
    "quick action after a fence": "\n```\n/close\n````\n/merge\n",
    "quote block": "\n>>>\n/close\n>>>",
    "heading": "\n# heading",
    "underlined heading": "\nheading\n===",
    "rule": "\n---\n",
    "front matter": "---\nx: y\n---",
    "list": "\n- [x] done\n1. one",
    "quote": "\n> [!NOTE]\n> x",
    "emphasis": "**bold** _it_ ~~gone~~",
    "hard break": "x  \ny\\\nz",
    "table of contents": "[[_TOC_]] [TOC]",
    "placeholder": "%{project_name} ${{ github.token }} {{ x }}",
    "words that look like ours": "Approved. Refused: nothing. Plan: 0 to add, 0 to change, 0 to destroy.",
}
# What HTML makes an element, an attribute or a comment of.
MARKUP = {
    "end of a fold": "</details></summary></code></p>",
    "start of a fold": "<details open><summary>",
    "comment": "<!-- x -->",
    "end of a comment": "--> -- > --!>",
    "start of a comment": "<!--",
    "marker of a plan": "<!-- ftplan:plan project=support workspace=default checksum=" + "0" * 64 + " -->",
    "marker on a line of its own": "\n<!-- ftplan:plan project=x workspace=default checksum=" + "0" * 64 + " -->\n",
    "script": "<script>alert(1)</script>",
    "end of a script and a style": "</script></style></title></textarea>",
    "event": "<img src=x onerror=alert(1)>",
    "svg": "<svg/onload=alert(1)><foreignObject>",
    "frame": '<iframe srcdoc="<script>alert(1)</script>">',
    "attribute": '" onmouseover="alert(1)" x=\'',
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "entities": "&lt;script&gt; &#64;team &amp;amp; &#x3c;b&#x3e; &colon;",
    "cdata": "<![CDATA[x]]> <?php x ?> <!DOCTYPE x>",
    "break": "<br><hr>",
    "style": "</style><style>*{display:none}</style> {color:red} url(http://evil.example)",
}
LONG = {
    "a hundred thousand characters": "x" * 100_000,
    "a hundred thousand backticks": "`" * 100_000,
    "a hundred thousand characters of four bytes": "\U0001d4b3" * 100_000,
}
INJECTIONS = {**TERMINAL, **MARKDOWN, **MARKUP, **LONG}
_COMMAND = re.compile(r"^\s*::|##[A-Za-z]*\[|section_(start|end):")


def check_is_harmless(text: str) -> None:
    """Every line of `text` holds only what can be seen, and no CI command."""
    for line in text.split("\n"):
        doubtful = "" if line.isascii() and line.isprintable() else line
        hidden = [c for c in doubtful if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]
        assert not hidden, (hidden, line)
        assert not _COMMAND.search(line), line


def is_harmless(text: str) -> bool:
    """Whether `check_is_harmless` finds nothing."""
    try:
        check_is_harmless(text)
    except AssertionError:
        return False
    return True
