"""The rules for tools a row offers and for the calls its messages make.

Source: OpenAI's API description (ChatCompletionTool, FunctionObject, ChatCompletionMessageToolCall).
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ftplan.datasets.rows.faults import Fault, unknown_keys, wrong_type
from ftplan.datasets.rows.message_rules import CALL_ARGUMENTS, CALL_ID, FUNCTION_COUNT, TOOL_CALLS, TOOL_NAME, TOOL_TYPE

MAX_FUNCTIONS = 128
# A version of marshal that writes equal values alike, whichever objects they share.
PLAIN_VALUES = 2
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
FUNCTION_KEYS = frozenset({"name", "description", "parameters", "strict"})


def tool_faults(row: Mapping[str, Any], where: str) -> Iterator[Fault]:
    """What is wrong with `tools` and `parallel_tool_calls` of a row or of its `input`."""
    yield from _switch_faults(row, where)
    tools = row.get("tools")
    if tools is None:
        return
    if not isinstance(tools, list):
        yield wrong_type(f"{where}tools", tools, "a list")
        return
    if not _are_sound(marshal.dumps(tools, PLAIN_VALUES)):
        yield from _list_faults(tools, f"{where}tools")


# The same few tools stand in row after row: to spell them takes a tenth of looking at them.
@lru_cache(maxsize=512)
def _are_sound(spelled: bytes) -> bool:
    return next(_list_faults(marshal.loads(spelled), "tools"), None) is None  # noqa: S302 - written above


def _list_faults(tools: list[Any], where: str) -> Iterator[Fault]:
    for index, tool in enumerate(tools):
        at = f"{where}[{index}]"
        if not isinstance(tool, dict):
            yield wrong_type(at, tool, "an object")
            continue
        yield from unknown_keys(tool, {"type", "function"}, at)
        yield from _kind_faults(tool, at)
        yield from _function_faults(tool.get("function"), f"{at}.function")


def legacy_function_faults(row: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with `functions`, the older way to offer tools."""
    functions = row.get("functions")
    if functions is None:
        return
    if not isinstance(functions, list):
        yield wrong_type("functions", functions, "a list")
        return
    if not 1 <= len(functions) <= MAX_FUNCTIONS:
        detail = f"functions has {len(functions)} entries; 1 to {MAX_FUNCTIONS} are allowed."
        yield Fault(FUNCTION_COUNT, detail)
    for index, function in enumerate(functions):
        yield from _function_faults(function, f"functions[{index}]")


def call_faults(message: Mapping[str, Any], where: str) -> Iterator[Fault]:
    """What is wrong with the tool calls, or the older function call, of an assistant message."""
    if message.get("function_call") is not None:
        yield from _called_faults(message["function_call"], f"{where}.function_call")
    calls = message.get("tool_calls")
    if calls is None:
        return
    if not isinstance(calls, list) or not calls:
        detail = "an empty list" if calls == [] else "not a list"
        advice = "List the calls, or leave the key out."
        yield Fault(TOOL_CALLS, f"{where}.tool_calls is {detail}.", advice)
        return
    for index, call in enumerate(calls):
        yield from _call_faults(call, f"{where}.tool_calls[{index}]")


def call_ids(message: Mapping[str, Any]) -> set[str]:
    """The ids of the calls a message makes, as far as they can be read."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return set()
    return {call["id"] for call in calls if isinstance(call, dict) and isinstance(call.get("id"), str)}


def _call_faults(call: Any, where: str) -> Iterator[Fault]:
    if not isinstance(call, dict):
        yield wrong_type(where, call, "an object")
        return
    yield from unknown_keys(call, {"id", "type", "function"}, where)
    if not isinstance(call.get("id"), str) or not call["id"]:
        yield Fault(CALL_ID, f"{where}.id must be a string that is not empty.")
    yield from _kind_faults(call, where)
    yield from _called_faults(call.get("function"), f"{where}.function")


def _called_faults(function: Any, where: str) -> Iterator[Fault]:
    if not isinstance(function, dict):
        yield wrong_type(where, function, "an object with name and arguments")
        return
    yield from unknown_keys(function, {"name", "arguments"}, where)
    yield from _name_faults(function, where)
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        yield wrong_type(f"{where}.arguments", arguments, "a string that holds JSON")
    elif not _holds_object(arguments):
        advice = "Without arguments, write the string {}."
        yield Fault(CALL_ARGUMENTS, f"{where}.arguments cannot be read as one.", advice)


def _holds_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _function_faults(function: Any, where: str) -> Iterator[Fault]:
    if not isinstance(function, dict):
        yield wrong_type(where, function, "an object with a name")
        return
    yield from unknown_keys(function, FUNCTION_KEYS, where)
    yield from _name_faults(function, where)
    if not isinstance(function.get("description", ""), str):
        yield wrong_type(f"{where}.description", function["description"], "a string")
    if not isinstance(function.get("parameters", {}), dict):
        yield wrong_type(f"{where}.parameters", function["parameters"], "an object: a JSON Schema")
    if not isinstance(function.get("strict"), (bool, type(None))):
        yield wrong_type(f"{where}.strict", function["strict"], "true or false")


def _name_faults(function: Mapping[str, Any], where: str) -> Iterator[Fault]:
    name = function.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        detail = f"{where}.name must be 1 to 64 letters, digits, underscores and hyphens."
        yield Fault(TOOL_NAME, detail)


def _kind_faults(value: Mapping[str, Any], where: str) -> Iterator[Fault]:
    if value.get("type") != "function":
        yield Fault(TOOL_TYPE, f"{where}.type must be 'function'.")


def _switch_faults(row: Mapping[str, Any], where: str) -> Iterator[Fault]:
    switch = row.get("parallel_tool_calls", True)
    if not isinstance(switch, bool):
        yield wrong_type(f"{where}parallel_tool_calls", switch, "true or false")
