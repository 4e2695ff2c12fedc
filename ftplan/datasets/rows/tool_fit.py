"""Calls held against the tools they name: JSON Schema's door. Imported where a row really calls a tool."""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ftplan.datasets.rows.faults import Fault, shown
from ftplan.datasets.rows.message_rules import ARGUMENTS_FIT
from ftplan.datasets.rows.tools import PLAIN_VALUES

MISFITS_A_CALL = 2


def fit_faults(row: Mapping[str, Any], messages: Any, where: str) -> Iterator[Fault]:
    """The calls in `messages` (which stand at `where`) whose arguments the schema of their tool refuses. What is
    malformed in itself is passed over: other rules tell of it."""
    offered = parameters_offered(row)
    for at, function in calls_made(messages, where):
        schema = offered.get(function["name"])
        arguments = _arguments(function["arguments"])
        if schema is None or arguments is None:
            continue
        for place, why in _misfits(_spelled(schema), arguments):
            detail = f"{at}.arguments{place}: {why}, says the schema of tool {shown(function['name'])}."
            yield Fault(ARGUMENTS_FIT, detail, "Correct the arguments, or the tool's parameters.")


def parameters_offered(row: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of each well-formed tool of `row` by the tool's name; None for a tool without any."""
    tools, functions = row.get("tools"), row.get("functions")
    named = [tool.get("function") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    named += functions if isinstance(functions, list) else []
    return {
        function["name"]: function.get("parameters")
        for function in named
        if isinstance(function, dict) and isinstance(function.get("name"), str)
    }


def calls_made(messages: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each call with a name and arguments, old form or new, and where it stands."""
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        if not isinstance(message, dict) or message.get("role") != "assistant":
            continue
        for at, function in _called(message, f"{where}[{index}]"):
            if not isinstance(function, dict):
                continue
            if isinstance(function.get("name"), str) and isinstance(function.get("arguments"), str):
                yield at, function


def _called(message: Mapping[str, Any], where: str) -> Iterable[tuple[str, Any]]:
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if isinstance(calls, list) else ()):
        yield f"{where}.tool_calls[{index}].function", call.get("function") if isinstance(call, dict) else None
    yield f"{where}.function_call", message.get("function_call")


def is_schema(parameters: Any) -> bool:
    """Whether `parameters` can be used as a JSON Schema by itself: it reaches for nothing outside."""
    return _validator(_spelled(parameters)) is not None


def _arguments(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _spelled(schema: Any) -> bytes:
    # A third of what it takes to write JSON.
    return marshal.dumps(schema, PLAIN_VALUES)


def _misfits(schema: bytes, arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where in `arguments` and why, in words that quote no value of theirs."""
    validator = _validator(schema)
    for number, error in enumerate(validator.iter_errors(arguments) if validator else ()):
        if number == MISFITS_A_CALL:
            return
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        missing = getattr(error.kind, "property", None)
        rule = type(error.kind).__name__
        yield place[:80], f"{shown(str(missing))} is missing" if rule == "Required" else f"{_WORDS.get(rule, rule)}"


_WORDS = {
    "Type": "it has the wrong type",
    "Enum": "it is none of the values allowed",
    "Constant": "it is not the one value allowed",
    "AdditionalProperties": "it has a key that is not allowed",
    "UnevaluatedProperties": "it has a key that is not allowed",
    "Pattern": "it does not match the pattern",
    "Minimum": "it is too small",
    "Maximum": "it is too large",
    "ExclusiveMinimum": "it is too small",
    "ExclusiveMaximum": "it is too large",
    "MinLength": "it is too short",
    "MaxLength": "it is too long",
    "MinItems": "it has too few items",
    "MaxItems": "it has too many items",
    "AnyOf": "it fits none of the forms allowed",
    "OneOfNotValid": "it fits none of the forms allowed",
    "OneOfMultipleValid": "it fits more than one of the forms",
}


# The same few tools stand in every row of a file.
@lru_cache(maxsize=512)
def _validator(schema: bytes) -> Any:
    """The validator of `schema`, None where it is no schema, or one that wants something from elsewhere."""
    # 28 ms to import. It bounds the backtracking of patterns, which a stranger's schema may have.
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(marshal.loads(schema), retriever=_fetch_nothing)  # noqa: S302
    except ValueError:
        return None


def _fetch_nothing(uri: str) -> Any:
    raise ValueError("a dataset makes ftplan fetch nothing")
