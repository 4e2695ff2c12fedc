"""What is worth a warning in one row that breaks no rule: nothing here refuses anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftplan.core.facts import Format
from ftplan.datasets.faults import Fault, shown
from ftplan.datasets.rules import (
    EMPTY_ANSWER,
    ENDS_UNANSWERED,
    SAME_OUTPUTS,
    SYSTEM_LATER,
    TOOL_SCHEMA,
    UNANSWERED_CALL,
    UNDECLARED_TOOL,
)

OPENING = ("system", "developer")
_PLAIN_KEYS = frozenset({"role", "content"})


def row_remarks(row: Mapping[str, Any], format: Format) -> Iterator[Fault]:
    """What is worth saying of a row that fits `format`."""
    match format:
        case "chat":
            yield from _conversation(row["messages"], "messages")
            if row["messages"][-1]["role"] != "assistant":
                yield Fault(ENDS_UNANSWERED, f"The last message has role {row['messages'][-1]['role']}.")
            yield from _tools(row, row["messages"], "messages")
        case "reinforcement":
            yield from _conversation(row["messages"], "messages")
            yield from _tools(row, row["messages"], "messages")
        case "preference":
            yield from _pair(row)
        case "completion":
            if not row["completion"].strip():
                yield Fault(EMPTY_ANSWER, "completion holds nothing but blanks.")


def _conversation(messages: Sequence[Mapping[str, Any]], where: str) -> Iterator[Fault]:
    opening = True
    for index, message in enumerate(messages):
        role = message["role"]
        if role in OPENING:
            if not opening:
                yield Fault(SYSTEM_LATER, f"{where}[{index}] has role {role} and stands behind other messages.")
            continue
        opening = False
        if role == "assistant" and _says_nothing(message):
            yield Fault(EMPTY_ANSWER, f"{where}[{index}].content holds nothing but blanks.")


def _says_nothing(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    if message.get("weight") == 0 or message.get("tool_calls") or message.get("function_call"):
        return False
    if message.get("refusal"):
        return False
    if isinstance(content, list):
        content = "".join(str(part.get(part["type"], "")) for part in content)
    return not (content or "").strip()


def _tools(row: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], where: str) -> Iterator[Fault]:
    """What concerns tools. Nearly all rows have none, and cost one look at each message."""
    offers = bool(row.get("tools") or row.get("functions"))
    if not offers and all(message.keys() == _PLAIN_KEYS for message in messages):
        return
    from ftplan.datasets.tool_fit import calls_made, is_schema, parameters_offered

    offered = parameters_offered(row)
    for name, parameters in offered.items():
        if parameters is not None and not is_schema(parameters):
            yield Fault(TOOL_SCHEMA, f"The parameters of tool {shown(name)} cannot be used as a JSON Schema.")
    for at, function in calls_made(messages, where):
        if function["name"] not in offered:
            yield Fault(UNDECLARED_TOOL, f"{at} names {shown(function['name'])}, which the row does not offer.")
    yield from _unanswered(messages, where)


def _unanswered(messages: Sequence[Mapping[str, Any]], where: str) -> Iterator[Fault]:
    """Calls with another turn behind them and no answer in between. The last message may call and end there."""
    waiting: set[str] = set()
    at = ""
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            waiting.discard(message["tool_call_id"])
            continue
        if waiting:
            calls = "1 call" if len(waiting) == 1 else f"{len(waiting)} calls"
            yield Fault(UNANSWERED_CALL, f"{at} makes {calls} that no tool message answers.")
        at, waiting = f"{where}[{index}]", {call["id"] for call in message.get("tool_calls") or ()}


def _pair(row: Mapping[str, Any]) -> Iterator[Fault]:
    given = row["input"]
    yield from _conversation(given["messages"], "input.messages")
    yield from _tools(given, (*given["messages"],), "input.messages")
    preferred, other = row["preferred_output"], row["non_preferred_output"]
    if preferred == other:
        yield Fault(SAME_OUTPUTS, "preferred_output and non_preferred_output say the same.")
    for key, (message,) in (("preferred_output", preferred), ("non_preferred_output", other)):
        if _says_nothing(message):
            yield Fault(EMPTY_ANSWER, f"{key}[0].content holds nothing but blanks.")
