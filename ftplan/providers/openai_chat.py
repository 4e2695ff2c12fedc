"""Asking a model over the wire: POST /chat/completions, one request a question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.comparing.comparison import message_text
from ftplan.core.comparing.questions import Answer, Question
from ftplan.errors import Problem, Rejected
from ftplan.providers.openai_answers import body_of
from ftplan.providers.openai_clients import Clients
from ftplan.providers.openai_errors import Translator

MOST_TOKENS = 1_000_000_000
LONGEST_WORD = 200


def answer(clients: Clients, translate: Translator, question: Question) -> Answer:
    """What the model of `question` answers. Raises as `ports.Answers` says."""
    with translate.asking(f"answer as {question.model}"):
        create = clients.answers.chat.completions.with_raw_response.create
        order: dict[str, Any] = {"model": question.model, "messages": list(question.messages)}
        if question.tools:
            order["tools"] = list(question.tools)
        # As a body, since what the SDK does not know is the service's to judge.
        return _answer(body_of(create(**order, extra_body=dict(question.parameters))))


def _answer(body: Mapping[str, Any]) -> Answer:
    """The first choice of a completion. What was answered was paid for, so whatever of it has an odd shape is read as
    far as it can be. Raises `Rejected` where there is no answer in it: asked again, it would be paid for again."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        detail = "It answered, and there is no message in what it answered. It is not asked again in this run."
        raise Rejected(
            Problem("Unreadable answer", detail, advice="Look whether base_url leads to the service itself.")
        )
    usage = _object(body.get("usage"))
    return Answer(
        text=_text(message),
        tool_calls=tuple(_calls(message.get("tool_calls"))),
        finish_reason=_safe(str(choice.get("finish_reason") or ""))[:LONGEST_WORD],
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(_object(usage.get("prompt_tokens_details")).get("cached_tokens")),
        rehearsal="rehearsal" in body,
    )


def _text(message: Mapping[str, Any]) -> str | None:
    """What it says; of parts, all that is text."""
    content = message.get("content")
    if content is None:
        refusal = message.get("refusal")
        return _safe(refusal) if isinstance(refusal, str) else None
    return _safe(message_text(message))


def _calls(listed: Any) -> Iterator[dict[str, Any]]:
    """Calls of functions, with their arguments as text."""
    for call in listed if isinstance(listed, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            arguments = function.get("arguments")
            named = {"name": _safe(str(function.get("name"))), "arguments": _safe(_written(arguments))}
            yield {"id": _safe(str(call.get("id") or ""))[:LONGEST_WORD], "type": "function", "function": named}


def _written(arguments: Any) -> str:
    try:
        return arguments if isinstance(arguments, str) else json.dumps(arguments)
    except (ValueError, RecursionError):
        return ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _safe(text: str) -> str:
    """`text` without halves of characters, which JSON can hold and nothing else can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _count(value: Any) -> int | None:
    """A number of tokens; None for what is none, or more than any model reads."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else None
