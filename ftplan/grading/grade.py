"""What every grader gives and takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ftplan.core.comparing.comparison import message_text
from ftplan.core.comparing.questions import Answer, HeldOut, Question


@dataclass(frozen=True, slots=True)
class Grade:
    """A score from 0 to 1, and why in a few words."""

    score: float
    why: str = ""


class Grader(Protocol):
    """How one answer is graded."""

    def asks(self, row: HeldOut, answer: Answer) -> Question | None:
        """What another model is to be asked first; None where nobody is."""

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        """The grade of `answer`, `reply` being what was answered to what it asks. Raises `FtplanError`."""


class AsksNobody:
    """The part of a grader that needs no other model."""

    def asks(self, row: HeldOut, answer: Answer) -> Question | None:
        return None


def wanted_text(row: HeldOut) -> str | None:
    """The text that a row gives as its answer; None where it gives none."""
    return None if row.wanted is None else message_text(row.wanted)


def passed(holds: bool, why: str) -> Grade:
    """1 or 0; `why` is said of a 0."""
    return Grade(1.0) if holds else Grade(0.0, why)
