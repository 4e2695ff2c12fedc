"""One evaluation of one model: what is asked of whom, and whether that is judged already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ftplan.cli.asking.asking import taken_rows
from ftplan.cli.opening.session import Session
from ftplan.core.bases import base_of
from ftplan.core.comparing.questions import HeldOut
from ftplan.core.desired import account
from ftplan.core.evaluating import EvalSpec
from ftplan.core.handover import EvalRecord, Target
from ftplan.core.recipe import digest
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Project
from ftplan.core.steps import Promote
from ftplan.grading import eval_digest
from ftplan.grading.functions import source_digest
from ftplan.grading.graders import Weighed


@dataclass(frozen=True, slots=True)
class EvalCase:
    """A model, what it is asked, and whom it is held against: (which, provider, id) of each."""

    spec: EvalSpec
    record: ModelRecord
    rows: Sequence[HeldOut]
    opponents: Sequence[tuple[Any, str, str]]
    behind: Mapping[str, str]

    @property
    def digest(self) -> str:
        content = digest([dict(row.row) for row in self.rows])
        return eval_digest(self.spec, content, {which: id for which, _, id in self.opponents}, self.behind)

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


def eval_case(session: Session, name: str, record: ModelRecord, current: Target | None) -> EvalCase:
    """The evaluation called `name` of the model of `record`, beside what is in use. Raises `DatasetError`."""
    spec = session.project.evals[name]
    rows = taken_rows(session, spec.dataset, spec.limit, spec.seed).rows
    opponents = _opponents(spec, record, current)
    return EvalCase(spec, record, rows, opponents, _behind(session.project, spec, record, opponents))


def without_stale(session: Session, state: State, steps: Iterable[Promote]) -> State:
    """`state` without the verdicts on what `steps` promote that were given on other rows, by other graders or for other
    thresholds: they say nothing about what will be said."""
    stale: set[tuple[str, str]] = set()
    for step in steps:
        record, alias = state.models.get(step.model.name), state.aliases.get(step.address.name)
        for name in step.requires if record is not None and record.output == step.model_id else ():
            key = (name, step.model_id or "")
            if record is None or key not in state.evaluations:
                continue
            case = eval_case(session, name, record, alias.now if alias is not None else None)
            stale |= {key} if case.known(state) is None else set()
    return replace(state, evaluations={key: one for key, one in state.evaluations.items() if key not in stale})


def _opponents(spec: EvalSpec, record: ModelRecord, current: Target | None) -> list[tuple[Any, str, str]]:
    found: list[tuple[Any, str, str]] = []
    if spec.thresholds.over_base is not None:
        found.append(("base", record.provider, base_of(record)))
    if spec.thresholds.over_current is not None and current is not None and current.model_id != record.output:
        found.append(("current", current.provider, current.model_id))
    return found


def _behind(
    project: Project, spec: EvalSpec, record: ModelRecord, opponents: Sequence[tuple[Any, str, str]]
) -> dict[str, str]:
    """What decides beside what is declared of an evaluation: at which services its models and judges are, and the
    code of its functions."""
    at = {"model": record.provider, **{which: provider for which, provider, _ in opponents}}
    for grader in spec.graders:
        if grader.type == "judge":
            at[f"grader {grader.name}"] = str(grader.settings.get("provider") or record.provider)
    found = {name: account(project.providers[one]) for name, one in at.items() if one in project.providers}
    for grader in spec.graders:
        if grader.type == "python":
            found[f"grader {grader.name}"] = source_digest(grader.settings["function"], project.root)
    return found
