"""Answers in a form that was asked for: some value that fits a JSON Schema, always the same one.

The service promises that an answer to a question with `response_format: json_schema` fits, whatever is asked:
https://platform.openai.com/docs/guides/structured-outputs
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = "rehearsal"


def fitting_value(schema: Any) -> Any:
    """A value that fits a schema of the kind that the service takes: middles of ranges, first choices, empty lists."""
    root = schema if isinstance(schema, Mapping) else {}
    return _value(root, root, frozenset())


def _value(schema: Any, root: Mapping[str, Any], seen: frozenset[str]) -> Any:
    if not isinstance(schema, Mapping):
        return None
    if "$ref" in schema:
        reference = str(schema["$ref"])
        # What holds itself ends where it begins again.
        return None if reference in seen else _value(_found(reference, root), root, seen | {reference})
    if "const" in schema:
        return schema["const"]
    for several in ("enum", "anyOf"):
        if isinstance(schema.get(several), list) and schema[several]:
            first = schema[several][0]
            return first if several == "enum" else _value(first, root, seen)
    kind = schema.get("type")
    return _plain(kind[0] if isinstance(kind, list) and kind else kind, schema, root, seen)


def _plain(kind: Any, schema: Mapping[str, Any], root: Mapping[str, Any], seen: frozenset[str]) -> Any:
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties")
        named = properties if isinstance(properties, Mapping) else {}
        return {str(name): _value(part, root, seen) for name, part in named.items()}
    if kind == "array":
        fewest = schema.get("minItems")
        return [_value(schema.get("items"), root, seen)] * (min(fewest, 100) if isinstance(fewest, int) else 0)
    if kind in ("number", "integer"):
        return _middle(schema, whole=kind == "integer")
    return {"string": _TEXT, "boolean": False}.get(str(kind))


def _middle(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    low, high = schema.get("minimum", 0), schema.get("maximum", schema.get("minimum", 0) + 1)
    return int(low) if whole else (float(low) + float(high)) / 2


def _found(reference: str, root: Mapping[str, Any]) -> Any:
    """What `#/$defs/NAME` names."""
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(part) if part and isinstance(found, Mapping) else found
    return found
