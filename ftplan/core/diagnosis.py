"""What the figures of a training say about it, in words with the figures behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median

from ftplan.core.metrics import LARGEST_FIGURE, TRAIN_LOSS, VALID_LOSSES, Metrics, Series

OVERFIT_EVALUATIONS = 3
"""So many evaluations have to be worse than the best one: one or two are within the chance of a small sample."""
OVERFIT_RISE = 0.02
"""Worse by less is what another order of the same rows makes."""
EVALUATIONS = 20
"""More evaluations than these are taken together in so many groups, since each was made on a few rows."""
CONVERGED_FALL = 0.05
"""A loss that falls by less from one fifth of a training to the next is as good as flat: another epoch buys little."""
CONVERGED_STEPS = 10
"""With fewer steps a fifth is a single batch, and tells of its rows rather than of the training."""
SPIKE_TIMES = 2.0
"""A jump is at least twice the highest loss of the steps before: batches of a few rows differ by half often enough."""
SPIKE_FLOOR = 0.1
"""And higher by so much (nats a token): a jump of a loss that is next to nothing moves no weights worth a word."""
SPIKE_WINDOW = 20
"""What was before is at most so many steps: the high losses that every training begins with are soon forgotten."""
SPIKE_FEWEST = 5
"""And at least so many: the first ones fall too fast to be compared with."""


OVERFIT = "overfit"
"""The finding that rows are learned by heart from its step on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the figures say: its name, a sentence for a person, the figures behind it, and the step it is
    about; None where it is about all of them."""

    name: str
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    step: int | None = None


def diagnosis(metrics: Metrics) -> tuple[Finding, ...]:
    """What is worth saying of a training, the worst first. Nothing is said of a training without a loss."""
    train = metrics.columns.get(TRAIN_LOSS, {})
    found = [_diverged(metrics)]
    if train:
        found += [
            _overfit(metrics, train),
            _unstable(train),
            _unconverged(train) if metrics.complete else None,
            _unvalidated(metrics) if metrics.complete else None,
        ]
    return tuple(finding for finding in found if finding is not None)


def _diverged(metrics: Metrics) -> Finding | None:
    """The first loss that was no number any more: from there on nothing was learned."""
    steps = {name: step for name, step in metrics.not_finite.items() if "loss" in name}
    if not steps:
        return None
    name = min(steps, key=lambda column: (steps[column], column))
    sentence = (
        f"{name} is no finite number at step {steps[name]}: the training diverged there. A smaller learning rate "
        "multiplier is the first thing to try."
    )
    return Finding("diverged", sentence, {}, steps[name])


def _overfit(metrics: Metrics, train: Series) -> Finding | None:
    """Where the validation loss was best, if it is worse at each of the last evaluations while the training loss goes
    on falling."""
    name, points = _evaluations(metrics)
    best = min(range(len(points)), key=lambda at: points[at][1], default=0)
    after = points[best + 1 :]
    if len(after) < OVERFIT_EVALUATIONS:
        return None
    step, lowest = points[best]
    count = len(metrics.columns[name])
    what = name if len(points) == count else f"{name} (the mean of about {count // len(points)} evaluations)"
    bound = lowest + OVERFIT_RISE * abs(lowest)
    if any(value <= bound for _, value in after[-OVERFIT_EVALUATIONS:]):
        return None
    then, now = _level(train, step), _level(train, max(train))
    if then is None or now is None or now >= then:
        return None
    last_step, last = points[-1]
    sentence = (
        f"{what} was lowest at step {step} ({_shown(lowest)}) and is {_shown(last)} at step {last_step}, while "
        f"train_loss went on from {_shown(then)} to {_shown(now)}: from step {step} on it learned its rows by heart. "
        "Fewer epochs, or more and more varied rows."
    )
    figures = {"lowest": lowest, "last": last, "train_loss_then": then, "train_loss_now": now}
    return Finding(OVERFIT, sentence, {**figures, "evaluations_after": float(len(after))}, step)


def _unstable(train: Series) -> Finding | None:
    """Jumps of the training loss against the steps before."""
    before: deque[float] = deque(maxlen=SPIKE_WINDOW)
    spikes: list[tuple[int, float, float]] = []
    for step, value in train.items():
        highest = max(before, default=value)
        if len(before) >= SPIKE_FEWEST and value > max(SPIKE_TIMES * highest, highest + SPIKE_FLOOR):
            spikes.append((step, value, median(before)))
        before.append(value)
    if not spikes:
        return None
    step, value, usual = max(spikes, key=lambda spike: spike[1] - spike[2])
    times = "once" if len(spikes) == 1 else f"{len(spikes)} times, first at step {spikes[0][0]}"
    sentence = (
        f"train_loss jumps {times}; at step {step} it is {_shown(value)} where it had been about {_shown(usual)}. "
        "Look for odd rows, or try a larger batch size or a smaller learning rate multiplier."
    )
    figures = {"spikes": float(len(spikes)), "value": value, "usual": usual}
    return Finding("unstable-loss", sentence, figures, spikes[0][0])


def _unconverged(train: Series) -> Finding | None:
    """A training loss that still falls when the training ends."""
    values = list(train.values())
    fifth = len(values) // 5
    if len(values) < CONVERGED_STEPS:
        return None
    before, last = fmean(values[-2 * fifth : -fifth]), fmean(values[-fifth:])
    fall = min((before - last) / before, LARGEST_FIGURE) if before > 0 else 0.0
    if fall <= CONVERGED_FALL:
        return None
    first = list(train)[-fifth]
    sentence = (
        f"train_loss still fell by {fall:.1%} over the last fifth of the steps, from {_shown(before)} to "
        f"{_shown(last)} on average: more epochs may make a better model."
    )
    return Finding("not-converged", sentence, {"fall": fall, "before": before, "last": last}, first)


def _unvalidated(metrics: Metrics) -> Finding | None:
    if any(series and name.startswith(("valid_", "full_valid_")) for name, series in metrics.columns.items()):
        return None
    sentence = (
        "No figure was measured on rows that were not trained on, so nothing tells learning from learning by heart. "
        "Declare a validation dataset."
    )
    return Finding("no-validation", sentence)


def _evaluations(metrics: Metrics) -> tuple[str, list[tuple[int, float]]]:
    """The validation loss to judge by, over all rows where there are enough of these, and its evaluations by step."""
    for name in VALID_LOSSES:
        points = list(metrics.columns.get(name, {}).items())
        if len(points) > OVERFIT_EVALUATIONS:
            return name, _grouped(points)
    return "", []


def _grouped(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `EVALUATIONS` of them, each the mean of its neighbours at the last one's step."""
    if len(points) <= EVALUATIONS:
        return list(points)
    bounds = [len(points) * at // EVALUATIONS for at in range(EVALUATIONS + 1)]
    groups = [points[start:end] for start, end in pairwise(bounds)]
    return [(group[-1][0], fmean(value for _, value in group)) for group in groups]


def _level(train: Series, step: int) -> float | None:
    """The training loss about `step`: the mean of the tenth of all steps that ends there."""
    upto = [value for at, value in train.items() if at <= step]
    return fmean(upto[-max(1, len(train) // 10) :]) if upto else None


def _shown(value: float) -> str:
    return f"{value:.4g}"
