"""Reinforcement in small: answer with what the nearest example seen so far wanted, and be graded for it.

Graders that need a model or run code cannot run here. Their place is taken by how alike the two answers are,
and nothing a user sent is ever executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from ftplan.sandbox.learners import Measure
from ftplan.sandbox.nearest import Nearest
from ftplan.sandbox.rows import Example

_ITEM = re.compile(r"\{\{\s*item\.([\w.]+)\s*\}\}")


def wanted_answer(example: Example, grader: Mapping[str, Any]) -> str:
    """What would please the grader most: its reference filled in from the row, or else the row's own extra fields."""
    reference = _reference(grader)
    if reference and _ITEM.search(reference):
        return _ITEM.sub(lambda found: _field(example.item, found.group(1)), reference)
    extra = {key: value for key, value in example.item.items() if key not in ("messages", "tools")}
    return json.dumps(extra, ensure_ascii=False, sort_keys=True)


def reward(answer: str, wanted: str, grader: Mapping[str, Any]) -> float:
    """Between 0 and 1: what the grader would give ``answer`` where ``wanted`` is the reference."""
    if grader.get("type") == "multi":
        parts = _parts(grader)
        return sum(reward(answer, wanted, part) for part in parts) / max(1, len(parts))
    if grader.get("type") != "string_check":
        return SequenceMatcher(None, answer, wanted, autojunk=False).ratio()
    verdicts = {
        "eq": answer == wanted,
        "ne": answer != wanted,
        "like": wanted in answer,
        "ilike": wanted.lower() in answer.lower(),
    }
    return float(verdicts.get(str(grader.get("operation")), False))


class RewardLearner:
    """Remembers rows as it learns them. Loss is 1 - mean reward; accuracy is the share with a full reward."""

    def __init__(self, examples: Sequence[Example], grader: Mapping[str, Any]) -> None:
        self._grader = grader
        self._index = Nearest([example.prompt for example in examples])
        self._answers = [wanted_answer(example, grader) for example in examples]
        self._positions = {id(example): position for position, example in enumerate(examples)}
        self._seen: set[int] = set()

    def prepared(self, examples: Sequence[Example]) -> list[Any]:
        return [
            (example.prompt, wanted_answer(example, self._grader), self._positions.get(id(example)))
            for example in examples
        ]

    def measure(self, batch: Sequence[Any]) -> Measure:
        rewards = [reward(self._answer(prompt, own), wanted, self._grader) for prompt, wanted, own in batch]
        count = len(rewards) or 1
        return Measure(1.0 - sum(rewards) / count, sum(r >= 1.0 for r in rewards) / count)

    def learn(self, batch: Sequence[Any]) -> Measure:
        measured = self.measure(batch)
        self._seen.update(own for _, _, own in batch if own is not None)
        return measured

    def _answer(self, prompt: str, own: int | None) -> str:
        position = own if own in self._seen else self._index.find(prompt, self._seen)
        return "" if position is None else self._answers[position]


def _parts(grader: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    graders = grader.get("graders") or {}
    listed = graders.values() if isinstance(graders, dict) and "type" not in graders else [graders]
    return [part for part in listed if isinstance(part, dict)]


def _reference(grader: Mapping[str, Any]) -> str:
    if grader.get("type") == "multi":
        return next(filter(None, map(_reference, _parts(grader))), "")
    return str(grader.get("reference") or "")


def _field(item: Mapping[str, Any], path: str) -> str:
    value: Any = item
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
