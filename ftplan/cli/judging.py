"""Evaluations as an apply and a promotion carry them out: rows, answers and graders put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

import click

from ftplan.cli.asking import asking, base_named, base_of, now_and_then, refuse_unable, taken_rows
from ftplan.cli.asking_bill import row_tokens
from ftplan.cli.console import Voice
from ftplan.cli.eval_costs import judges_estimates
from ftplan.cli.options import Request
from ftplan.cli.session import Session
from ftplan.cli.signals import Stop
from ftplan.cli.till import Till
from ftplan.core.comparing.asking_cost import asking_cost, asking_estimate
from ftplan.core.comparing.questions import Answer, HeldOut, asked_of
from ftplan.core.deciding.promoting import summed
from ftplan.core.entries import Answered
from ftplan.core.evaluating import EvalSpec
from ftplan.core.handover import EvalRecord, Target
from ftplan.core.notices import QuestionsAnswered
from ftplan.core.recipe import digest
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address, Project
from ftplan.core.steps import Estimate, Promote, Step
from ftplan.engine.asking import Asked, Asking, Gone
from ftplan.errors import GateRefused
from ftplan.grading import Grade, eval_digest, graders_for, verdict
from ftplan.grading.functions import not_allowed
from ftplan.grading.graders import Weighed, together
from ftplan.grading.verdict import Rival, Verdict

F = TypeVar("F", bound=Callable[..., Any])


def judging_options(command: F) -> F:
    """-allow-function: what of the user's own code may grade."""
    return click.option(
        "--allow-function",
        "functions",
        multiple=True,
        metavar="MODULE:NAME",
        help="Let this function grade answers: it runs here, with all your rights.",
    )(command)


def with_judging(request: Request, options: Mapping[str, Any]) -> Request:
    """`request` with what `judging_options` say."""
    return replace(request, functions=frozenset(options["functions"]))


def refuse_foreign_functions(steps: Iterable[Step], project: Project, request: Request) -> None:
    """Raises `GateRefused` where evaluations of `steps` would run functions that nobody allowed: before anything is
    trained for them."""
    names = dict.fromkeys(name for step in steps if isinstance(step, Promote) for name in step.requires)
    graders = [grader for name in names for grader in project.evals[name].graders if grader.type == "python"]
    refused = [grader for grader in graders if grader.settings["function"] not in request.functions]
    if refused:
        raise GateRefused(not_allowed(grader.settings["function"], grader.place) for grader in refused)


@dataclass(frozen=True, slots=True)
class SessionJudge:
    """Who says how models do, by asking those of a session. What was evaluated already by the same rows, graders and
    opponents is known."""

    session: Session
    request: Request
    voice: Voice
    stop: Stop
    _paid: list[Answered] = field(default_factory=list)

    def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord:
        session, case = self.session, self._case(name, record, current)
        spec, known = case.spec, case.known(state)
        if known is not None:
            return known
        graders = graders_for(spec, self.request.functions, session.project.root)
        refuse_unable(session, case.providers(graders))
        till = Till(spec.name, record, session.catalogs)
        asks = replace(asking(session, self.stop, self._teller(record)), paid=till.take)
        try:
            return _evaluate(session, case, graders, asks)
        finally:
            self._paid.extend(till.entries(asks.clock.now()))

    def estimate(self, name: str, record: ModelRecord, current: Target | None, state: State) -> Estimate | None:
        """What an evaluation costs at the most, less the answers that are kept; None where its verdict is known."""
        session, case = self.session, self._case(name, record, current)
        if case.known(state) is not None:
            return None
        asks = asking(session, self.stop, lambda gone: None)
        parts, asked_tokens = [], list[tuple[int, int]]()
        for at, id in case.sides():
            kept = asks.kept([Asked(at, asked_of(row, id, case.spec.parameters)) for row in case.rows])
            catalog = session.catalogs[at]
            base = catalog.base(base_of(record) if id == record.output else base_named(id))
            tokens = row_tokens(session, case.rows, base)
            asked_tokens += tokens
            open = [one for one, answer in zip(tokens, kept, strict=True) if answer is None]
            parts += [asking_estimate(open, base, catalog, case.spec.parameters)] if open else []
        return summed([*parts, *judges_estimates(session, case.spec, record.provider, asked_tokens)])

    def _case(self, name: str, record: ModelRecord, current: Target | None) -> _Case:
        spec = self.session.project.evals[name]
        rows = taken_rows(self.session, spec.dataset, spec.limit, spec.seed).rows
        return _Case(spec, record, rows, _opponents(spec, record, current))

    def bought(self) -> Sequence[Answered]:
        """The answers since this was asked last."""
        entries = tuple(self._paid)
        self._paid.clear()
        return entries

    def _teller(self, record: ModelRecord) -> Callable[[Gone], None]:
        address = Address("model", record.name)
        return now_and_then(lambda gone: self.voice.tell(QuestionsAnswered(address, gone.done, gone.total, gone.kept)))


@dataclass(frozen=True, slots=True)
class _Case:
    """A model, what it is asked, and whom it is held against: (which, provider, id) of each."""

    spec: EvalSpec
    record: ModelRecord
    rows: Sequence[HeldOut]
    opponents: Sequence[tuple[Any, str, str]]

    @property
    def digest(self) -> str:
        content = digest([dict(row.row) for row in self.rows])
        return eval_digest(self.spec, content, {which: id for which, _, id in self.opponents})

    def known(self, state: State) -> EvalRecord | None:
        """The verdict there is already on the same rows, graders and opponents."""
        found = state.evaluations.get((self.spec.name, self.record.output or ""))
        return found if found is not None and found.digest == self.digest else None

    def providers(self, graders: Sequence[Weighed]) -> list[str]:
        own = [self.record.provider, *(provider for _, provider, _ in self.opponents)]
        return [*own, *(one.provider for one in graders if one.provider is not None)]

    def sides(self) -> list[tuple[str, str]]:
        """The provider and the id of each model that is asked, the evaluated one first."""
        return [(self.record.provider, self.record.output or ""), *((at, id) for _, at, id in self.opponents)]


def _opponents(spec: EvalSpec, record: ModelRecord, current: Target | None) -> list[tuple[Any, str, str]]:
    found: list[tuple[Any, str, str]] = []
    if spec.thresholds.over_base is not None:
        found.append(("base", record.provider, base_of(record)))
    if spec.thresholds.over_current is not None and current is not None and current.model_id != record.output:
        found.append(("current", current.provider, current.model_id))
    return found


def _evaluate(session: Session, case: _Case, graders: Sequence[Weighed], asks: Asking) -> EvalRecord:
    """Asks everybody everything, then the judges, and says what came of it."""
    spec, record = case.spec, case.record
    asked = [Asked(at, asked_of(row, id, spec.parameters)) for at, id in case.sides() for row in case.rows]
    answers = asks.answers(asked)
    scores = [grade.score for grade in _grades(case, graders, answers, asks)]
    count = len(case.rows)
    rivals = [
        Rival(which, id, scores[count * number : count * (number + 1)])
        for number, (which, _, id) in enumerate(case.opponents, 1)
    ]
    found = verdict(spec, scores[:count], rivals, case.digest)
    moment = asks.clock.now().isoformat(timespec="seconds")
    base = session.catalogs[record.provider].base(base_of(record))
    return _recorded(case, found, moment, asking_cost(answers, base), any(answer.rehearsal for answer in answers))


def _recorded(case: _Case, found: Verdict, moment: str, cost: Decimal | None, rehearsal: bool) -> EvalRecord:
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
        cost=cost,
        rehearsal=rehearsal,
    )


def _grades(case: _Case, graders: Sequence[Weighed], answers: Sequence[Answer], asks: Asking) -> list[Grade]:
    """The grade of each answer, in their order. Judges are asked all at once."""
    rows = [row for _ in case.sides() for row in case.rows]
    wanted = [
        (number, one, one.grader.asks(row, answer))
        for number, (row, answer) in enumerate(zip(rows, answers, strict=True))
        for one in graders
    ]
    questions = [Asked(one.provider or case.record.provider, asked) for _, one, asked in wanted if asked is not None]
    replies = iter(asks.answers(questions) if questions else ())
    grades: list[list[tuple[Any, Grade]]] = [[] for _ in answers]
    for number, one, asked in wanted:
        reply = next(replies) if asked is not None else None
        grades[number].append((one.spec, one.grader.grade(rows[number], answers[number], reply)))
    return [together(found) for found in grades]
