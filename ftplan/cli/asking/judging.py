"""Evaluations as an apply and a promotion carry them out: rows, answers and graders put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import click

from ftplan.cli.asking.asking import answers_of_user, asking, now_and_then, refuse_unable
from ftplan.cli.asking.bill import row_tokens
from ftplan.cli.asking.eval_case import eval_case
from ftplan.cli.asking.eval_costs import judges_estimates
from ftplan.cli.asking.eval_run import evaluate
from ftplan.cli.asking.till import Till
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.console import Voice
from ftplan.cli.talking.options import Request
from ftplan.cli.talking.signals import Stop
from ftplan.core.bases import base_named, base_of
from ftplan.core.comparing.asking_cost import asking_estimate
from ftplan.core.comparing.questions import asked_of
from ftplan.core.deciding.promoting import summed
from ftplan.core.entries import Answered
from ftplan.core.handover import EvalRecord, Target
from ftplan.core.notices import QuestionsAnswered, Told
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address, Project
from ftplan.core.steps import Estimate, Promote, Step
from ftplan.core.stores import AnswerStore
from ftplan.engine.asking import Asked, Asking, Gone
from ftplan.errors import GateRefused
from ftplan.grading import graders_for
from ftplan.grading.functions import not_allowed

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
    # One for all, since it holds what could not be written: that is not asked for again by the next part of the way.
    _store: AnswerStore = field(default_factory=answers_of_user)
    _tellers: dict[tuple[str, str | None], Callable[[Gone], None]] = field(default_factory=dict)

    def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord | None:
        session = self.session
        case = eval_case(session, name, record, current)
        spec, known = case.spec, case.known(state)
        if known is not None:
            return known
        graders = graders_for(spec, self.request.functions, session.project.root)
        refuse_unable(session, case.providers(graders))
        till = Till(spec.name, record, session.catalogs)
        asks = replace(asking(session, self.stop, self._teller(name, record), self._store), paid=till.take)
        self._tell_troubles(asks, record)
        try:
            return evaluate(session, case, graders, asks)
        finally:
            self._paid.extend(till.entries(asks.clock.now()))
            self._tell_troubles(asks, record)

    def estimate(self, name: str, record: ModelRecord, current: Target | None, state: State) -> Estimate | None:
        """What an evaluation costs at the most, less the answers that are kept; None where its verdict is known."""
        session = self.session
        case = eval_case(session, name, record, current)
        if case.known(state) is not None:
            return None
        asks = asking(session, self.stop, lambda gone: None, self._store)
        parts, asked_tokens = [], list[tuple[int, int]]()
        for at, id in case.sides():
            kept = asks.kept([Asked(at, asked_of(row, id, case.spec.parameters)) for row in case.rows])
            catalog = session.catalogs[at]
            base = catalog.base(base_of(record) if id == record.output else base_named(id))
            tokens = row_tokens(session, case.rows, base)
            asked_tokens += tokens
            open = [one for one, answer in zip(tokens, kept, strict=True) if answer is None]
            parts += [asking_estimate(open, base, catalog, case.spec.parameters, at)] if open else []
        return summed([*parts, *judges_estimates(session, case.spec, record.provider, asked_tokens)])

    def bought(self) -> Sequence[Answered]:
        """The answers since this was asked last."""
        entries = tuple(self._paid)
        self._paid.clear()
        return entries

    def _tell_troubles(self, asks: Asking, record: ModelRecord) -> None:
        """Of answers that are not kept: whoever pays for them should know."""
        for one in asks.store.troubles():
            self.voice.tell(Told(one.summary, f"{one.detail} {one.advice}", address=Address("model", record.name)))

    def _teller(self, name: str, record: ModelRecord) -> Callable[[Gone], None]:
        """Who tells how far an evaluation of a model has gone, over all parts of the way."""
        address, first = Address("model", record.name), Gone(0, 0, 0)

        def tell(gone: Gone) -> None:
            nonlocal first
            if gone.total != first.total or gone.done < first.done:
                first = gone  # judges are asked what the models were not
            self.voice.tell(QuestionsAnswered(address, gone.done, gone.total, first.kept))

        return self._tellers.setdefault((name, record.output), now_and_then(tell))
