"""What a job is billed: the tokens of its rows, once an epoch, as OpenAI's cookbook counts them.

Written from the cookbook's two notebooks (How to count tokens with tiktoken; Data preparation for chat fine-tuning) and
from nothing of ftplan, so that an estimate and this bill agree only where both are right. The notebooks read flat
schemas; a schema within a schema is counted by the same figures. Tokens are splintr's: the door of this room to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ftplan.sandbox.rows import lines_of

Json = Mapping[str, Any]

# gpt-4o's overheads, which its successors are billed by.
_FUNCTION, _FUNCTIONS, _PROPERTIES, _PROPERTY, _ENUM, _ENUM_ITEM = 7, 12, 3, 3, -3, 3
# Of an image in low detail; else of one of 1024 x 1024, four tiles.
_LOW_DETAIL, _HIGH_DETAIL = 85, 85 + 4 * 170


def bill(path: Path, method: str, longest: int | None) -> int:
    """The tokens of a training file that has been found right, once; each row is cut after ``longest``."""
    return sum(billed_tokens(json.loads(line), method, longest) for _, line in lines_of(path))


def billed_tokens(row: Json, method: str, longest: int | None) -> int:
    """The tokens of one row, which the service cuts after ``longest``."""
    if method == "dpo":
        given = row["input"]
        tokens = _conversation(given) + sum(map(_message, (*row["preferred_output"], *row["non_preferred_output"])))
    else:
        tokens = _conversation(row) + (_functions(row.get("functions") or ()) if method == "supervised" else 0)
    return tokens if longest is None else min(tokens, longest)


def _conversation(row: Json) -> int:
    tools = [tool.get("function") for tool in row.get("tools") or () if isinstance(tool, dict)]
    return 3 + sum(map(_message, row["messages"])) + _functions(tools)


def _message(message: Json) -> int:
    said = [value for value in message.values() if isinstance(value, str)]
    said += [text for call in _calls(message) for text in (call.get("name"), call.get("arguments")) if text]
    tokens = 3 + int(isinstance(message.get("name"), str))
    for part in message["content"] if isinstance(message.get("content"), list) else ():
        if isinstance(part, dict) and part.get("type") == "image_url":
            tokens += _LOW_DETAIL if (part.get("image_url") or {}).get("detail") == "low" else _HIGH_DETAIL
        elif isinstance(part, dict):
            said += [part[key] for key in ("text", "refusal") if isinstance(part.get(key), str)]
    return tokens + sum(map(_count, said))


def _calls(message: Json) -> Iterator[Json]:
    for call in (*(message.get("tool_calls") or ()), {"function": message.get("function_call")}):
        if isinstance(call, dict) and isinstance(call.get("function"), dict):
            yield call["function"]


def _functions(functions: Iterable[Any]) -> int:
    known = [function for function in functions if isinstance(function, dict)]
    if not known:
        return 0
    return _FUNCTIONS + sum(_FUNCTION + _named(f.get("name", ""), f) + _schema(f.get("parameters")) for f in known)


def _named(prefix: str, described: Json) -> int:
    text = described.get("description")
    return _count(f"{prefix}:{text.removesuffix('.') if isinstance(text, str) else ''}")


def _schema(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 0
    properties = schema.get("properties")
    tokens = 0
    if isinstance(properties, dict) and properties:
        tokens += _PROPERTIES + sum(_property(name, inner) for name, inner in properties.items())
    return tokens + sum(_enum(inner) + _schema(inner) for inner in _within(schema))


def _property(name: str, schema: Any) -> int:
    known = schema if isinstance(schema, dict) else {}
    kind = known.get("type", "")
    kinds = "|".join(map(_spelled, kind)) if isinstance(kind, list) else _spelled(kind)
    return _PROPERTY + _named(f"{name}:{kinds}", known) + _enum(known) + _schema(known)


def _enum(schema: Any) -> int:
    items = schema.get("enum") if isinstance(schema, dict) else None
    return _ENUM + sum(_ENUM_ITEM + _count(_spelled(item)) for item in items) if isinstance(items, list) else 0


def _within(schema: Json) -> Iterator[Any]:
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "allOf"):
        inner = schema.get(key)
        yield from inner if isinstance(inner, list) else [inner]
    for key in ("$defs", "definitions"):
        yield from schema[key].values() if isinstance(schema.get(key), dict) else ()


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _count(text: str) -> int:
    # Half a surrogate pair, which JSON can spell, is no character.
    return len(_encoder()(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))


@cache
def _encoder() -> Callable[[str], list[int]]:
    from splintr import Tokenizer  # about 60 ms, once a job is paid for

    encode: Callable[[str], list[int]] = Tokenizer.from_pretrained("o200k_base").encode_ordinary
    return encode
