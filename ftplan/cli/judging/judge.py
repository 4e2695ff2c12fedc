"""Evaluations as an apply and a promotion carry them out: rows, answers and graders put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import click

from ftplan.cli.judging.eval_case import EvalCase, eval_case, refuse_changed_code, rows_digest
from ftplan.cli.judging.eval_run import evaluate
from ftplan.cli.judging.models_asked import answers_of_user, asking, refuse_unable, row_tokens
from ftplan.cli.judging.prepared import judges_estimates
from ftplan.cli.judging.till import Till
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.console import Voice
from ftplan.cli.talking.options import Request
from ftplan.cli.talking.signals import Stop
from ftplan.core.bases import priced_as
from ftplan.core.catalog import Catalog
from ftplan.core.comparing.asking_cost import asking_estimate
from ftplan.core.comparing.questions import Answer
from ftplan.core.entries import Answered
from ftplan.core.evaluating import EVAL_PREFIX, GraderSpec
from ftplan.core.evaluations import Prepared
from ftplan.core.handover import EvalRecord, Target
from ftplan.core.money.cost import summed
from ftplan.core.notices import QuestionsAnswered, Told
from ftplan.core.plan import Note
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address, Project
from ftplan.core.steps import Estimate, Promote, Step
from ftplan.core.stores import AnswerStore
from ftplan.engine.asking import Asking
from ftplan.engine.inquiry import Gone, Inquiry
from ftplan.errors import GateRefused, Problem, Unreachable
from ftplan.grading import graders_for
from ftplan.grading.functions import not_allowed
from ftplan.grading.graders import Weighed

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
    refused = [grader for _, grader in _foreign(steps, project, request)]
    if refused:
        raise GateRefused(not_allowed(grader.settings["function"], grader.place) for grader in refused)


def foreign_functions_notes(steps: Iterable[Step], project: Project, request: Request) -> Iterator[Note]:
    """What whoever applies `steps` has to allow, told by the plan."""
    for name, grader in _foreign(steps, project, request):
        function = grader.settings["function"]
        yield Note(
            "warning",
            "A function is to be allowed",
            f"{EVAL_PREFIX}{name} is graded by {function}, which runs where this plan is applied.",
            address=next(s.address for s in steps if isinstance(s, Promote) and name in s.requires),
            place=grader.place,
            advice=f"Whoever applies it, and knows what it does, allows it with -allow-function={function}.",
        )


def _foreign(steps: Iterable[Step], project: Project, request: Request) -> list[tuple[str, GraderSpec]]:
    """The graders of `steps` that are functions which nobody allowed, with the names of their evaluations."""
    names = dict.fromkeys(name for step in steps if isinstance(step, Promote) for name in step.requires)
    graders = [(name, grader) for name in names for grader in project.evals[name].graders if grader.type == "python"]
    return [(name, grader) for name, grader in graders if grader.settings["function"] not in request.functions]


@dataclass(frozen=True, slots=True)
class _Hearing:
    """An evaluation under way: what does not change from one part of it to the next."""

    case: EvalCase
    inquiry: Inquiry
    graders: Sequence[Weighed]
    tell: Callable[[Gone], None]


@dataclass(slots=True)
class SessionJudge:
    """Who says how models do, by asking those of a session. What was evaluated already by the same rows, graders and
    opponents is known."""

    session: Session
    request: Request
    voice: Voice
    stop: Stop
    # One for all, since it holds what could not be written: that is not asked for again by the next part of the way.
    store: AnswerStore = field(default_factory=answers_of_user)
    _paid: list[Answered] = field(default_factory=list)
    _hearings: dict[tuple[str, str | None, Target | None], _Hearing] = field(default_factory=dict)
    _there: dict[Target, bool] = field(default_factory=dict)

    def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord | None:
        key = (name, record.output, current)
        if key not in self._hearings:
            case = self._case(name, record, current)
            known = case.known(state)
            if known is not None:
                return known
            self._hearings[key] = self._hearing(case)
        hearing, till = self._hearings[key], Till(name, record, self.session.catalogs, state)
        asks = self._asking(record, hearing.tell)
        self._tell_troubles(record)
        try:
            return evaluate(hearing.case, hearing.inquiry, hearing.graders, replace(asks, paid=till.take))
        finally:
            self._paid.extend(till.entries(asks.clock.now()))
            self._tell_troubles(record)

    def prepared(self, name: str, record: ModelRecord, current: Target | None, state: State) -> Prepared:
        """An evaluation with what it may cost, less the answers that are kept; nothing where its verdict is known."""
        session = self.session
        case = self._case(name, record, current)
        known = Prepared(case.spec.dataset, rows_digest(case.rows), case.digest)
        if case.known(state) is not None:
            return known
        asks = self._asking(record)
        kept = asks.kept(asks.inquiry(case.asked()))
        own = self._estimate(case, kept, state, session.catalogs)
        others = self._estimate(case, kept, state, session.catalogs_of_others) if session.catalogs_of_others else None
        return replace(known, estimate=own, elsewhere=others)

    def _estimate(
        self, case: EvalCase, kept: Sequence[Answer | None], state: State, catalogs: Mapping[str, Catalog]
    ) -> Estimate | None:
        parts, asked_tokens, count = [], list[tuple[int, int]](), len(case.rows)
        for number, (at, id) in enumerate(case.sides):
            base = catalogs[at].base(priced_as(at, id, state))
            tokens = row_tokens(self.session, case.rows, base)
            asked_tokens += tokens
            answers = kept[count * number : count * (number + 1)]
            open = [one for one, answer in zip(tokens, answers, strict=True) if answer is None]
            parts += [asking_estimate(open, base, catalogs[at], case.spec.parameters, at)] if open else []
        return summed(
            [*parts, *judges_estimates(self.session, catalogs, case.spec, case.record.provider, asked_tokens)]
        )

    def bought(self) -> Sequence[Answered]:
        """The answers since this was asked last."""
        entries = tuple(self._paid)
        self._paid.clear()
        return entries

    def _case(self, name: str, record: ModelRecord, current: Target | None) -> EvalCase:
        """The evaluation, beside what is in use and can be asked. Raises `FtplanError` where somebody cannot."""
        case = eval_case(self.session, name, record, current)
        refuse_unable(self.session, case.providers, f"{EVAL_PREFIX}{name} asks a model at")
        if current is None or all(one.which != "current" for one in case.opponents) or self._is_there(current):
            return case
        return eval_case(self.session, name, record, None)

    def _is_there(self, target: Target) -> bool:
        """Whether its provider still has what is in use: what is gone has no answers to be held against."""
        if target not in self._there:
            try:
                self._there[target] = self.session.providers[target.provider].get_model(target.model_id) is not None
            except Unreachable:
                return True
            if not self._there[target]:
                detail = f"{target.provider} has {target.model_id} no more: nothing is held against it."
                self.voice.tell(Told("Model in use is gone", detail, address=Address("model", target.model)))
        return self._there[target]

    def _hearing(self, case: EvalCase) -> _Hearing:
        refuse_changed_code(self.session, case.spec)
        graders = graders_for(case.spec, self.request.functions, self.session.project.root)
        return _Hearing(case, self._asking(case.record).inquiry(case.asked()), graders, self._teller(case.record))

    def _asking(self, record: ModelRecord, tell: Callable[[Gone], None] = lambda gone: None) -> Asking:
        return asking(self.session, self.stop, self.store, tell=tell, waits=waiting(self.voice, record))

    def _tell_troubles(self, record: ModelRecord) -> None:
        """Of answers that are not kept: whoever pays for them should know."""
        for one in self.store.troubles():
            self.voice.tell(Told(one.summary, f"{one.detail} {one.advice}", address=Address("model", record.name)))

    def _teller(self, record: ModelRecord) -> Callable[[Gone], None]:
        """Who tells how far an evaluation of a model has gone, over all parts of the way."""
        address, first = Address("model", record.name), Gone(0, 0, 0)

        def tell(gone: Gone) -> None:
            nonlocal first
            if gone.total != first.total or gone.done < first.done:
                first = gone  # judges are asked what the models were not
            self.voice.tell(QuestionsAnswered(address, gone.done, gone.total, first.kept))

        return tell


def waiting(voice: Voice, record: ModelRecord) -> Callable[[Problem], None]:
    """Who tells why nobody answers the questions about the model of `record`."""
    address = Address("model", record.name)
    return lambda problem: voice.tell(Told("Nobody answers yet", problem.detail, address=address))
