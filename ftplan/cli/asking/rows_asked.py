"""Which rows a comparison asks, and how: in its own words, or as an evaluation has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ftplan.cli.opening.session import Session
from ftplan.cli.opening.shelf import askable
from ftplan.core.evaluating import EVAL_PREFIX, EVAL_SEED, EvalSpec
from ftplan.core.nearness import did_you_mean
from ftplan.datasets import open_dataset
from ftplan.datasets.preparing.heldout import Taken, held_out
from ftplan.errors import DatasetError, Problem, UsageError

ROWS = 50
"""So many are asked where nobody says how many: few enough to be read."""
_OWN = ("dataset", "limit", "seed", "temperature", "max_tokens")


@dataclass(frozen=True, slots=True)
class Way:
    """Which rows are asked, and with what: `limit` of them by `seed`, None for all."""

    dataset: str
    limit: int | None
    seed: int
    parameters: Mapping[str, Any]


def way_of(options: Mapping[str, Any], evals: Mapping[str, EvalSpec]) -> Way:
    """What the options of `compare` say, or the evaluation that they name. Raises `UsageError`."""
    name = options["evaluation"]
    own = {option: options[option] for option in _OWN if options[option] is not None}
    if name is None:
        bound = {"max_completion_tokens": own["max_tokens"]} if "max_tokens" in own else {}
        parameters = {"temperature": own.get("temperature", 0.0), **bound}
        return Way(own["dataset"], own.get("limit", ROWS), own.get("seed", EVAL_SEED), parameters)
    if own:
        others = ", ".join(f"-{option.replace('_', '-')}" for option in own)
        detail = f"-eval={name} says which rows are asked and how; without it {others} would."
        raise UsageError("Options exclude each other", detail=detail)
    spec = evals.get(name.removeprefix(EVAL_PREFIX))
    if spec is None:
        advice = did_you_mean(name.removeprefix(EVAL_PREFIX), sorted(evals), lead="Declared are")
        raise UsageError("Unknown evaluation", detail=f"-eval={name} names none that is declared.", advice=advice)
    return Way(spec.dataset, spec.limit, spec.seed, spec.parameters)


def rows_to_ask(session: Session, way: Way, allow_outside: bool) -> Taken:
    """Rows of a declared dataset, or of the file at a path. Raises `DatasetError`."""
    dataset = way.dataset
    if dataset in session.project.datasets:
        return session.shelf.taken(dataset, way.limit, way.seed)
    opened = open_dataset(Path(session.project.root), dataset, allow_outside=allow_outside)
    if isinstance(opened, Problem):
        advice = did_you_mean(dataset, session.project.datasets, opened.advice or " ").strip()
        raise DatasetError(replace(opened, advice=advice))
    with opened:
        return askable(held_out(opened, way.limit, way.seed), dataset)
