"""What was measured while a job trained: figures by column and step, and where each column is known from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

Series: TypeAlias = Mapping[int, float]
"""Figures by step, in the order of the steps."""
Point: TypeAlias = tuple[Any, Any, Any]
"""Step, column and figure as somebody else wrote them; any of the three may be anything."""
Source = Literal["results file", "checkpoints", "events"]

# A job of 100,000 steps with all known columns keeps within these; what goes beyond was not written for reading.
MOST_COLUMNS = 64
MOST_FIGURES = 1_000_000
MOST_STEPS = 1_000_000_000
LONGEST_NAME = 100
LARGEST_FIGURE = 1e100
"""No training has a figure beyond it that means anything, and of larger ones a sum may be no number any more."""

TRAIN_LOSS = "train_loss"
VALID_LOSSES = ("full_valid_loss", "valid_loss")
KNOWN = (
    TRAIN_LOSS,
    "train_accuracy",
    "train_mean_token_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
    "train_mean_reward",
    "valid_mean_reward",
    "full_valid_mean_reward",
)
"""Columns in the order in which they are shown; every other one follows, by name."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one source says. `not_finite` is the first step at which a column was no finite number, NaN say, or as good
    as none; `cut` says that there was more than is ever kept."""

    columns: Mapping[str, Series] = field(default_factory=dict)
    not_finite: Mapping[str, int] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True, slots=True)
class RawMetrics:
    """What a service tells of one job. `complete` says that the job is over; `unheard` that something could not be
    read now and may be another time; `remarks` say what could not be read, and why."""

    results: Measured = Measured()
    checkpoints: Measured = Measured()
    events: Measured = Measured()
    complete: bool = True
    unheard: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one job. `sources` are those that a column has figures of, strongest first. `complete` is False
    while the job goes on."""

    columns: Mapping[str, Series] = field(default_factory=dict)
    sources: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    not_finite: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True

    @property
    def steps(self) -> list[int]:
        """Every step that has a figure, in order."""
        return sorted({step for series in self.columns.values() for step in series})


def _never_finite(name: str, ranked: Sequence[Measured]) -> list[int]:
    """The first step at which each source, strongest first, has no finite figure, where no stronger one has one."""
    steps, known = [], set[int]()
    for said in ranked:
        if name in said.not_finite and said.not_finite[name] not in known:
            steps.append(said.not_finite[name])
        known |= said.columns.get(name, {}).keys()
    return steps


def thinned(metrics: Metrics, most: int) -> Metrics:
    """`metrics` at about `most` steps: evenly spread, with the last one and the highest and lowest of each column."""
    steps = metrics.steps
    kept = set(steps[:: -(-len(steps) // max(1, most))]) | set(steps[-1:])
    for series in metrics.columns.values():
        if series:
            kept |= {min(series, key=lambda step: series[step]), max(series, key=lambda step: series[step])}
    columns = {name: {s: value for s, value in series.items() if s in kept} for name, series in metrics.columns.items()}
    return replace(metrics, columns=columns)


def measured(points: Iterable[Point]) -> Measured:
    """The figures in `points`, of one step and column the last one. What is no step, no name or no figure is left out,
    and so is what goes beyond the bounds above."""
    columns: dict[str, dict[int, float]] = {}
    not_finite: dict[str, int] = {}
    count = 0
    cut = False
    for step, name, value in points:
        figure = _figure(value)
        if not (_is_step(step) and _is_name(name)) or figure is None:
            continue
        if name not in columns and len(columns) >= MOST_COLUMNS:
            cut = True
            continue
        series = columns.setdefault(name, {})
        if not math.isfinite(figure):
            not_finite[name] = min(step, not_finite.get(name, step))
            continue
        if count >= MOST_FIGURES:
            cut = True
            break
        count += step not in series
        series[step] = figure
    kept = {name: dict(sorted(series.items())) for name, series in columns.items() if series or name in not_finite}
    return Measured(kept, not_finite, cut)


def merged(results: Measured, checkpoints: Measured, events: Measured, *, complete: bool = True) -> Metrics:
    """All that is known, figure by figure: the results file before the checkpoints, and these before the events. The
    file is what the service vouches for when a job is over; events are said along the way."""
    ranked: tuple[tuple[Source, Measured], ...] = (
        ("results file", results),
        ("checkpoints", checkpoints),
        ("events", events),
    )
    columns: dict[str, Series] = {}
    sources: dict[str, tuple[Source, ...]] = {}
    not_finite: dict[str, int] = {}
    for name in in_order({name for _, said in ranked for name in said.columns}):
        together: dict[int, float] = {}
        for _, said in reversed(ranked):
            together.update(said.columns.get(name, {}))
        steps = _never_finite(name, [said for _, said in ranked])
        if steps:
            not_finite[name] = min(steps)
        columns[name] = dict(sorted(together.items()))
        sources[name] = tuple(source for source, said in ranked if name in said.columns)
    return Metrics(columns, sources, not_finite, complete)


def in_order(names: Iterable[str]) -> list[str]:
    """Column names as they are shown: the known ones first."""
    return sorted(names, key=lambda name: (KNOWN.index(name) if name in KNOWN else len(KNOWN), name))


def best_step(name: str, series: Series) -> int | None:
    """The first step at which a column is at its best; None where nobody knows whether more of it is better."""
    if not series:
        return None
    if "loss" in name:
        return min(series, key=lambda step: series[step])
    if "accuracy" in name or "reward" in name:
        return max(series, key=lambda step: series[step])
    return None


def points_of(columns: Mapping[str, Any]) -> Iterator[Point]:
    """The points of a table {column: {step: figure}} as JSON gives it back, whose keys are texts."""
    for name, series in columns.items():
        for step, value in series.items() if isinstance(series, dict) else ():
            yield read_step(step), name, value


def read_step(text: str) -> int | None:
    """The step that a text says; None where it says none."""
    digits = text.strip().removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= len(str(MOST_STEPS)) else None


def _is_step(step: Any) -> bool:
    return isinstance(step, int) and not isinstance(step, bool) and 0 <= step <= MOST_STEPS


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name != "step"


def _figure(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        figure = float(value)
    except OverflowError:
        return math.inf
    return figure if abs(figure) <= LARGEST_FIGURE else math.nan if math.isnan(figure) else math.inf
