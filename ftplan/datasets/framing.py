"""What of a row counts as tokens: its texts, and the tokens its framing adds.

The recipe is the one OpenAI publishes in its cookbook (How to count tokens with tiktoken, and Data preparation for
chat fine-tuning): 3 for each message and 1 for each name, every string of a message, 3 for each conversation, and
a fixed overhead for functions. The recipe for functions reads flat schemas only; here it is applied to every
property at any depth, and what is missing counts as empty. The provider's own count may differ by a little.

An image of low detail counts 85; any other counts as one of 1024 x 1024 pixels in high detail, since its size is
not known without fetching it. A preference row counts its input once and both outputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ftplan.core.facts import Encoding, Format
from ftplan.datasets.content import images_in

MESSAGE, NAME, CONVERSATION = 3, 1, 3
IMAGE_LOW, IMAGE_OTHER = 85, 765
FUNCTION: Mapping[Encoding, int] = {"o200k_base": 7, "cl100k_base": 10}
FUNCTIONS_END, PROPERTIES, PROPERTY, ENUM, ENUM_ITEM = 12, 3, 3, -3, 3
REPEATING_KEYS = ("role", "name")
PLAIN_KEYS = ("role", "content")
REPEATING_ROLES = ("system", "developer")
BRANCHES = ("anyOf", "oneOf", "allOf")


@dataclass(slots=True)
class Parts:
    """A row taken apart. `repeated` are texts that other rows probably have too; `fixed` are tokens as such."""

    texts: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    fixed: int = 0
    functions: int = 0
    images: int = 0

    @property
    def has_tools(self) -> bool:
        return self.functions > 0

    def framing(self, encoding: Encoding) -> int:
        """The tokens of the row that are no text's."""
        ends = FUNCTIONS_END if self.functions else 0
        return self.fixed + self.functions * FUNCTION[encoding] + ends


def parts_of(row: Mapping[str, Any], format: Format) -> Parts:
    """A row that fits `format`, taken apart."""
    parts = Parts()
    match format:
        case "chat":
            _add_conversation(parts, row["messages"], row)
            for function in row.get("functions") or ():
                _add_function(parts, function)
        case "reinforcement":
            # A key called functions is the row's own here, whatever it holds.
            _add_conversation(parts, row["messages"], row)
        case "preference":
            given = row["input"]
            answers = (*row["preferred_output"], *row["non_preferred_output"])
            _add_conversation(parts, (*given["messages"], *answers), given)
        case "completion":
            parts.texts += (row["prompt"], row["completion"])
    return parts


def _add_conversation(parts: Parts, messages: Iterable[Mapping[str, Any]], row: Mapping[str, Any]) -> None:
    parts.fixed += CONVERSATION
    for message in messages:
        _add_message(parts, message)
    for tool in row.get("tools") or ():
        _add_function(parts, tool["function"])


def _add_message(parts: Parts, message: Mapping[str, Any]) -> None:
    parts.fixed += MESSAGE + (NAME if isinstance(message.get("name"), str) else 0)
    for key, value in message.items():
        if isinstance(value, str):
            often = key in REPEATING_KEYS or (key == "content" and message["role"] in REPEATING_ROLES)
            (parts.repeated if often else parts.texts).append(value)
    if not (len(message) == len(PLAIN_KEYS) and isinstance(message.get("content"), str)):
        _add_content(parts, message)
        _add_calls(parts, message)


def _add_content(parts: Parts, message: Mapping[str, Any]) -> None:
    content = message.get("content")
    if not isinstance(content, list):
        return
    parts.texts += (part[part["type"]] for part in content if part["type"] != "image_url")
    for part in images_in(message):
        parts.images += 1
        parts.fixed += IMAGE_LOW if part["image_url"].get("detail") == "low" else IMAGE_OTHER


def _add_calls(parts: Parts, message: Mapping[str, Any]) -> None:
    called = [call["function"] for call in message.get("tool_calls") or ()]
    if message.get("function_call"):
        called.append(message["function_call"])
    for function in called:
        parts.repeated.append(function["name"])
        parts.texts.append(function["arguments"])


def _add_function(parts: Parts, function: Mapping[str, Any]) -> None:
    parts.functions += 1
    parts.repeated.append(f"{function['name']}:{_described(function)}")
    _add_schema(parts, function.get("parameters"))


def _add_schema(parts: Parts, schema: Any) -> None:
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict) and properties:
        parts.fixed += PROPERTIES
        for name, inner in properties.items():
            _add_property(parts, name, inner)
    for inner in _inner_schemas(schema):
        _add_enum(parts, inner)
        _add_schema(parts, inner)


def _add_property(parts: Parts, name: str, schema: Any) -> None:
    parts.fixed += PROPERTY
    described = schema if isinstance(schema, dict) else {}
    kind = described.get("type", "")
    kinds = "|".join(_text(item) for item in kind) if isinstance(kind, list) else _text(kind)
    parts.repeated.append(f"{name}:{kinds}:{_described(described)}")
    _add_enum(parts, described)
    _add_schema(parts, described)


def _add_enum(parts: Parts, schema: Any) -> None:
    items = schema.get("enum") if isinstance(schema, dict) else None
    if isinstance(items, list):
        parts.fixed += ENUM + ENUM_ITEM * len(items)
        parts.repeated += (_text(item) for item in items)


def _inner_schemas(schema: Mapping[str, Any]) -> Iterator[Any]:
    for key in ("items", "additionalProperties", *BRANCHES):
        inner = schema.get(key)
        yield from inner if isinstance(inner, list) else (inner,)
    for key in ("$defs", "definitions"):
        named = schema.get(key)
        yield from named.values() if isinstance(named, dict) else ()


def _described(schema: Mapping[str, Any]) -> str:
    description = schema.get("description")
    return description.removesuffix(".") if isinstance(description, str) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
