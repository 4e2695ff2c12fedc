"""What the columns of a foreign record mean, and the chat row they make: ShareGPT, Alpaca, prompt and completion.

Sources: the ShareGPT dump and its heirs (LLaMA-Factory's data/README.md, axolotl's conversation formats) and
Stanford Alpaca's data release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.conversions import Shape, Target
from ftplan.datasets.converting.turns import Unfit, messages_of, shown_names, text_of
from ftplan.datasets.rows.faults import nearest, shown
from ftplan.errors import Place, Problem

CONVERSATIONS = ("conversations", "conversation", "messages")
_KNOWN: Mapping[Shape, frozenset[str]] = {
    "sharegpt": frozenset({*CONVERSATIONS, "system", "tools", "parallel_tool_calls"}),
    "alpaca": frozenset({"instruction", "input", "output", "system", "history"}),
    "pairs": frozenset({"prompt", "completion", "system", "tools"}),
}
COLUMNS: Mapping[Target, tuple[str, ...]] = {
    "chat": tuple(sorted(frozenset().union(*_KNOWN.values()))),
    "preference": ("chosen", "conversations", "prompt", "rejected", "system", "tools"),
}


def shape_of(values: Mapping[str, Any], target: Target) -> Shape | None:
    """The shape of a record by its columns; None where they fit none."""
    keys = values.keys()
    if target == "preference":
        return "preference" if {"chosen", "rejected"} <= keys else None
    if keys & set(CONVERSATIONS):
        return "sharegpt"
    if {"instruction", "output"} <= keys:
        return "alpaca"
    return "pairs" if {"prompt", "completion"} <= keys else None


def unrecognised(values: Mapping[str, Any], target: Target, columns: Mapping[str, str], place: Place) -> Problem:
    """That the columns of a file fit no shape, even with those that were named, and how to say what they mean."""
    named = shown_names(values)
    absent = next((theirs for theirs in columns.values() if theirs not in values), None)
    if absent is not None:
        near = nearest(absent, [str(key) for key in values])
        advice = f"Did you mean {shown(near)}?" if near else ""
        return Problem("A column is missing", f"The record has no {shown(absent)}, but {named}.", place, advice)
    if target == "chat" and {"chosen", "rejected"} <= values.keys():
        advice = "These are preference pairs: convert them with -to=preference."
        return Problem("The columns do not fit", f"The record has {named}.", place, advice)
    wanted = (
        "chosen and rejected, and a prompt"
        if target == "preference"
        else "conversations (ShareGPT), or instruction and output (Alpaca), or prompt and completion"
    )
    ours = "prompt=A,chosen=B,rejected=C" if target == "preference" else "prompt=A,completion=B"
    detail = f"The record has {named}; wanted are {wanted}."
    return Problem("The columns do not fit", detail, place, f"Say which column is which: -columns={ours}.")


def chat_row(values: Mapping[str, Any], shape: Shape, system: str | None) -> tuple[dict[str, Any], list[str]]:
    """The wire row of a record, and the names of what it has no place for. Raises Unfit."""
    dropped = [key for key in values if key not in _KNOWN[shape]]
    match shape:
        case "sharegpt":
            messages = messages_of(_conversation(values), _conversation_name(values), dropped)
        case "alpaca":
            messages = _alpaca(values)
        case _:
            messages = _pair(values, dropped)
    row: dict[str, Any] = {"messages": with_system(messages, values, system)}
    if values.get("tools"):
        row["tools"] = tools_of(values["tools"])
        if "parallel_tool_calls" in values:
            row["parallel_tool_calls"] = values["parallel_tool_calls"]
    return row, dropped


def with_system(messages: list[dict[str, Any]], values: Mapping[str, Any], system: str | None) -> list[dict[str, Any]]:
    """The messages behind the record's own system text, or behind `system` where it has none."""
    own = values.get("system")
    has_turn = any(message["role"] in ("system", "developer") for message in messages)
    if own is not None and not isinstance(own, str):
        raise Unfit("A value is not a text", "The column system holds something else.")
    if own and own.strip():
        if has_turn:
            raise Unfit("A record has two system texts", "One in its column system, and one among its turns.")
        return [{"role": "system", "content": own}, *messages]
    return messages if has_turn or not system else [{"role": "system", "content": system}, *messages]


def tools_of(tools: Any) -> list[Any]:
    """The tools of a record, a list or the JSON text of one, each in the form the wire has. Raises Unfit."""
    if isinstance(tools, str):
        try:
            tools = json.loads(tools)
        except (ValueError, RecursionError):
            raise Unfit("The tools cannot be read", "The column tools holds text that is not JSON.") from None
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise Unfit("The tools cannot be read", "The column tools holds no list of objects.")
    return [tool if "function" in tool else {"type": "function", "function": tool} for tool in tools]


def _conversation_name(values: Mapping[str, Any]) -> str:
    found = [key for key in CONVERSATIONS if key in values]
    if len(found) > 1:
        raise Unfit("A record has two conversations", f"It has {' and '.join(found)}.")
    if not found:
        raise Unfit("A column is missing", f"The record has no conversations, but {shown_names(values)}.")
    return found[0]


def _conversation(values: Mapping[str, Any]) -> Any:
    return values[_conversation_name(values)]


def _alpaca(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    instruction, output = text_of(values, "instruction"), text_of(values, "output")
    given = values.get("input", "")
    if not isinstance(given, str):
        raise Unfit("A value is not a text", "The column input holds something else.")
    asked = f"{instruction}\n\n{given}" if given.strip() else instruction
    turns = [*_history(values.get("history") or []), ("user", asked), ("assistant", output)]
    return [{"role": role, "content": text} for role, text in turns]


def _history(rounds: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(rounds, list):
        raise Unfit("The history cannot be read", "The column history holds no list.")
    for index, turn in enumerate(rounds):
        if not (isinstance(turn, (list, tuple)) and len(turn) == 2 and all(isinstance(t, str) and t for t in turn)):
            raise Unfit("The history cannot be read", f"history[{index}] is not a question and its answer.")
        yield "user", turn[0]
        yield "assistant", turn[1]


def _pair(values: Mapping[str, Any], dropped: list[str]) -> list[dict[str, Any]]:
    asked = said_by("user", values, "prompt", dropped)
    return [*asked, *said_by("assistant", values, "completion", dropped)]


def said_by(role: str, values: Mapping[str, Any], name: str, dropped: list[str]) -> list[dict[str, Any]]:
    """The messages in a column that holds a text of `role`, one message, or a list of messages. Raises Unfit."""
    value = values.get(name)
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        return messages_of(value, name, dropped)
    return [{"role": role, "content": text_of(values, name)}]
