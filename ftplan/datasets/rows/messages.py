"""The rules for a conversation: roles, keys, weights, and answers to tool calls.

Source: OpenAI's API description (the chat message schemas; `weight` on FineTuneChatCompletionRequestAssistantMessage).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ftplan.datasets.rows.content import MAX_IMAGES_A_ROW, content_faults, images_in
from ftplan.datasets.rows.faults import Fault, kind_of, listed, nearest, shown, unknown_keys, wrong_type
from ftplan.datasets.rows.message_rules import (
    BAD_ROLE,
    BAD_WEIGHT,
    IMAGE_COUNT,
    MISPLACED_WEIGHT,
    NO_MESSAGES,
    TOOL_REPLY,
)
from ftplan.datasets.rows.tools import call_faults, call_ids

_SPOKEN = frozenset({"role", "content", "name"})
KEYS_BY_ROLE: Mapping[str, frozenset[str]] = {
    "system": _SPOKEN,
    "developer": _SPOKEN,
    "user": _SPOKEN,
    "assistant": _SPOKEN | {"refusal", "tool_calls", "function_call", "weight"},
    "tool": _SPOKEN | {"tool_call_id"},
    "function": _SPOKEN,
}
CHAT_ROLES = tuple(KEYS_BY_ROLE)
_PLAIN_KEYS = frozenset({"role", "content"})
_PLAIN_ROLES = ("system", "developer", "user", "assistant")
REINFORCEMENT_ROLES = ("developer", "user", "assistant", "tool")


def conversation_faults(
    messages: Any, where: str, *, roles: Collection[str] = CHAT_ROLES, images: bool = True
) -> Iterator[Fault]:
    """What is wrong with a list of messages that stands at `where` in its row."""
    if not isinstance(messages, list):
        yield wrong_type(where, messages, "a list of messages")
        return
    if not messages:
        yield Fault(NO_MESSAGES, f"{where} is an empty list.")
    calls: set[str] = set()
    pictures = 0
    for index, message in enumerate(messages):
        if _plain(message) and message["role"] in roles:
            continue
        at = f"{where}[{index}]"
        yield from message_faults(message, at, roles=roles, images=images)
        if isinstance(message, dict):
            yield from _reply_faults(message, at, calls)
            calls |= call_ids(message)
            pictures += len(images_in(message))
    if pictures > MAX_IMAGES_A_ROW:
        detail = f"{where} holds {pictures} images; {MAX_IMAGES_A_ROW} are allowed in one row."
        yield Fault(IMAGE_COUNT, detail)


def message_faults(message: Any, where: str, *, roles: Collection[str], images: bool) -> Iterator[Fault]:
    """What is wrong with one message, seen without its neighbours."""
    if not isinstance(message, dict):
        yield wrong_type(where, message, "an object with role and content")
        return
    role = message.get("role")
    if not isinstance(role, str) or role not in roles:
        yield _role_fault(role, where, roles)
        return
    # Weight has a fault of its own below, which says more than that the key is unknown.
    yield from unknown_keys(message, KEYS_BY_ROLE[role] | {"weight"}, where)
    yield from content_faults(message, role, where, images=images)
    yield from _name_faults(message, role, where)
    yield from _weight_faults(message, role, where)
    if role == "assistant":
        yield from call_faults(message, where)
        if not isinstance(message.get("refusal"), (str, type(None))):
            yield wrong_type(f"{where}.refusal", message["refusal"], "a string")


def _plain(message: Any) -> bool:
    """Whether it is nothing but a role and a text, with which nothing can be wrong: nearly all messages are."""
    return (
        type(message) is dict
        and message.keys() == _PLAIN_KEYS
        and type(message["content"]) is str
        and message["role"] in _PLAIN_ROLES
    )


def trained(messages: list[Any]) -> bool:
    """Whether at least one assistant message has a weight other than 0, so that there is something to learn."""
    answers = (m for m in messages if isinstance(m, dict) and m.get("role") == "assistant")
    return any(answer.get("weight") != 0 for answer in answers)


def _role_fault(role: Any, where: str, roles: Collection[str]) -> Fault:
    if role == "system":
        detail = f"{where}.role is 'system'; reinforcement rows have no such role."
        return Fault(BAD_ROLE, detail, "Use the role developer instead.")
    found = shown(role) if isinstance(role, str) else kind_of(role)
    near = nearest(role, roles) if isinstance(role, str) else ""
    return Fault(
        BAD_ROLE,
        f"{where}.role is {found}; it must be {listed(roles)}.",
        f"Did you mean {shown(near)}?" if near else "",
    )


def _name_faults(message: Mapping[str, Any], role: str, where: str) -> Iterator[Fault]:
    name = message.get("name")
    if role == "function" and not isinstance(name, str):
        yield wrong_type(f"{where}.name", name, "the name of the function that answers")
    elif "name" in message and not isinstance(name, str):
        yield wrong_type(f"{where}.name", name, "a string")


def _weight_faults(message: Mapping[str, Any], role: str, where: str) -> Iterator[Fault]:
    if "weight" not in message:
        return
    weight = message["weight"]
    if role != "assistant":
        detail = f"{where} has role {role}; only assistant messages are trained on."
        yield Fault(MISPLACED_WEIGHT, detail, "Remove the weight.")
    elif isinstance(weight, bool) or weight not in (0, 1):
        yield Fault(BAD_WEIGHT, f"{where}.weight is {kind_of(weight)}.", "Write 0 or 1.")


def _reply_faults(message: Mapping[str, Any], where: str, calls: Collection[str]) -> Iterator[Fault]:
    if message.get("role") != "tool":
        return
    answered = message.get("tool_call_id")
    if not isinstance(answered, str):
        yield wrong_type(f"{where}.tool_call_id", answered, "the id of the call it answers")
    elif answered not in calls:
        detail = f"{where}.tool_call_id names no call made by an earlier assistant message."
        yield Fault(TOOL_REPLY, detail, "Put it after the message whose call it answers.")
