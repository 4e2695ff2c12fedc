"""What of a document breaks its schema, in plain language: where, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from ftplan.config.schema import Breach, breaches
from ftplan.config.tree import Path, Tree, dotted
from ftplan.config.wording import described, expected, found_at, listed, near_miss, quoted
from ftplan.errors import Problem

MAX_REPORTED = 200
# What OpenAI's API or other tools call a key, and what it is called here.
_FOREIGN_KEYS = {
    "n_epochs": "`epochs`, a key of the model",
    "model": "`base_model`",
    "training_file": "`dataset`",
    "validation_file": "`validation`",
    "validation_dataset": "`validation`",
    "reinforcement": "`method: reinforcement`",
    "api_base": "`base_url`",
}
_BOUNDS = ("pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def shape_problems(tree: Tree, name: str = "config") -> list[Problem]:
    """Everything in `tree` that breaks the schema `name`, each once; nothing about values that were not resolved."""
    found = (problem for breach in breaches(tree.value, name) for problem in _problems_of(breach, tree))
    return list(dict.fromkeys(islice(found, MAX_REPORTED)))


def _problems_of(breach: Breach, tree: Tree) -> Iterator[Problem]:
    path = breach.path
    if any(path[:length] in tree.unresolved for length in range(len(path) + 1)):
        return
    if breach.is_name:
        yield _bad_name(breach, tree)
    elif breach.rule == "additionalProperties":
        yield from _unknown_keys(breach, tree)
    elif breach.rule == "required":
        yield from _missing_keys(breach, tree)
    elif inner := _meant_branch(breach):
        for below in inner:
            yield from _problems_of(below, tree)
    else:
        yield _bad_value(breach, tree)


def _meant_branch(breach: Breach) -> list[Breach]:
    """What is wrong inside the one alternative that a mapping or a list was meant as; nothing for single values."""
    wanted = "object" if isinstance(breach.value, dict) else "array" if isinstance(breach.value, list) else None
    alternatives = breach.schema.get("anyOf", []) if wanted else []
    meant = [number for number, branch in enumerate(alternatives) if branch.get("type") == wanted]
    return [below for number, below in breach.branches if [number] == meant]


def _unknown_keys(breach: Breach, tree: Tree) -> Iterator[Problem]:
    known = list(breach.schema["properties"]) if "properties" in breach.schema else []
    for key in breach.value:
        if key in known:
            continue
        advice = near_miss(key, known) or f"Keys that may stand here: {listed(known)}."
        if key in _FOREIGN_KEYS:
            advice = f"Here it is {_FOREIGN_KEYS[key]}."
        place = tree.key_place((*breach.path, key))
        yield Problem("Unknown key", f"{_owner(breach.path)} has no key {quoted(key)}.", place, advice=advice)


def _missing_keys(breach: Breach, tree: Tree) -> Iterator[Problem]:
    """All that are missing. The validator reports each by itself; the repeats are dropped at the end."""
    known = list(breach.schema.get("properties", {}))
    mistyped = {meant for key in breach.value if key not in known for meant in get_close_matches(key, known, n=1)}
    for key in breach.schema["required"]:
        # A mistyped key is told as an unknown one, with the key it was meant to be.
        if key in breach.value or key in mistyped:
            continue
        meaning = breach.schema.get("properties", {}).get(key, {}).get("description", "")
        detail = f"{_owner(breach.path)} needs the key {key}."
        yield Problem("Missing key", detail, tree.key_place(breach.path), advice=meaning)


def _bad_name(breach: Breach, tree: Tree) -> Problem:
    detail = f"{_owner(breach.path)} holds the name {quoted(breach.value)}; expected {expected(breach.schema)}."
    return Problem("Invalid name", detail, tree.key_place((*breach.path, breach.value)))


def _bad_value(breach: Breach, tree: Tree) -> Problem:
    value, limit, wanted = breach.value, breach.schema.get(breach.rule), expected(breach.schema)
    match breach.rule:
        case "uniqueItems":
            fault = "names something twice"
        case "maxProperties" | "maxItems":
            fault = f"has {len(value)} entries; expected {limit} at most"
        case "minProperties" | "minItems":
            fault = f"has {len(value)} entries; expected {limit} at least"
        case "maxLength":
            fault = f"has {len(value)} characters; expected {wanted}"
        case _:
            fault = f"is {found_at(tree, breach.path)}; expected {wanted}"
    summary = "Wrong type" if _is_of_another_type(breach) else "Invalid value"
    advice = near_miss(value, _words(breach.schema)) or _advice(breach, tree)
    return Problem(summary, f"{dotted(breach.path)} {fault}.", tree.place(breach.path), advice=advice)


def _advice(breach: Breach, tree: Tree) -> str:
    names = tree.drawn.get(breach.path)
    if names:
        return f"The value comes from {', '.join('${var.' + name + '}' for name in names)}."
    if isinstance(breach.value, (bool, int, float)) and "string" in str(breach.schema.get("type")):
        return f'To make it text, put it in quotes: "{described(breach.value).rsplit(" ", 1)[-1]}".'
    return ""


def _is_of_another_type(breach: Breach) -> bool:
    if not breach.branches:
        return breach.rule == "type"
    if isinstance(breach.value, str) and _words(breach.schema):
        return False
    # An alternative that got as far as a bound accepts the type.
    return not any(below.rule in _BOUNDS for _, below in breach.branches)


def _words(schema: Mapping[str, Any]) -> list[str]:
    """The words that `schema` accepts, for near misses."""
    branches = [schema, *schema.get("anyOf", ())]
    found = [word for branch in branches for word in (*branch.get("enum", ()), branch.get("const"))]
    return [word for word in found if isinstance(word, str)]


def _owner(path: Path) -> str:
    return dotted(path) if path else "The file"
