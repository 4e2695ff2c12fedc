"""What is remembered of models in use: the checkpoint taken, how they were judged, and the names they go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

MOST_FORMER_TARGETS = 20
MOST_PAST_TARGETS = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """Who had a job started, from which commit of the configuration's repository, and when (UTC, ISO 8601). Empty where
    that was not known; `dirty` says that something was not committed."""

    who: str = ""
    commit: str = ""
    at: str = ""
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class TakenCheckpoint:
    """The checkpoint of the job `job_id` that is a model's output instead of its last step. `wish` is what was
    declared, in words: `step 80`, `best valid_loss`; `figure` is the value it was chosen by."""

    job_id: str
    step: int
    model_id: str
    wish: str
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What an alias stood for, from `since` on (UTC, ISO 8601), moved there by `who`."""

    model: str
    provider: str
    model_id: str
    job_id: str
    fingerprint: str
    since: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """A stable name for a model in use. `former` are the targets that a rollback goes back to, newest last, and
    `history` all that it stood for before, those that were left by a rollback as well; `rolled_back` is the id of the
    model that was left by the last one, to which no apply moves it again unasked."""

    name: str
    now: Target
    former: tuple[Target, ...] = ()
    rolled_back: str | None = None
    history: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """That what is asked before an alias moves was approved with the plan of an apply: for the model of the recipe with
    this `fingerprint`, by evaluations whose verdicts depend on what `decided_by` has digests of, by their names. `most`
    is the upper end of what they were estimated to cost in USD; None where that was not known."""

    alias: str
    fingerprint: str
    decided_by: Mapping[str, str] = field(default_factory=dict)
    most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Against:
    """How a model did beside another on the same rows: the mean of the differences and the bounds of its confidence
    interval. `held` says whether that is enough, `least` is what was asked for."""

    opponent: Literal["base", "current"]
    model_id: str
    score: float
    difference: float
    low: float
    high: float
    least: float
    held: bool


@dataclass(frozen=True, slots=True)
class EvalRecord:
    """How a model did in an evaluation. `digest` is of everything the verdict depends on (graders, thresholds, rows,
    opponents); `score` the mean over `rows` between 0 and 1 with its confidence interval; `passed` the verdict and
    `said` why, in words with figures."""

    name: str
    model: str
    model_id: str
    digest: str
    rows: int
    score: float
    low: float
    high: float
    passed: bool
    against: tuple[Against, ...] = ()
    said: tuple[str, ...] = ()
    at: str = ""
    rehearsal: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.name, self.model_id)
