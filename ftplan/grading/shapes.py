"""Graders of the shape of an answer: a pattern, a JSON Schema, the calls it makes. jsonschema_rs' door."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ftplan.core.comparing.comparison import answer_text, calls_of
from ftplan.core.comparing.questions import Answer, HeldOut
from ftplan.errors import Place, Problem
from ftplan.grading.grade import AsksNobody, Grade, passed


@dataclass(frozen=True, slots=True)
class Pattern(AsksNobody):
    """1 where the pattern is found in the answer."""

    validator: Any

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        return passed(_fits(self.validator, answer_text(answer)), "the pattern is not found")


@dataclass(frozen=True, slots=True)
class Shape(AsksNobody):
    """1 where the answer is JSON that fits a schema."""

    validator: Any

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        try:
            value = json.loads(answer_text(answer))
        except (ValueError, RecursionError):
            return Grade(0.0, "it is no JSON")
        return passed(_fits(self.validator, value), "it does not fit the schema")


@dataclass(frozen=True, slots=True)
class ToolCalls(AsksNobody):
    """1 where the same functions are called with the same arguments; `ordered` says whether their order counts."""

    ordered: bool = False

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        wanted = calls_of((row.wanted or {}).get("tool_calls"))
        made = calls_of(answer.tool_calls)
        same = made == wanted if self.ordered else Counter(made) == Counter(wanted)
        return passed(same, f"it calls {_names(made)}; {_names(wanted)} was wanted")


def pattern(text: str, place: Place | None) -> Pattern | Problem:
    """The grader for a pattern, or what is wrong with it."""
    validator = _validator({"type": "string", "pattern": text})
    if validator is None:
        detail = f"It is no regular expression that is matched in linear time: {text[:80]!r}."
        return Problem("Invalid pattern", detail, place, "Look-around and references back are not known to it.")
    return Pattern(validator)


def shape(schema: Any, place: Place | None) -> Shape | Problem:
    """The grader for a JSON Schema, or what is wrong with it."""
    validator = _validator(schema)
    if validator is None:
        detail = "It is no JSON Schema, or one that wants something from elsewhere, which is not fetched."
        return Problem("Invalid JSON Schema", detail, place, "Check it against the draft that it names.")
    return Shape(validator)


def _validator(schema: Any) -> Any:
    """The validator of `schema`, None where there is none. Patterns take linear time, whatever they are given."""
    # 28 ms to import; only an evaluation pays it.
    import jsonschema_rs

    try:
        linear = jsonschema_rs.RegexOptions()
        return jsonschema_rs.validator_for(schema, retriever=_fetch_nothing, pattern_options=linear)
    except ValueError:
        return None


def _fits(validator: Any, value: Any) -> bool:
    """Whether `value` fits. One that holds half a character, or is nested beyond measure, fits nothing."""
    try:
        return bool(validator.is_valid(value))
    except (ValueError, RecursionError):
        return False


def _fetch_nothing(uri: str) -> Any:
    raise ValueError("an evaluation makes ftplan fetch nothing")


def _names(calls: list[tuple[str, str]]) -> str:
    return ", ".join(name[:40] for name, _ in calls[:3]) or "no function"
