"""Whether a model has passed: in figures, and in words that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from ftplan.core.evaluating import EvalSpec
from ftplan.core.handover import Against
from ftplan.core.keeping.plain import to_plain
from ftplan.core.recipe import digest
from ftplan.grading.bootstrap import Interval, interval

FEWEST_ROWS = 2
Opponent = Literal["base", "current"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a model did, whether that is enough, and why."""

    rows: int
    score: float
    low: float
    high: float
    passed: bool
    against: tuple[Against, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """Another model, asked the same rows: which one, by what id, and its scores."""

    opponent: Opponent
    model_id: str
    scores: Sequence[float]


def eval_digest(
    spec: EvalSpec, content_sha256: str, opponents: Mapping[str, str | None], behind: Mapping[str, str]
) -> str:
    """sha256 of everything that a verdict depends on but the model: graders, thresholds, rows, whom it is held against,
    and what is `behind` the names of all these: services and code."""
    said = to_plain(spec)
    for key in ("place", "places"):
        del said[key]
    for grader in said["graders"]:
        del grader["place"]
    return digest([said, content_sha256, dict(opponents), dict(behind)])


def verdict(spec: EvalSpec, scores: Sequence[float], rivals: Sequence[Rival], seed: str) -> Verdict:
    """What `scores`, one a row, say of a model. A threshold holds where the lower bound of the interval reaches it, so
    that luck with a few rows is not enough. Without a current model there is nothing that it could be worse than."""
    own = interval(scores, spec.confidence, f"{seed} own")
    said, holds = [_own(spec, own, len(scores))], [_reaches(own, spec.thresholds.score)]
    against = []
    for rival in rivals:
        least = spec.thresholds.over_base if rival.opponent == "base" else spec.thresholds.over_current
        if least is not None:
            found = _against(spec, scores, rival, least, seed)
            against.append(found)
            holds.append(found.held)
            said.append(_beside(found))
    if spec.thresholds.over_current is not None and all(rival.opponent != "current" for rival in rivals):
        said.append("nothing is in use that it could be held against")
    if len(scores) < FEWEST_ROWS:
        holds.append(False)
        said.append("so few rows say nothing")
    return Verdict(len(scores), own.mean, own.low, own.high, all(holds), tuple(against), tuple(said))


def _reaches(found: Interval, least: float | None) -> bool:
    return least is None or found.low >= least


def _against(spec: EvalSpec, scores: Sequence[float], rival: Rival, least: float, seed: str) -> Against:
    differences = [mine - theirs for mine, theirs in zip(scores, rival.scores, strict=True)]
    found = interval(differences, spec.confidence, f"{seed} {rival.opponent}", -1.0, 1.0)
    score = sum(rival.scores) / len(rival.scores) if rival.scores else 0.0
    held = _reaches(found, least)
    return Against(rival.opponent, rival.model_id, score, found.mean, found.low, found.high, least, held)


def _own(spec: EvalSpec, own: Interval, rows: int) -> str:
    counted = "1 row" if rows == 1 else f"{rows:,} rows"
    told, least = f"{own.mean:.2f} [{own.low:.2f}, {own.high:.2f}] of {counted}", spec.thresholds.score
    if least is None:
        return told
    if own.low >= least:
        return f"{told} reaches {least:g}"
    if own.mean < least:
        return f"{told} is below {least:g}"
    return f"{told} reaches {least:g} with its mean alone{_more_rows(own, least, rows)}"


def _more_rows(own: Interval, least: float, rows: int) -> str:
    """How many rows would about do: an interval is half as wide with four times as many."""
    gap, reach = own.mean - least, own.mean - own.low
    if gap <= 0:
        return ""
    return f"; about {ceil(rows * (reach / gap) ** 2):,} rows would settle it"


def _beside(found: Against) -> str:
    whom = "the base" if found.opponent == "base" else "the model in use"
    told = f"{found.difference:+.2f} [{found.low:+.2f}, {found.high:+.2f}] beside {whom} ({found.score:.2f})"
    return f"{told} {'reaches' if found.held else 'does not reach'} {found.least:+g}"
