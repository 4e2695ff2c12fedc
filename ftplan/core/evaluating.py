"""What is declared of evaluations and of the names that models go by once they have passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftplan.errors import Place

EVAL_PREFIX = "eval."
EVAL_SEED = 7
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class GraderSpec:
    """How one answer is graded. `type` names the grader, `settings` are its own; of several, each counts by its
    `weight`."""

    name: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a model has to reach: a mean `score` from 0 to 1, and how much better it has to be than its base and than
    the model in use, on the same rows. Each holds where the lower bound of the confidence interval reaches it; None
    asks for nothing."""

    score: float | None = None
    over_base: float | None = None
    over_current: float | None = None


@dataclass(frozen=True, slots=True)
class EvalSpec:
    """An evaluation. `dataset` is a name; `limit` rows of it are taken by `seed`, None for all; `parameters` go with
    every question. `places` maps a key to where it stands."""

    name: str
    dataset: str
    graders: tuple[GraderSpec, ...]
    limit: int | None = None
    seed: int = EVAL_SEED
    parameters: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    confidence: float = CONFIDENCE
    place: Place | None = field(default=None, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class AliasSpec:
    """A stable name that stands for `model` (its name) once it has passed what it `requires`: names of evaluations."""

    name: str
    model: str
    requires: tuple[str, ...] = ()
    place: Place | None = field(default=None, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
