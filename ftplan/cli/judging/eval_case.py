"""One evaluation of one model: what is asked of whom, and whether that is judged already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftplan.cli.opening.session import Session
from ftplan.core.bases import base_of
from ftplan.core.comparing.questions import HeldOut, asked_of
from ftplan.core.evaluating import EvalSpec, GraderSpec
from ftplan.core.evaluations import Opponent, judges_of, opponents
from ftplan.core.handover import EvalRecord, Target
from ftplan.core.recipe import digest
from ftplan.core.records import ModelRecord, State
from ftplan.engine.inquiry import Asked
from ftplan.errors import FtplanError, Problem
from ftplan.grading import eval_digest
from ftplan.grading.functions import source_digest


@dataclass(frozen=True, slots=True)
class EvalCase:
    """A model, what it is asked, and whom it is held against; `digest` is of all that its verdict depends on."""

    spec: EvalSpec
    record: ModelRecord
    rows: Sequence[HeldOut]
    opponents: Sequence[Opponent]
    digest: str

    def known(self, state: State) -> EvalRecord | None:
        """The verdict there is already on the same rows, graders and opponents."""
        found = state.evaluations.get((self.spec.name, self.record.output or ""))
        return found if found is not None and found.digest == self.digest else None

    @property
    def providers(self) -> list[str]:
        """Where somebody is asked."""
        return [*(at for at, _ in self.sides), *judges_of(self.spec, self.record.provider).values()]

    @property
    def sides(self) -> list[tuple[str, str]]:
        """The provider and the id of each model that is asked, the evaluated one first."""
        own = (self.record.provider, self.record.output or "")
        return [own, *((one.provider, one.model_id) for one in self.opponents)]

    def asked(self) -> list[Asked]:
        """Every question, model by model."""
        return [Asked(at, asked_of(row, id, self.spec.parameters)) for at, id in self.sides for row in self.rows]


def eval_case(session: Session, name: str, record: ModelRecord, current: Target | None) -> EvalCase:
    """The evaluation called `name` of the model of `record`, beside what is in use. Raises `DatasetError`."""
    spec = session.project.evals[name]
    rows = session.shelf.taken(spec.dataset, spec.limit, spec.seed).rows
    whom = opponents(spec, record.provider, base_of(record), record.output, current)
    return EvalCase(spec, record, rows, whom, case_digest(session, spec, record.provider, rows, whom))


def rows_digest(rows: Sequence[HeldOut]) -> str:
    """What says that the rows are the same."""
    return digest([dict(row.row) for row in rows])


def case_digest(
    session: Session, spec: EvalSpec, provider: str, rows: Sequence[HeldOut], whom: Sequence[Opponent]
) -> str:
    """What a verdict on a model at `provider` depends on but the model itself."""
    ids: Mapping[str, str] = {one.which: one.model_id for one in whom}
    return eval_digest(spec, rows_digest(rows), ids, _behind(session, spec, provider, whom))


def refuse_changed_code(session: Session, spec: EvalSpec) -> None:
    """Raises `FtplanError` where a function of `spec` is not the one any more that the plan was made with."""
    changed = [
        grader
        for grader in spec.graders
        if grader.type == "python" and _code(session, grader) != _code_now(session, grader)
    ]
    if changed:
        raise FtplanError(
            Problem(
                "The code of a grader has changed",
                f"{grader.settings['function']} is not what it was when this was planned. Nobody was asked.",
                grader.place,
                "Review it, and plan again.",
            )
            for grader in changed
        )


def _code(session: Session, grader: GraderSpec) -> str:
    return session.code.setdefault(grader.settings["function"], _code_now(session, grader))


def _code_now(session: Session, grader: GraderSpec) -> str:
    return source_digest(grader.settings["function"], session.project.root)


def _behind(session: Session, spec: EvalSpec, provider: str, whom: Sequence[Opponent]) -> dict[str, str]:
    """What decides beside what is declared of an evaluation: at which services its models and judges are, and the
    code of its functions."""
    at: dict[str, str] = {"model": provider}
    at |= {one.which: one.provider for one in whom}
    at |= {f"grader {name}": judge for name, judge in judges_of(spec, provider).items()}
    services = session.services
    found = {
        name: f"{services[one].type} {services[one].base_url or ''}" for name, one in at.items() if one in services
    }
    return found | {f"grader {one.name}": _code(session, one) for one in spec.graders if one.type == "python"}
