"""What is worth a warning in the tools of a row that breaks no rule, and in the calls its messages make.

Sources: OpenAI's API description (ChatCompletionTool, ChatCompletionFunctions, the chat message schemas), and what its
chat API answers where it says no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftplan.datasets.rows.faults import Fault, shown
from ftplan.datasets.rows.message_rules import (
    FUNCTION_REPLY,
    MIXED_TOOLS,
    PARALLEL_CALLS,
    TOOL_COUNT,
    TOOL_SCHEMA,
    UNANSWERED_CALL,
    UNDECLARED_TOOL,
)
from ftplan.datasets.rows.tools import MAX_FUNCTIONS

Messages = Sequence[Mapping[str, Any]]

_PLAIN_KEYS = frozenset({"role", "content"})
_SWITCH = "parallel_tool_calls"


def tool_remarks(row: Mapping[str, Any], messages: Messages, where: str) -> Iterator[Fault]:
    """What concerns the tools that `row` offers and the calls of `messages`, which stand at `where` in it. Nearly all
    rows have neither, and cost one look at each message."""
    if _SWITCH in row:
        yield from _switch(row, messages, where)
    if not (row.get("tools") or row.get("functions")) and all(message.keys() == _PLAIN_KEYS for message in messages):
        return
    from ftplan.datasets.rows.tool_fit import is_schema, parameters_offered

    for name, parameters in parameters_offered(row).items():
        if parameters is not None and not is_schema(parameters):
            yield Fault(TOOL_SCHEMA, f"The parameters of tool {shown(name)} cannot be used as a JSON Schema.")
    if len(row.get("tools") or ()) > MAX_FUNCTIONS:
        yield Fault(TOOL_COUNT, f"The row offers {len(row['tools'])} tools; services may take {MAX_FUNCTIONS}.")
    yield from _mixed(row, messages)
    yield from undeclared_calls(row, messages, where)
    yield from _function_replies(messages, where)
    yield from _unanswered(messages, where)


def undeclared_calls(row: Mapping[str, Any], messages: Messages, where: str) -> Iterator[Fault]:
    """The calls of what `row` does not offer."""
    from ftplan.datasets.rows.tool_fit import calls_made, parameters_offered

    offered = parameters_offered(row)
    for at, function in calls_made(messages, where):
        if function["name"] not in offered:
            yield Fault(UNDECLARED_TOOL, f"{at} names {shown(function['name'])}, which the row does not offer.")


def _switch(row: Mapping[str, Any], messages: Messages, where: str) -> Iterator[Fault]:
    # OpenAI's own example of a preference pair has it beside an empty list of tools.
    if row.get("tools") is None:
        yield Fault(PARALLEL_CALLS, "The row has it, and no tools.")
    elif row[_SWITCH] is False:
        for index, message in enumerate(messages):
            calls = len(message.get("tool_calls") or ())
            if calls > 1:
                yield Fault(PARALLEL_CALLS, f"It is false, and {where}[{index}] makes {calls} calls.")


def _mixed(row: Mapping[str, Any], messages: Messages) -> Iterator[Fault]:
    newer = bool(row.get("tools")) or any("tool_calls" in _said(message) for message in messages)
    older = bool(row.get("functions")) or any("function_call" in _said(message) for message in messages)
    if newer and older:
        yield Fault(MIXED_TOOLS, "The row has both, the newer form and the older one.")


def _said(message: Mapping[str, Any]) -> set[str]:
    return {key for key, value in message.items() if value}


def _function_replies(messages: Messages, where: str) -> Iterator[Fault]:
    called: set[str] = set()
    for index, message in enumerate(messages):
        called |= {call["name"] for call in (message.get("function_call"),) if call}
        if message["role"] == "function" and message["name"] not in called:
            yield Fault(FUNCTION_REPLY, f"{where}[{index}].name is no function called before it.")


def _unanswered(messages: Messages, where: str) -> Iterator[Fault]:
    """Calls with another turn behind them and no answer in between. The last message may call and end there."""
    waiting: set[str] = set()
    at = ""
    for index, message in enumerate(messages):
        if message["role"] in ("tool", "function"):
            waiting.discard(message["tool_call_id" if message["role"] == "tool" else "name"])
            continue
        if waiting:
            calls = "1 call" if len(waiting) == 1 else f"{len(waiting)} calls"
            yield Fault(UNANSWERED_CALL, f"{at} makes {calls} that no message answers.")
        at, waiting = f"{where}[{index}]", _calls(message)


def _calls(message: Mapping[str, Any]) -> set[str]:
    """The ids of the calls of a message; the older form has a name alone."""
    older = message.get("function_call")
    return {call["id"] for call in message.get("tool_calls") or ()} | ({older["name"]} if older else set())
