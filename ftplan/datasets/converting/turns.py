"""Conversations in somebody else's words, as messages of the wire."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ftplan.datasets.converting.sources import Record
from ftplan.datasets.rows.faults import kind_of, shown
from ftplan.errors import Place, Problem

ROLES: Mapping[str, str] = {
    "human": "user", "user": "user",
    "gpt": "assistant", "chatgpt": "assistant", "assistant": "assistant", "model": "assistant",
    "system": "system", "developer": "developer",
    "function_call": "call", "tool_call": "call",
    "tool": "tool", "observation": "tool", "function_response": "tool", "tool_response": "tool",
}  # fmt: skip
CARRIED = ("name", "weight", "tool_calls", "tool_call_id", "refusal", "function_call")
LISTED_NAMES = 8


class Unfit(Exception):
    """Why a record cannot become a row. Names columns, roles and kinds, never what the record says."""

    def __init__(self, summary: str, detail: str, advice: str = "") -> None:
        super().__init__(summary)
        self.summary, self.detail, self.advice = summary, detail, advice

    def at(self, path: str, record: Record) -> Problem:
        """The problem this is in `record` of the file shown as `path`."""
        if record.numbered:
            return Problem(self.summary, f"Row {record.line:,}: {self.detail}", Place(path), self.advice)
        return Problem(self.summary, self.detail, Place(path, record.line), self.advice)


def messages_of(turns: Any, name: str, dropped: list[str]) -> list[dict[str, Any]]:
    """The messages that the turns in column `name` are; keys of turns that messages have no place for are added to
    `dropped`. Raises Unfit."""
    if not isinstance(turns, list):
        raise Unfit("A conversation cannot be read", f"{name} is {kind_of(turns)}; it must be a list of turns.")
    if not turns:
        raise Unfit("A conversation is empty", f"{name} has no turns.")
    calls = _Calls()
    return [_message(turn, f"{name}[{index}]", calls, dropped) for index, turn in enumerate(turns)]


def text_of(values: Mapping[str, Any], name: str, where: str = "") -> str:
    """The text in column `name`, which must be there and hold more than blanks. Raises Unfit."""
    value = values.get(name)
    at = f"{where}.{name}" if where else name
    if value is None:
        raise Unfit("A column is missing" if not where else "A turn has no text", f"There is no {at}.")
    if not isinstance(value, str):
        raise Unfit("A value is not a text", f"{at} is {kind_of(value)}.")
    if not value.strip():
        raise Unfit("A value is empty", f"{at} holds no text.")
    return value


def shown_names(names: Iterable[str]) -> str:
    """The names of columns, for a message: the first few, cut and in quotes."""
    listed = [shown(str(name)) for name in names]
    more = f" and {len(listed) - LISTED_NAMES} more" if len(listed) > LISTED_NAMES else ""
    return f"{', '.join(listed[:LISTED_NAMES])}{more}" if listed else "no columns"


class _Calls:
    """The calls of a conversation. Where turns have no ids they get some, and are answered in their order."""

    def __init__(self) -> None:
        self._made = 0
        self._open: deque[str] = deque()

    def made(self, text: str, where: str) -> list[dict[str, Any]]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        calls = found if isinstance(found, list) else [found]
        if not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in calls):
            raise Unfit("A call cannot be read", f"{where} is not JSON of the form {{name, arguments}}.")
        return [self._call(call) for call in calls]

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        self._made += 1
        self._open.append(f"call_{self._made}")
        given = call.get("arguments", {})
        arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        return {"id": self._open[-1], "type": "function", "function": {"name": call["name"], "arguments": arguments}}

    def answered(self, where: str) -> str:
        if not self._open:
            detail = f"{where} is a tool's answer, and no turn before it is a call (function_call) still open."
            raise Unfit("A tool's turn answers no call", detail)
        return self._open.popleft()


def _message(turn: Any, where: str, calls: _Calls, dropped: list[str]) -> dict[str, Any]:
    if not isinstance(turn, dict):
        raise Unfit("A turn cannot be read", f"{where} is {kind_of(turn)}; it must be an object.")
    own = {key: value for key, value in turn.items() if value is not None}
    speaker, said = ("from", "value") if "from" in own else ("role", "content")
    role = _role(own.get(speaker), f"{where}.{speaker}")
    carried = {key: own[key] for key in CARRIED if key in own}
    column = where.partition("[")[0]
    dropped += [f"{column}[].{key}" for key in own if key not in (speaker, said, *CARRIED)]
    if role == "call":
        return {"role": "assistant", "tool_calls": calls.made(text_of(own, said, where), f"{where}.{said}")} | carried
    if role == "tool" and "tool_call_id" not in carried:
        carried["tool_call_id"] = calls.answered(where)
    if role == "assistant" and carried.keys() & {"tool_calls", "function_call", "refusal"} and not own.get(said):
        return {"role": role, **carried}
    content = own.get(said)
    # Parts of text and images stay as they are; the rules of the row format look at them afterwards.
    return {"role": role, "content": content if isinstance(content, list) else text_of(own, said, where), **carried}


def _role(role: Any, where: str) -> str:
    if role is None:
        raise Unfit("A turn has no speaker", f"There is no {where}.", "Turns have from and value, or role and content.")
    if not isinstance(role, str) or role.strip().lower() not in ROLES:
        found = shown(role) if isinstance(role, str) else kind_of(role)
        raise Unfit("A turn has an unknown role", f"{where} is {found}; known are {', '.join(ROLES)}.")
    return ROLES[role.strip().lower()]
