"""Who speaks in a row, what is said, and which tools are offered and called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.facts import Format


def conversation(row: Mapping[str, Any], format: Format) -> list[Mapping[str, Any]]:
    """The messages of a row that fits `format`, those of both outputs behind the others."""
    if format == "completion":
        return []
    if format == "preference":
        return [*row["input"]["messages"], *row["preferred_output"], *row["non_preferred_output"]]
    return list(row["messages"])


def speakers(row: Mapping[str, Any], format: Format) -> Iterator[tuple[str, list[str]]]:
    """Who speaks, and what is said: the text of the message and the arguments of its calls."""
    if format == "completion":
        yield "prompt", [row["prompt"]]
        yield "completion", [row["completion"]]
        return
    for message in conversation(row, format):
        yield message["role"], [*said(message), *(function["arguments"] for function in functions_called(message))]


def said(message: Mapping[str, Any]) -> list[str]:
    """The texts of a message."""
    content = message.get("content")
    if isinstance(content, list):
        return [part[part["type"]] for part in content if part["type"] != "image_url"]
    return [content] if isinstance(content, str) else []


def functions_called(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The functions that a message calls, with their arguments."""
    called = [call["function"] for call in message.get("tool_calls") or ()]
    return [*called, message["function_call"]] if message.get("function_call") else called


def called(row: Mapping[str, Any], format: Format) -> Iterator[str]:
    """The names of the functions that a row calls, each call by itself."""
    for message in conversation(row, format):
        yield from (function["name"] for function in functions_called(message))


def offered(row: Mapping[str, Any], format: Format) -> Iterator[Mapping[str, Any]]:
    """The functions that a row offers, as it defines them."""
    holder = row["input"] if format == "preference" else row
    yield from (tool["function"] for tool in holder.get("tools") or ())
    # A key called functions is a reinforcement row's own, whatever it holds.
    yield from (holder.get("functions") or ()) if format == "chat" else ()
