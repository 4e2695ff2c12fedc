"""What is published of our documents, as tests hold against it what is really written: strictly, though readers are
told to ignore what they do not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from ftplan.config.schema import load_schema

STREAMING = ("plan", "apply", "destroy", "watch")


@cache
def validator(name: str, part: str = "") -> Any:
    """Checks documents of the schema `name`, or of the one of its `$defs` that is called `part`."""
    schema = load_schema(name)
    if part:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return jsonschema_rs.validator_for(schema, validate_formats=False)


def check(document: Any, name: str, part: str = "") -> None:
    """Holds `document`, JSON as it was read, against its schema."""
    found = validator(name, part).iter_errors(_whole(document))
    wrong = [f"{'.'.join(map(str, error.instance_path))}: {error.message[:600]}" for error in found]
    assert not wrong, f"not as schemas/{name}.schema.json says:\n" + "\n".join(wrong[:5])


def _whole(document: Any) -> Any:
    """`document` where halves of characters, which JSON can hold and UTF-8 cannot, are replaced."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    return document


def check_line(line: str) -> dict[str, Any]:
    """Holds one line of a stream against its schema: the branch of its type, whose errors say more than `oneOf`."""
    event: dict[str, Any] = json.loads(line)
    assert event.get("type") in event_types(), f"no type of line that is published: {event.get('type')!r}"
    check(event, "events", f"{event['type']}_line")
    return event


@cache
def event_types() -> tuple[str, ...]:
    """The types of lines that are published."""
    return tuple(branch["$ref"].rpartition("/")[2].removesuffix("_line") for branch in load_schema("events")["oneOf"])


def check_output(words: tuple[str, ...], out: str) -> None:
    """Holds what a command printed with -json against what is published of it; nothing else is looked at."""
    command, options = words[0] if words else "", {word.lstrip("-") for word in words[1:]}
    if "json" not in options or not out:
        return
    if command in STREAMING:
        for line in out.splitlines():
            check_line(line)
    elif command == "show":
        document = json.loads(out)
        check(document, "plan", "" if "resource_changes" in document else "state")
    elif command == "metrics":
        check(json.loads(out), "metrics")
    elif command == "lineage":
        check(json.loads(out), "lineage")
    elif command == "compare":
        check(json.loads(out), "comparison")
    elif command == "validate":
        check(json.loads(out), "events", "validation")
    elif command == "output" and isinstance(json.loads(out), dict):
        check(json.loads(out), "plan", "outputs")


class Seen:
    """Which properties of a schema occurred in documents that fit it, each by its place in the schema."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.schema = load_schema(name)
        self.places: set[str] = set()

    def look(self, document: Any, part: str = "") -> None:
        check(document, self.name, part)
        self._walk(_whole(document), {"$ref": f"#/$defs/{part}"} if part else self.schema, "")

    def unseen(self) -> list[str]:
        """Every property that is described, and that no document had."""
        return sorted({place for place, _ in properties(self.schema)} - self.places)

    def _walk(self, value: Any, schema: dict[str, Any], place: str) -> None:
        if "$ref" in schema:
            target = schema["$ref"].removeprefix("#")
            self._walk(value, self.schema["$defs"][target.rpartition("/")[2]], target)
        for rule in ("anyOf", "oneOf"):
            for index, branch in enumerate(schema.get(rule, ())):
                if self._fits(json.dumps(branch), value):
                    self._walk(value, branch, f"{place}/{rule}/{index}")
        if isinstance(value, list) and "items" in schema:
            for item in value:
                self._walk(item, schema["items"], f"{place}/items")
        if isinstance(value, dict):
            self._walk_object(value, schema, place)

    def _walk_object(self, value: dict[str, Any], schema: dict[str, Any], place: str) -> None:
        for key, item in value.items():
            if key in schema.get("properties", ()):
                self.places.add(f"{place}/properties/{key}")
                self._walk(item, schema["properties"][key], f"{place}/properties/{key}")
            elif isinstance(schema.get("additionalProperties"), dict):
                self._walk(item, schema["additionalProperties"], f"{place}/additionalProperties")

    def _fits(self, branch: str, value: Any) -> bool:
        return bool(_branch(branch, json.dumps(self.schema.get("$defs", {}))).is_valid(value))


@cache
def _branch(branch: str, definitions: str) -> Any:
    return jsonschema_rs.validator_for({**json.loads(branch), "$defs": json.loads(definitions)})


def properties(schema: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that a schema describes, by its place, with what it says of it."""
    if isinstance(schema, dict):
        named = schema.get("properties")
        if isinstance(named, dict) and not place.endswith("/properties"):
            yield from ((f"{place}/properties/{key}", about) for key, about in named.items())
        for name, value in schema.items():
            yield from properties(value, f"{place}/{name}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from properties(value, f"{place}/{index}")
