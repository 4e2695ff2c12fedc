"""What a changed row said and says, side by side, with the words that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from ftplan.core.dataset_diff import RowChange, TextChange
from ftplan.views.diff_text import place_of
from ftplan.views.pages.markup import Html, element, foreign, joined
from ftplan.views.style import clean_lines

_LINES, _CHARACTERS = 40, 800
# Beyond that comparing word by word takes longer than it is worth: then all of it differs.
_WORDS = 400
_WORD = re.compile(r"\s+|\w+\s*|[^\s\w]\s*")
_SIGNS = {"added": "+", "removed": "-", "edited": "~"}
_TONES = {"added": "add", "removed": "destroy", "edited": "change"}


def render_texts(change: RowChange) -> Html:
    """One row with its texts."""
    # What it said before is not at hand where only hashes are remembered: all of it is what it says now.
    unheld = change.kind == "edited" and all(text.before is None for text in change.texts)
    lead = element("p", "What it said before is not kept; this is what it says now.", class_="note")
    sign = element("span", _SIGNS[change.kind], class_=f"chip {_TONES[change.kind]}")
    return element(
        "div",
        element("h4", sign, " ", place_of(change), f", {change.kind}"),
        lead if unheld else None,
        [_text(text, unheld) for text in change.texts],
        class_="row-texts",
    )


def _text(text: TextChange, unheld: bool) -> Html:
    before, after = (_said(side) for side in (text.before, text.after))
    sides: list[Html] = []
    if before is not None and after is not None:
        was, now = _compared(before, after)
        sides = [_side("Before", was), _side("After", now)]
    elif after is not None:
        sides = [_side("Now" if unheld else "Added", _pieces([(True, after)], "ins"))]
    elif before is not None:
        sides = [_side("Removed", _pieces([(True, before)], "del"))]
    where = element("p", foreign(text.where, 200), class_="where")
    return joined(where, element("div", sides, class_="sides"))


def _said(text: str | None) -> str | None:
    return None if text is None else "\n".join(clean_lines(text, _CHARACTERS, _LINES))


def _side(name: str, content: Html) -> Html:
    return element("div", element("p", name, class_="side"), element("p", content, class_="said"))


def _compared(before: str, after: str) -> tuple[Html, Html]:
    """Both sides with what only one of them has marked."""
    old, new = (_WORD.findall(text) for text in (before, after))
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    last = next((at for at in range(shorter - first) if old[-1 - at] != new[-1 - at]), shorter - first)
    was = [(True, "".join(old[:first]))]
    now = list(was)
    for same, left, right in _turns(old[first : len(old) - last], new[first : len(new) - last]):
        was.append((same, left))
        now.append((same, right))
    rest = (True, "".join(old[len(old) - last :]))
    return _pieces([*was, rest], "del"), _pieces([*now, rest], "ins")


def _turns(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    """Whether a part is the same on both sides, and what either says there."""
    if max(len(old), len(new)) > _WORDS:
        yield False, "".join(old), "".join(new)
        return
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield kind == "equal", "".join(old[i:j]), "".join(new[k:m])


def _pieces(pieces: Sequence[tuple[bool, str]], mark: str) -> Html:
    """The text line by line: what stays as it is, and the rest in elements that say so."""
    return element("bdi", joined(_marked(pieces, mark)))


def _marked(pieces: Sequence[tuple[bool, str]], mark: str) -> Iterator[Html]:
    for same, text in pieces:
        for number, line in enumerate(text.split("\n")):
            if number:
                yield Html("\n")
            if line:
                yield joined(line) if same else element(mark, line)
