"""Asking a model over the wire: POST /chat/completions, one request a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftplan.core.comparing.questions import Answer, Question
from ftplan.providers.openai_answers import body_of
from ftplan.providers.openai_clients import Clients
from ftplan.providers.openai_errors import Translator


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
    """The first choice of a completion. Raises KeyError, IndexError or TypeError for what is none."""
    choice = body["choices"][0]
    message, usage = choice["message"], body.get("usage") or {}
    content = message.get("content")
    if content is not None and not isinstance(content, str):
        raise TypeError("the content of its answer is no text")
    details = usage.get("prompt_tokens_details") or {}
    return Answer(
        text=content if content is not None else message.get("refusal"),
        tool_calls=tuple(message.get("tool_calls") or ()),
        finish_reason=str(choice.get("finish_reason") or ""),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(details.get("cached_tokens")),
        rehearsal="rehearsal" in body,
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
