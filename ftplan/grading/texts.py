"""Graders of what was said: the same text, nearly the same text, the same number. rapidfuzz's door."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ftplan.core.comparing.comparison import answer_text, calls_agree
from ftplan.core.comparing.questions import Answer, HeldOut
from ftplan.grading.grade import AsksNobody, Grade, passed, wanted_text

NOTHING_WANTED = "the row gives no answer to hold it against"
OTHER_CALLS = "it calls other tools than were wanted"
_NUMBER = re.compile(
    r"(?:(?<![\w.])[-+\u2212])?\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|(?:(?<![\w.])[-+\u2212])?\.\d+"
)
_SIGN = re.compile(r"(?<![\w.])[-\u2212](?=\.?\d)")
# No number that anybody wants has more digits.
LONGEST_NUMBER = 60


@dataclass(frozen=True, slots=True)
class Exact(AsksNobody):
    """1 where the answer is what was wanted, its calls of tools too, blanks at the ends aside; `normalise` sees through
    case, blanks, punctuation and the ways Unicode has to write one thing."""

    normalise: bool = False

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        wanted = wanted_text(row)
        if wanted is None:
            return Grade(0.0, NOTHING_WANTED)
        if not calls_agree(row, answer):
            return Grade(0.0, OTHER_CALLS)
        form = normalised if self.normalise else str.strip
        return passed(form(answer_text(answer)) == form(wanted), "it is not what was wanted")


@dataclass(frozen=True, slots=True)
class Numeric(AsksNobody):
    """1 where the last number of the answer is that of what was wanted, give or take `tolerance`, or the share
    `relative` of what was wanted."""

    tolerance: float = 0.0
    relative: float = 0.0

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        wanted, found = last_number(wanted_text(row) or ""), last_number(answer_text(answer))
        if wanted is None:
            return Grade(0.0, NOTHING_WANTED)
        if found is None:
            return Grade(0.0, f"it holds no number; {wanted} was wanted")
        allowed = max(Decimal(str(self.tolerance)), Decimal(str(self.relative)) * abs(wanted))
        return passed(abs(found - wanted) <= allowed, f"{found} is not {wanted}")


@dataclass(frozen=True, slots=True)
class Similarity(AsksNobody):
    """How alike the answer is to what was wanted; with `at_least`, 1 from there on and 0 below."""

    measure: str = "characters"
    at_least: float | None = None

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        wanted = wanted_text(row)
        if wanted is None:
            return Grade(0.0, NOTHING_WANTED)
        if not calls_agree(row, answer):
            return Grade(0.0, OTHER_CALLS)
        likeness = _measure(self.measure)(answer_text(answer), wanted) / 100
        told = f"alike by {likeness:.2f}"
        return Grade(likeness, told) if self.at_least is None else passed(likeness >= self.at_least, told)


def normalised(text: str) -> str:
    """`text` without case, punctuation and extra blanks, in one spelling of each character."""
    # A sign before a number is no punctuation.
    folded = _SIGN.sub("minus ", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(" " if unicodedata.category(char)[0] in "PZC" else char for char in folded)
    return " ".join(plain.split())


def last_number(text: str) -> Decimal | None:
    """The last number in `text`, thousands with commas; None where it holds none."""
    found = [match.group() for match in _NUMBER.finditer(text) if len(match.group()) <= LONGEST_NUMBER]
    try:
        return Decimal(found[-1].replace(",", "").replace("\u2212", "-")) if found else None
    except InvalidOperation:
        return None


def _measure(name: str) -> Callable[[str, str], Any]:
    # 15 ms to import; only an evaluation pays it.
    from rapidfuzz import fuzz

    return {"characters": fuzz.ratio, "words": fuzz.token_sort_ratio, "shared_words": fuzz.token_set_ratio}[name]
