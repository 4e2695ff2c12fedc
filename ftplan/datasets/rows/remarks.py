"""What is worth a warning in one row that breaks no rule: nothing here refuses anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ftplan.core.facts import Format
from ftplan.datasets.rows.content import images_in
from ftplan.datasets.rows.faults import Fault, listed, shown
from ftplan.datasets.rows.image_data import declared_type, image_type
from ftplan.datasets.rows.message_rules import (
    EMPTY_ANSWER,
    ENDS_UNANSWERED,
    IDLE_WEIGHT,
    IMAGE_TYPE,
    MESSAGE_NAME,
    PROMPT_END,
    SYSTEM_AND_DEVELOPER,
    SYSTEM_LATER,
)
from ftplan.datasets.rows.rules import OUTPUT_CALLS, SAME_OUTPUTS
from ftplan.datasets.rows.tool_remarks import tool_remarks, undeclared_calls

OPENING = ("system", "developer")
NAME = re.compile(r"[^\s<|\\/>]{1,64}")


def row_remarks(row: Mapping[str, Any], format: Format) -> Iterator[Fault]:
    """What is worth saying of a row that fits `format`."""
    match format:
        case "chat":
            messages = row["messages"]
            yield from _conversation(messages, "messages")
            if messages[-1]["role"] != "assistant":
                yield Fault(ENDS_UNANSWERED, f"The last message has role {messages[-1]['role']}.")
            yield from tool_remarks(row, messages, "messages")
        case "reinforcement":
            yield from _prompt(row["messages"], "messages", ends=("user",))
            # Every other key is the row's own, whatever it is called.
            yield from tool_remarks({"tools": row.get("tools")}, row["messages"], "messages")
        case "preference":
            yield from _pair(row)
        case "completion":
            if not row["completion"].strip():
                yield Fault(EMPTY_ANSWER, "completion holds nothing but blanks.")


def _conversation(messages: Sequence[Mapping[str, Any]], where: str) -> Iterator[Fault]:
    opening = True
    for index, message in enumerate(messages):
        role = message["role"]
        if len(message) > 2 or type(message.get("content")) is list:
            yield from _spoken(message, role, f"{where}[{index}]")
        if role in OPENING:
            if not opening:
                yield Fault(SYSTEM_LATER, f"{where}[{index}] has role {role} and stands behind other messages.")
            continue
        opening = False
        if role == "assistant" and _says_nothing(message):
            yield Fault(EMPTY_ANSWER, f"{where}[{index}].content holds nothing but blanks.")
    if {"system", "developer"} <= {message["role"] for message in messages}:
        yield Fault(SYSTEM_AND_DEVELOPER, f"{where} has messages of both roles; services ask for one of them.")


def _prompt(messages: Sequence[Mapping[str, Any]], where: str, ends: Collection[str]) -> Iterator[Fault]:
    """What concerns messages that the model is to answer, and learns nothing from."""
    yield from _conversation(messages, where)
    yield from _weights(messages, where)
    last = messages[-1]["role"]
    if last not in ends:
        yield Fault(PROMPT_END, f"The last message of {where} has role {last}; it should be {listed(ends)}.")


def _weights(messages: Sequence[Mapping[str, Any]], where: str) -> Iterator[Fault]:
    for index, message in enumerate(messages):
        if "weight" in message:
            yield Fault(IDLE_WEIGHT, f"{where}[{index}] has a weight.")


def _spoken(message: Mapping[str, Any], role: str, where: str) -> Iterator[Fault]:
    """What concerns one message by itself. A function's name is held against the calls."""
    name = message.get("name")
    if name is not None and role != "function" and not NAME.fullmatch(name):
        yield Fault(MESSAGE_NAME, f"{where}.name has blanks, <, >, |, / or \\, or is no 1 to 64 characters long.")
    for part in images_in(message):
        url = part["image_url"]["url"]
        if url[:5].lower() == "data:" and (found := image_type(url)) != declared_type(url):
            yield Fault(IMAGE_TYPE, f"An image of {where} is {found}; its address says {shown(declared_type(url))}.")


def _says_nothing(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    if message.get("weight") == 0 or message.get("tool_calls") or message.get("function_call"):
        return False
    if message.get("refusal"):
        return False
    if isinstance(content, list):
        content = "".join(str(part.get(part["type"], "")) for part in content)
    return not (content or "").strip()


def _pair(row: Mapping[str, Any]) -> Iterator[Fault]:
    given = row["input"]
    yield from _prompt(given["messages"], "input.messages", ends=("user", "tool"))
    yield from tool_remarks(given, given["messages"], "input.messages")
    preferred, other = row["preferred_output"], row["non_preferred_output"]
    if preferred == other:
        yield Fault(SAME_OUTPUTS, "preferred_output and non_preferred_output say the same.")
    for key, (message,) in (("preferred_output", preferred), ("non_preferred_output", other)):
        yield from _output(message, given, key)


def _output(message: Mapping[str, Any], given: Mapping[str, Any], where: str) -> Iterator[Fault]:
    yield from _spoken(message, "assistant", f"{where}[0]")
    yield from _weights([message], where)
    if _says_nothing(message):
        yield Fault(EMPTY_ANSWER, f"{where}[0].content holds nothing but blanks.")
    if message.get("tool_calls") or message.get("function_call"):
        yield Fault(OUTPUT_CALLS, f"{where}[0] makes a call.")
        yield from undeclared_calls(given, [message], where)
