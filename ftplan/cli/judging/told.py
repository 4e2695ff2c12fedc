"""What a plan tells of its evaluations before anything is paid for them: rows that say nothing, and thresholds that no
answers reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftplan.cli.opening.session import Session
from ftplan.core.evaluating import EVAL_PREFIX, EvalSpec
from ftplan.core.plan import Note
from ftplan.core.spec import Address
from ftplan.core.steps import Promote
from ftplan.datasets.preparing.heldout import Taken
from ftplan.errors import Place, Problem
from ftplan.grading.bootstrap import interval, rows_for

_HELD_AGAINST = ("exact", "numeric", "similarity", "tool_calls")


def evaluation_notes(session: Session, steps: Sequence[Promote]) -> Iterator[Note]:
    """What is to be known of the evaluations that `steps` make, each told once. Raises `DatasetError`."""
    names = {name: step.address for step in steps for name in step.requires}
    for name, address in names.items():
        spec = session.project.evals[name]
        taken = session.shelf.taken(spec.dataset, spec.limit, spec.seed)
        path = session.project.datasets[spec.dataset].path
        for problem in (unasked_problem(taken, path), _unwanted(spec, taken, path)):
            if problem is not None:
                told = f"{EVAL_PREFIX}{name}: {problem.detail}"
                yield Note(
                    "warning", problem.summary, told, address=address, advice=problem.advice, place=problem.place
                )
        yield from _out_of_reach(spec, len(taken.rows), address)


def unasked_problem(taken: Taken, shown: str) -> Problem | None:
    """The warning that rows were passed over, None where none was."""
    if not taken.unasked and not taken.broken:
        return None
    count = taken.unasked + taken.broken
    detail = f"{count:,} of its lines hold{'s' if count == 1 else ''} no conversation that asks anything."
    place = Place(shown, taken.first_unasked)
    return Problem("Rows were passed over", detail, place, "`ftplan dataset check` says why.", severity="warning")


def _unwanted(spec: EvalSpec, taken: Taken, path: str) -> Problem | None:
    """The warning that rows give no answer where a grader holds answers against it: they can only be wrong."""
    lines = [row.line for row in taken.rows if row.wanted is None]
    graders = [grader.name for grader in spec.graders if grader.type in _HELD_AGAINST]
    if not lines or not graders:
        return None
    count = "1 row ends" if len(lines) == 1 else f"{len(lines):,} rows end"
    detail = f"{count} without the assistant's answer, and {', '.join(graders)} gives 0 for whatever is answered."
    return Problem("Rows without an answer", detail, Place(path, lines[0]), "Give them one, or take them out.")


def _out_of_reach(spec: EvalSpec, rows: int, address: Address) -> Iterator[Note]:
    least = spec.thresholds.score
    best = interval([1.0] * rows, spec.confidence, "best")
    if least is None or best.low >= least:
        return
    if least < 1:
        advice = f"About {rows_for([1.0], 1 - least, spec.confidence):,} rows that are all right reach it."
    else:
        advice = "No number of rows shows that a model is never wrong: ask for less, such as 0.98."
    detail = (
        f"{EVAL_PREFIX}{spec.name} asks {rows:,} rows. If all of them are answered rightly, that is worth "
        f"[{best.low:.2f}, 1.00], and its threshold is {least:g}."
    )
    yield Note("warning", "A threshold out of reach", detail, address=address, place=spec.place, advice=advice)
