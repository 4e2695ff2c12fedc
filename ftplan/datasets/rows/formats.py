"""The row formats: which one a row has, which methods take it, and what is wrong with a row of it.

Source: OpenAI's API description, schemas FineTuneChatRequestInput, FineTunePreferenceRequestInput,
FineTuneReinforcementRequestInput and FineTuneCompletionRequestInput.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.facts import Format
from ftplan.core.spec import MethodKind
from ftplan.datasets.rows.faults import Fault, listed, nearest, shown, unknown_keys, wrong_type
from ftplan.datasets.rows.message_rules import NO_ASSISTANT, NOTHING_TO_LEARN
from ftplan.datasets.rows.messages import REINFORCEMENT_ROLES, conversation_faults, message_faults, trained
from ftplan.datasets.rows.rules import (
    FORMER_KEY,
    METHOD_MISMATCH,
    ONE_OUTPUT,
    UNKNOWN_FORMAT,
)
from ftplan.datasets.rows.tools import legacy_function_faults, tool_faults

CHAT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
INPUT_KEYS = frozenset({"messages", "tools", "parallel_tool_calls"})
OUTPUTS = ("preferred_output", "non_preferred_output")
FORMER_OUTPUTS = {"preferred_completion": "preferred_output", "non_preferred_completion": "non_preferred_output"}
PREFERENCE_KEYS = frozenset({"input", *OUTPUTS})
OUTPUT_MARKS = frozenset({*OUTPUTS, *FORMER_OUTPUTS})
COMPLETION_KEYS = frozenset({"prompt", "completion"})
_ITEM = re.compile(r"\{\{\s*item\.([\w-]+(?:\.[\w-]+)*)")

_TITLES: Mapping[Format, str] = {
    "chat": "supervised chat rows (messages with an assistant's answer)",
    "preference": "preference pairs (input, preferred_output, non_preferred_output)",
    "reinforcement": "reinforcement rows (messages without the answer, and reference values)",
    "completion": "completion rows (prompt, completion)",
}
_TAKEN: Mapping[MethodKind, tuple[Format, ...]] = {
    "supervised": ("chat", "completion"),
    "dpo": ("preference",),
    "reinforcement": ("reinforcement",),
}


def format_for(method: MethodKind) -> Format:
    """The row format a method is meant to be fed with."""
    return _TAKEN[method][0]


def formats_taken(method: MethodKind) -> tuple[Format, ...]:
    """Every row format a method takes; completions are the oldest form of supervised training."""
    return _TAKEN[method]


def item_fields(grader: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The keys of a row that the templates of `grader` read as {{ item.KEY }}, or below it as KEY.KEY."""
    return tuple(sorted(set(_ITEM.findall(json.dumps(grader, ensure_ascii=False))))) if grader else ()


def recognised(row: Mapping[str, Any]) -> Format | None:
    """The format a row seems to have, right or wrong in its details; None where its keys fit none.

    Chat and reinforcement rows share their `messages`: keys of the row's own, and no answer, mean reinforcement. One
    of these may be called `input`.
    """
    keys = row.keys()
    if keys & OUTPUT_MARKS or ("input" in row and "messages" not in row):
        return "preference"
    if "messages" in row:
        own_keys = not keys <= CHAT_KEYS
        return "reinforcement" if own_keys and not _answers(row["messages"]) else "chat"
    return "completion" if keys & COMPLETION_KEYS else None


def format_used(row: Mapping[str, Any], method: MethodKind | None) -> Format | Fault:
    """The format to hold a whole file to, judged by its first row and by the method it is used for."""
    found = recognised(row)
    if found is None:
        return _unrecognised(row)
    if method is None:
        return found
    if method == "reinforcement" and found == "chat":
        return "reinforcement"
    return found if found in _TAKEN[method] else _mismatch(found, method)


def row_faults(row: Mapping[str, Any], format: Format) -> Iterator[Fault]:
    """What is wrong with a row that must have `format`."""
    match format:
        case "chat":
            return _chat_faults(row)
        case "preference":
            return _preference_faults(row)
        case "reinforcement":
            return _reinforcement_faults(row)
        case "completion":
            return _completion_faults(row)


def _answers(messages: Any) -> bool:
    if not isinstance(messages, list):
        return False
    return any(isinstance(m, dict) and m.get("role") == "assistant" for m in messages)


def _unrecognised(row: Mapping[str, Any]) -> Fault:
    known = PREFERENCE_KEYS | CHAT_KEYS | COMPLETION_KEYS
    near = next((f"Did you mean {shown(n)} by {shown(key)}?" for key in row if (n := nearest(key, known))), "")
    found = ", ".join(shown(key) for key in list(row)[:5]) or "no keys"
    detail = f"The row has {found}. Rows have messages, or input and two outputs, or prompt and completion."
    return Fault(UNKNOWN_FORMAT, detail, near)


def _mismatch(found: Format, method: MethodKind) -> Fault:
    takers = [kind for kind, formats in _TAKEN.items() if found in formats]
    return Fault(
        METHOD_MISMATCH,
        f"The file holds {_TITLES[found]}; method {method} takes {_TITLES[format_for(method)]}.",
        f"Method {listed(takers)} takes this file; method {method} needs another one.",
        of_file=True,
    )


def _chat_faults(row: Mapping[str, Any]) -> Iterator[Fault]:
    yield from unknown_keys(row, CHAT_KEYS, "The row")
    messages = row.get("messages")
    yield from conversation_faults(messages, "messages")
    if isinstance(messages, list) and messages:
        yield from _learning_faults(messages)
    yield from tool_faults(row, "")
    yield from legacy_function_faults(row)
    yield from _fit_faults(row, messages, "messages")


def _fit_faults(row: Mapping[str, Any], messages: Any, where: str) -> Iterator[Fault]:
    if row.get("tools") or row.get("functions"):
        # 28 ms to import, for rows with tools alone.
        from ftplan.datasets.rows.tool_fit import fit_faults

        yield from fit_faults(row, messages, where)


def _learning_faults(messages: list[Any]) -> Iterator[Fault]:
    if not _answers(messages):
        yield Fault(
            NO_ASSISTANT,
            "The assistant's messages are what the model learns; the row has none.",
            "Add the answer. Rows without one belong to method reinforcement.",
        )
    elif not trained(messages):
        detail = "Every assistant message has weight 0."
        yield Fault(NOTHING_TO_LEARN, detail, "Give weight 1 to an answer, or remove the row.")


def _preference_faults(row: Mapping[str, Any]) -> Iterator[Fault]:
    former = [key for key in FORMER_OUTPUTS if key in row]
    for key in former:
        detail = f"The row has {shown(key)}, the name in an earlier edition of the format."
        yield Fault(FORMER_KEY, detail, f"Rename it to {shown(FORMER_OUTPUTS[key])}.")
    yield from unknown_keys(row, PREFERENCE_KEYS.union(former), "The row")
    given = row.get("input")
    if isinstance(given, dict):
        yield from unknown_keys(given, INPUT_KEYS, "input")
        yield from conversation_faults(given.get("messages"), "input.messages", images=False)
        yield from tool_faults(given, "input.")
        yield from _fit_faults(given, given.get("messages"), "input.messages")
    else:
        yield wrong_type("input", given, "an object with messages")
    for key in OUTPUTS:
        if key in row or key not in (FORMER_OUTPUTS[name] for name in former):
            yield from _output_faults(row.get(key), key)
            if isinstance(given, dict):
                yield from _fit_faults(given, row.get(key), key)


def _output_faults(output: Any, where: str) -> Iterator[Fault]:
    if not isinstance(output, list) or len(output) != 1:
        detail = f"{where} has {len(output)} messages." if isinstance(output, list) else f"{where} is no list."
        yield Fault(ONE_OUTPUT, detail, "Write a list of one assistant message.")
        return
    yield from message_faults(output[0], f"{where}[0]", roles=("assistant",), images=False)


def _reinforcement_faults(row: Mapping[str, Any]) -> Iterator[Fault]:
    yield from conversation_faults(row.get("messages"), "messages", roles=REINFORCEMENT_ROLES)
    # "messages" and "tools" are its only reserved keys: every other one is the row's own, whatever it is called.
    offered = {"tools": row.get("tools")}
    yield from tool_faults(offered, "")
    yield from _fit_faults(offered, row.get("messages"), "messages")


def _completion_faults(row: Mapping[str, Any]) -> Iterator[Fault]:
    yield from unknown_keys(row, COMPLETION_KEYS, "The row")
    for key in sorted(COMPLETION_KEYS):
        if not isinstance(row.get(key), str):
            yield wrong_type(key, row.get(key), "a string")
