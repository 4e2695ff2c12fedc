"""An evaluation carried out: everybody is asked everything, then the judges, and a verdict comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from ftplan.cli.judging.eval_case import EvalCase
from ftplan.core.comparing.questions import Answer, HeldOut
from ftplan.core.handover import EvalRecord
from ftplan.engine.asking import Asking
from ftplan.engine.inquiry import Asked, Inquiry
from ftplan.errors import FtplanError, Problem
from ftplan.grading import Grade, verdict
from ftplan.grading.graders import Weighed, together
from ftplan.grading.verdict import Rival, Verdict

MOST_AT_ONCE = 200
"""So many answers are paid for before they are entered; a twentieth of very many, since all are looked through."""


def evaluate(case: EvalCase, inquiry: Inquiry, graders: Sequence[Weighed], asks: Asking) -> EvalRecord | None:
    """Asks everybody everything, `inquiry`, then the judges, and says what came of it. None while there is more to
    ask."""
    answers = _some(asks, inquiry)
    if answers is None:
        return None
    questions = _questions(case, graders, answers)
    replies = _some(asks, asks.inquiry([one for one in questions if one is not None])) if any(questions) else []
    if replies is None:
        return None
    scores = [grade.score for grade in _grades(case, graders, answers, questions, replies)]
    count = len(case.rows)
    rivals = [
        Rival(one.which, one.model_id, scores[count * number : count * (number + 1)])
        for number, one in enumerate(case.opponents, 1)
    ]
    found = verdict(case.spec, scores[:count], rivals, case.digest)
    moment = asks.clock.now().isoformat(timespec="seconds")
    return _recorded(case, found, moment, any(one.rehearsal for one in (*answers, *replies)))


def _some(asks: Asking, inquiry: Inquiry) -> list[Answer] | None:
    return asks.some_answers(inquiry, max(MOST_AT_ONCE, len(inquiry.keys) // 20))


def _recorded(case: EvalCase, found: Verdict, moment: str, rehearsal: bool) -> EvalRecord:
    return EvalRecord(
        name=case.spec.name,
        model=case.record.name,
        model_id=case.record.output or "",
        digest=case.digest,
        rows=found.rows,
        score=found.score,
        low=found.low,
        high=found.high,
        passed=found.passed,
        against=found.against,
        said=found.said,
        at=moment,
        rehearsal=rehearsal,
    )


def _rows(case: EvalCase) -> list[HeldOut]:
    """The row of each answer, in their order."""
    return [row for _ in case.sides for row in case.rows]


def _questions(case: EvalCase, graders: Sequence[Weighed], answers: Sequence[Answer]) -> list[Asked | None]:
    """What each grader asks a judge about each answer; None where it asks nobody."""
    found: list[Asked | None] = []
    for row, answer in zip(_rows(case), answers, strict=True):
        for one in graders:
            asked = one.grader.asks(row, answer)
            found.append(None if asked is None else Asked(one.provider or case.record.provider, asked))
    return found


def _grades(
    case: EvalCase,
    graders: Sequence[Weighed],
    answers: Sequence[Answer],
    questions: Sequence[Asked | None],
    replies: Sequence[Answer],
) -> list[Grade]:
    """The grade of each answer, in their order."""
    asked, said = iter(questions), iter(replies)
    grades = []
    for row, answer in zip(_rows(case), answers, strict=True):
        found = []
        for one in graders:
            reply = next(said) if next(asked) is not None else None
            found.append((one.spec, _graded(one, row, answer, reply)))
        grades.append(together(found))
    return grades


def _graded(one: Weighed, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
    try:
        return one.grader.grade(row, answer, reply)
    except FtplanError:
        raise
    except Exception as error:
        # What was paid for is entered and kept: whatever broke here must not end the run before that.
        detail = f"{one.spec.name} broke off on line {row.line}: {type(error).__name__}."
        advice = "Please report it. The answers are kept, and are not paid for again."
        raise FtplanError(Problem("A grader broke off", detail, one.spec.place, advice)) from error
