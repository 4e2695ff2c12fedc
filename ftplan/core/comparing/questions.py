"""What is asked of a model, and what it answered, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftplan.core.recipe import digest


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A row of a dataset that models are held against. `line` is where it stands in it, from 1 on; `messages` and
    `tools` are what is asked; `wanted` is the assistant's message that the row gives as its answer, None where it gives
    none; `row` is all of it."""

    line: int
    messages: tuple[Mapping[str, Any], ...]
    wanted: Mapping[str, Any] | None
    row: Mapping[str, Any]
    tools: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One request to one model, with everything that its answer depends on. `parameters` are sent as they are:
    temperature, seed, max_completion_tokens, response_format and the like."""

    model: str
    messages: tuple[Mapping[str, Any], ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered. `text` is None where it called tools only; `tool_calls` as the wire has them. Tokens are
    those that the service bills, `cached_tokens` being part of `prompt_tokens`; None where it does not tell."""

    text: str | None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    rehearsal: bool = False


def question_key(account: str, question: Question) -> str:
    """sha256 of all that an answer depends on: the service and whose account it is, the model, the prompt, the
    parameters. An answer that was paid for is found again by it."""
    asked = [list(question.messages), list(question.tools), dict(question.parameters)]
    return digest([account, question.model, asked])


def asked_of(row: HeldOut, model: str, parameters: Mapping[str, Any]) -> Question:
    """What `row` asks of `model`. Whether tools may be called side by side is the row's own word."""
    given = row.row.get("input")
    side_by_side = (given if isinstance(given, Mapping) else row.row).get("parallel_tool_calls")
    own = {"parallel_tool_calls": side_by_side} if row.tools and isinstance(side_by_side, bool) else {}
    return Question(model, row.messages, row.tools, {**own, **parameters})
