"""The graders of an evaluation, made ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftplan.core.evaluating import EvalSpec, GraderSpec
from ftplan.errors import ConfigError, Problem
from ftplan.grading.functions import function
from ftplan.grading.grade import Grade, Grader
from ftplan.grading.judge import Judge
from ftplan.grading.shapes import ToolCalls, pattern, shape
from ftplan.grading.texts import Exact, Numeric, Similarity

__all__ = ["Grade", "Grader", "Weighed", "graders_for", "spec_problems", "together"]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A grader with what its spec says of it. `provider` is where its judge is; None for where the model is."""

    spec: GraderSpec
    grader: Grader
    provider: str | None = None


def graders_for(spec: EvalSpec, allowed: frozenset[str], folder: str) -> list[Weighed]:
    """The graders of `spec`. Functions run where `allowed` names them, and are looked for in `folder` as well. Raises
    `ConfigError` for what cannot be used, `GateRefused` for what is not allowed."""
    return [Weighed(one, _grader(one, allowed, folder), one.settings.get("provider")) for one in spec.graders]


def spec_problems(specs: Mapping[str, EvalSpec]) -> list[Problem]:
    """What is wrong with patterns and schemas, found without asking or running anything."""
    found = [_checked(grader) for spec in specs.values() for grader in spec.graders]
    return [problem for problem in found if isinstance(problem, Problem)]


def together(grades: Sequence[tuple[GraderSpec, Grade]]) -> Grade:
    """The grades of several graders as one, each by its weight."""
    total = sum(spec.weight for spec, _ in grades)
    score = sum(spec.weight * grade.score for spec, grade in grades) / total
    return Grade(score, "; ".join(f"{spec.name}: {grade.why}" for spec, grade in grades if grade.why))


def _checked(spec: GraderSpec) -> Any:
    settings = spec.settings
    if spec.type == "regex":
        return pattern(settings["pattern"], spec.place)
    return shape(settings["schema"], spec.place) if spec.type == "json_schema" else None


def _grader(spec: GraderSpec, allowed: frozenset[str], folder: str) -> Grader:
    settings: dict[str, Any] = {key: value for key, value in spec.settings.items() if key != "provider"}
    match spec.type:
        case "exact":
            return Exact(**settings)
        case "numeric":
            return Numeric(**settings)
        case "similarity":
            return Similarity(**settings)
        case "tool_calls":
            return ToolCalls(**settings)
        case "judge":
            return Judge(**settings, place=spec.place)
        case "python":
            return function(settings["function"], allowed, folder, spec.place)
        case "regex" | "json_schema":
            made = _checked(spec)
            if isinstance(made, Problem):
                raise ConfigError(made)
            grader: Grader = made
            return grader
        case _:
            raise LookupError(f"no grader is called {spec.type}")
