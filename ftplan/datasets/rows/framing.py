"""What of a row counts as tokens: its texts, and the tokens its framing adds.

The recipe is the one OpenAI publishes in its cookbook (How to count tokens with tiktoken, and Data preparation for
chat fine-tuning): 3 for each message and 1 for each name, every string of a message, 3 for each conversation, and
a fixed overhead for functions. The recipe for functions reads flat schemas only; here it is applied to every
property at any depth, and what is missing counts as empty. The provider's own count may differ by a little.

An image of low detail counts 85; any other counts as one of 1024 x 1024 pixels in high detail, since its size is
not known without fetching it. A preference row counts its input once and both outputs.

Learned are the texts of assistant messages whose weight is not 0 (OpenAI's guide to supervised fine-tuning), as the
cookbook's count of assistant tokens has it, and the names and arguments of their calls; of a preference row both
outputs, of a completion its completion, of a reinforcement row nothing. Framing is not learned.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ftplan.core.facts import Encoding, Format
from ftplan.datasets.rows.content import images_in
from ftplan.datasets.rows.tools import PLAIN_VALUES

MESSAGE, NAME, CONVERSATION = 3, 1, 3
IMAGE_LOW, IMAGE_OTHER = 85, 765
# Other services frame a function as their chat template has it: a guess.
OTHER_FUNCTION = 7
FUNCTION: Mapping[Encoding, int] = {"o200k_base": 7, "o200k_harmony": 7, "cl100k_base": 10}
FUNCTIONS_END, PROPERTIES, PROPERTY, ENUM, ENUM_ITEM = 12, 3, 3, -3, 3
LEARNED_KEYS = ("content", "refusal")
BRANCHES = ("anyOf", "oneOf", "allOf")


@dataclass(slots=True)
class Parts:
    """A row taken apart. Each of `texts` and `learned` is counted by itself; `fixed` are tokens as such.

    `learned` is what the model is trained to say, and counts to the row like any other text. `behind` are the texts of
    the `messages_behind` that follow the last learned one; None where nothing is learned.
    """

    texts: list[str] = field(default_factory=list)
    learned: list[str] = field(default_factory=list)
    fixed: int = 0
    functions: int = 0
    images: int = 0
    behind: list[str] | None = None
    messages_behind: int = 0

    @property
    def has_tools(self) -> bool:
        return self.functions > 0

    def framing(self, encoding: Encoding) -> int:
        """The tokens of the row that are no text's."""
        ends = FUNCTIONS_END if self.functions else 0
        return self.fixed + self.functions * FUNCTION.get(encoding, OTHER_FUNCTION) + ends


def parts_of(row: Mapping[str, Any], format: Format) -> Parts:
    """A row that fits `format`, taken apart."""
    parts = Parts()
    match format:
        case "chat":
            _add_conversation(parts, row["messages"], row, learns=True)
            for function in row.get("functions") or ():
                _add_function(parts, function)
        case "reinforcement":
            # Trained on are the model's own answers. A key called functions is the row's own here, whatever it holds.
            _add_conversation(parts, row["messages"], row, learns=False)
        case "preference":
            given = row["input"]
            _add_conversation(parts, given["messages"], given, learns=False)
            for answer in (*row["preferred_output"], *row["non_preferred_output"]):
                _add_message(parts, answer, learns=True)
            parts.behind = []
        case "completion":
            parts.texts.append(row["prompt"])
            parts.learned.append(row["completion"])
            parts.behind = []
    return parts


def plain_parts(roles: list[str], said: list[str], learned: list[str], behind: list[str]) -> Parts:
    """The parts of a chat row whose messages have a role and a text and nothing else; `behind` are the texts of those
    that follow the last learned one."""
    # Nearly always none.
    last_roles = roles[len(roles) - len(behind) :] if behind else []
    fixed = CONVERSATION + MESSAGE * len(roles)
    return Parts(roles + said, learned, fixed, behind=last_roles + behind, messages_behind=len(behind))


def _add_conversation(
    parts: Parts, messages: Iterable[Mapping[str, Any]], row: Mapping[str, Any], *, learns: bool
) -> None:
    parts.fixed += CONVERSATION
    for message in messages:
        before = len(parts.texts)
        if _add_message(parts, message, learns=learns):
            parts.behind, parts.messages_behind = [], 0
        elif parts.behind is not None:
            parts.behind += parts.texts[before:]
            parts.messages_behind += 1
    for tool in row.get("tools") or ():
        _add_function(parts, tool["function"])


def _add_message(parts: Parts, message: Mapping[str, Any], *, learns: bool) -> bool:
    """Adds a message; says whether it is learned."""
    learns = learns and message["role"] == "assistant" and message.get("weight") != 0
    spoken = parts.learned if learns else parts.texts
    parts.fixed += MESSAGE + (NAME if isinstance(message.get("name"), str) else 0)
    for key, value in message.items():
        if isinstance(value, str):
            (spoken if key in LEARNED_KEYS else parts.texts).append(value)
    if isinstance(message.get("content"), list):
        _add_content(parts, spoken, message)
    _add_calls(spoken, message)
    return learns


def _add_content(parts: Parts, spoken: list[str], message: Mapping[str, Any]) -> None:
    spoken += (part[part["type"]] for part in message["content"] if part["type"] != "image_url")
    for part in images_in(message):
        parts.images += 1
        parts.fixed += IMAGE_LOW if part["image_url"].get("detail") == "low" else IMAGE_OTHER


def _add_calls(spoken: list[str], message: Mapping[str, Any]) -> None:
    called = [call["function"] for call in message.get("tool_calls") or ()]
    if message.get("function_call"):
        called.append(message["function_call"])
    for function in called:
        spoken += (function["name"], function["arguments"])


def _add_function(parts: Parts, function: dict[str, Any]) -> None:
    # The same few functions stand in row after row: to spell one takes a twentieth of taking it apart.
    texts, fixed = _function_parts(marshal.dumps(function, PLAIN_VALUES))
    parts.functions += 1
    parts.texts += texts
    parts.fixed += fixed


@lru_cache(maxsize=512)
def _function_parts(spelled: bytes) -> tuple[tuple[str, ...], int]:
    function = marshal.loads(spelled)  # noqa: S302 - written above, and never kept
    parts = Parts([f"{function['name']}:{_described(function)}"])
    _add_schema(parts, function.get("parameters"))
    return tuple(parts.texts), parts.fixed


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
    parts.texts.append(f"{name}:{kinds}:{_described(described)}")
    _add_enum(parts, described)
    _add_schema(parts, described)


def _add_enum(parts: Parts, schema: Any) -> None:
    items = schema.get("enum") if isinstance(schema, dict) else None
    if isinstance(items, list):
        parts.fixed += ENUM + ENUM_ITEM * len(items)
        parts.texts += (_text(item) for item in items)


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
