"""How a value, an expectation and a near miss are put into words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from ftplan.config.redact import HIDDEN, looks_secret, names_secret
from ftplan.config.tree import Path, Tree

SHOWN_LENGTH = 80
MAX_LISTED = 24
MAX_COMPARED = 1000  # each comparison costs about a microsecond
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def described(value: Any) -> str:
    """What `value` is, with the value where it is a single one: `the text "three"`, `a list`."""
    match value:
        case None:
            return "empty"
        case bool():
            return "the word true" if value else "the word false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def quoted(text: str) -> str:
    """`text` in quotes, cut; hidden where it looks like a secret."""
    if looks_secret(text):
        return HIDDEN
    return f'"{text[:SHOWN_LENGTH]}…"' if len(text) > SHOWN_LENGTH else f'"{text}"'


def found_at(tree: Tree, path: Path) -> str:
    """What stands at `path`, as far as it may be shown."""
    secret_name = any(isinstance(part, str) and names_secret(part) for part in path[-1:])
    if path in tree.sensitive or secret_name or (path and path[-1] == "api_key_env"):
        return HIDDEN
    return described(tree.get(*path))


def near_miss(word: object, options: Iterable[str]) -> str:
    """`Did you mean "x"?` where one of `options` is close to `word`, else nothing."""
    if not isinstance(word, str) or len(word) > SHOWN_LENGTH or looks_secret(word):
        return ""
    folded = {option.casefold(): option for option in islice(options, MAX_COMPARED)}
    close = get_close_matches(word.casefold(), folded, n=1)
    return f'Did you mean "{folded[close[0]]}"?' if close else ""


def listed(options: Iterable[str]) -> str:
    """`a, b, c` in the order given, cut where it is long; `none` for none."""
    names = list(options)
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return (", ".join(names[:MAX_LISTED]) or "none") + more


def expected(schema: Mapping[str, Any] | bool) -> str:
    """What a JSON Schema accepts, in a phrase: `a whole number from 1 to 50 or the word auto`."""
    if isinstance(schema, bool):
        return "anything" if schema else "nothing"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(expected(branch) for branch in schema["anyOf"]))
    if "const" in schema:
        return _constant(schema["const"])
    if "enum" in schema:
        options = [str(option) for option in schema["enum"]]
        return f"one of {', '.join(options)}" if len(options) > 1 else options[0]
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else types
    if "pattern" in schema and "title" in schema:
        return str(schema["title"])
    words = " or ".join(_TYPES.get(name, name) for name in names) or "something else"
    return words + _bounds(schema)


def _constant(value: Any) -> str:
    return f"the word {value}" if isinstance(value, str) else described(value)


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    lengths = schema.get("minLength"), schema.get("maxLength")
    if above is not None and below is not None:
        return f" between {above:g} and {below:g}"
    if above is not None:
        return f" greater than {above:g}" + (f" and at most {high:g}" if high is not None else "")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    if lengths[1] is not None:
        return f" of {lengths[0] or 0} to {lengths[1]} characters"
    if lengths[0]:
        return " that is not empty"
    items = schema.get("items")
    if isinstance(items, Mapping):
        return f" whose items are each {expected(items)}"
    return ""
