"""Whether a model has passed: in figures, and in words that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ftplan.core.evaluating import EvalSpec
from ftplan.core.handover import Against
from ftplan.core.keeping.plain import to_plain
from ftplan.core.recipe import digest
from ftplan.grading.bootstrap import Interval, interval, rows_for

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
    said, holds = [_own(spec, own, scores)], [_reaches(own, spec.thresholds.score)]
    against = []
    for rival in rivals:
        least = spec.thresholds.over_base if rival.opponent == "base" else spec.thresholds.over_current
        if least is not None:
            differences = [mine - theirs for mine, theirs in zip(scores, rival.scores, strict=True)]
            found = _against(spec, differences, rival, least, seed)
            against.append(found)
            holds.append(found.held)
            said.append(_beside(found, differences, spec.confidence))
    if spec.thresholds.over_current is not None and all(rival.opponent != "current" for rival in rivals):
        said.append("nothing is in use that it could be held against")
    if len(scores) < FEWEST_ROWS:
        holds.append(False)
        said.append("so few rows say nothing")
    return Verdict(len(scores), own.mean, own.low, own.high, all(holds), tuple(against), tuple(said))


def _reaches(found: Interval, least: float | None) -> bool:
    return least is None or found.low >= least


def _against(spec: EvalSpec, differences: Sequence[float], rival: Rival, least: float, seed: str) -> Against:
    found = interval(differences, spec.confidence, f"{seed} {rival.opponent}", -1.0, 1.0)
    score = sum(rival.scores) / len(rival.scores) if rival.scores else 0.0
    held = _reaches(found, least)
    return Against(rival.opponent, rival.model_id, score, found.mean, found.low, found.high, least, held)


def _own(spec: EvalSpec, own: Interval, scores: Sequence[float]) -> str:
    counted = "1 row" if len(scores) == 1 else f"{len(scores):,} rows"
    told, least = f"{own.mean:.2f} [{own.low:.2f}, {own.high:.2f}] of {counted}", spec.thresholds.score
    if least is None:
        return told
    if own.low >= least:
        return f"{told} reaches {least:g}"
    if own.mean < least:
        return f"{told} is below {least:g}"
    return f"{told} reaches {least:g} with its mean alone{_more_rows(scores, own.mean - least, spec.confidence)}"


def _more_rows(values: Sequence[float], gap: float, confidence: float, least: float = 0.0) -> str:
    """How many rows would about do, to two digits; nothing where the mean is on the bound itself."""
    if gap <= 0 or not values:
        return ""
    rows = rows_for(values, gap, confidence, least)
    if rows > 1_000_000:
        return "; more than a million rows would settle it"
    unit = 10 ** max(0, len(str(rows)) - 2)
    return f"; about {-(-rows // unit) * unit:,} rows would settle it"


def _beside(found: Against, differences: Sequence[float], confidence: float) -> str:
    whom = "the base" if found.opponent == "base" else "the model in use"
    told = f"{found.difference:+.2f} [{found.low:+.2f}, {found.high:+.2f}] beside {whom} ({found.score:.2f})"
    if found.held:
        return f"{told} reaches {found.least:+g}"
    more = _more_rows(differences, found.difference - found.least, confidence, -1.0)
    return (
        f"{told} reaches {found.least:+g} with its mean alone{more}"
        if more
        else f"{told} does not reach {found.least:+g}"
    )
