"""The values of `${var.NAME}`: declared in the YAML, set from outside. The nearest to the command wins.

default < FTPLAN_VAR_NAME < -var-file (later files win) < -var, as Terraform users expect it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ftplan.config.characters import decode_text, refused_character
from ftplan.config.compose import MAX_PROBLEMS, parse_tree
from ftplan.config.redact import HIDDEN, names_secret
from ftplan.config.source import read_source
from ftplan.config.tree import Path, Tree
from ftplan.config.wording import described, listed, near_miss, quoted
from ftplan.errors import Place, Problem

ENV_PREFIX = "FTPLAN_VAR_"
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list of single values",
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,19}(?:\.[0-9]{0,19})?|\.[0-9]{1,19})(?:[eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Values:
    """What each declared variable stands for. `missing` ones have no value, or a wrong one: reported already."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()

    @property
    def declared(self) -> list[str]:
        return [*self.values, *self.missing]

    def shown(self) -> dict[str, Any]:
        """The values as they may be printed and kept in a plan."""
        return {name: HIDDEN if name in self.sensitive else value for name, value in self.values.items()}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A value from somewhere. `typed` came with a type of its own, otherwise it is text to be read."""

    value: Any
    origin: str
    place: Place
    typed: bool = True


def resolve_variables(
    tree: Tree, given: Mapping[str, str], files: Sequence[FilePath], environ: Mapping[str, str]
) -> tuple[Values, list[Problem]]:
    """A value for every variable that `tree` declares, and what is wrong with them."""
    declared = {name: spec if isinstance(spec, dict) else {} for name, spec in tree.mapping("variables").items()}
    problems = _undeclared(given, declared)
    offers = _offers_inside(tree, declared)
    for name in declared:
        if ENV_PREFIX + name in environ:
            place = tree.key_place(("variables", name))
            offers[name] = _Offer(environ[ENV_PREFIX + name], ENV_PREFIX + name, place, typed=False)
    for file in files:
        offers.update(_offers_of(file, declared, problems))
    for name in declared.keys() & given.keys():
        place = tree.key_place(("variables", name))
        offers[name] = _Offer(given[name], f"-var {name}", place, typed=False)
    values: dict[str, Any] = {}
    sensitive = {name for name, spec in declared.items() if spec.get("sensitive") is True or names_secret(name)}
    for name, spec in declared.items():
        outcome = _value(name, spec, offers.get(name), name in sensitive, tree)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            values[name] = outcome[0]
    return Values(values, frozenset(sensitive), frozenset(declared.keys() - values.keys())), problems


def private_lines(tree: Tree) -> frozenset[int]:
    """The lines in which the default of a sensitive variable stands; they are never shown."""
    lines: set[int] = set()
    for name, spec in tree.mapping("variables").items():
        path: Path = ("variables", name, "default")
        if isinstance(spec, dict) and spec.get("sensitive") is True and path in tree.keys:
            lines.update(range(tree.keys[path][0], tree.values[path][0] + 1))
    return frozenset(lines)


def _undeclared(given: Mapping[str, str], declared: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(
            "Unknown variable",
            f"-var sets {quoted(name)}, which the configuration does not declare; it declares {listed(declared)}.",
            advice=near_miss(name, declared),
        )
        for name in given
        if name not in declared
    ]


def _offers_inside(tree: Tree, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, _Offer]:
    return {
        name: _Offer(_unescaped(spec["default"]), "the default", tree.place(("variables", name, "default")))
        for name, spec in declared.items()
        if "default" in spec
    }


def _unescaped(value: Any) -> Any:
    return value.replace("$${", "${") if isinstance(value, str) else value


def _offers_of(path: FilePath, declared: Mapping[str, Any], problems: list[Problem]) -> dict[str, _Offer]:
    """What one -var-file offers. A name that is not declared is a warning: one file may serve several projects."""
    data = read_source(path)
    if isinstance(data, Problem):
        problems.append(data)
        return {}
    text, wrong = decode_text(data, str(path))
    tree, more = parse_tree(text, str(path)) if not wrong else (None, wrong)
    problems.extend(more)
    if tree is None:
        return {}
    if not isinstance(tree.value, dict):
        detail = f"A file of variables is a mapping of names to values; this is {described(tree.value)}."
        problems.append(Problem("Wrong type", detail, tree.place(())))
    offers = {}
    for name, value in tree.mapping().items():
        if name in declared:
            offers[name] = _Offer(value, f"the file {path}", tree.place((name,)))
        elif len(problems) < MAX_PROBLEMS:
            detail = f"The configuration declares no variable {quoted(name)}."
            place, advice = tree.key_place((name,)), near_miss(name, declared)
            problems.append(Problem("Unknown variable", detail, place, advice=advice, severity="warning"))
    return offers


def _value(
    name: str, spec: Mapping[str, Any], offer: _Offer | None, sensitive: bool, tree: Tree
) -> tuple[Any] | Problem:
    """The value of one variable (in a tuple, since a problem is a value too)."""
    if offer is None:
        return Problem(
            "Variable without a value",
            f"The variable {name} has no default and was not set.",
            tree.key_place(("variables", name)),
            advice=f"Set it with -var {name}=VALUE, in a -var-file, or as {ENV_PREFIX}{name}.",
        )
    if not offer.typed and (bad := refused_character(offer.value)):
        detail = f"The value of {name} from {offer.origin} holds the character {bad}."
        return Problem("Character not allowed", detail, offer.place)
    wanted = spec.get("type")
    if not isinstance(wanted, str) or wanted not in _TYPES:
        wanted = _type_of(spec["default"]) if "default" in spec else None
    if wanted is None:
        return (offer.value,)
    value = offer.value if offer.typed else _read(offer.value, wanted)
    if _fits(value, wanted):
        return (int(value) if wanted == "integer" else value,)
    found = HIDDEN if sensitive else described(offer.value)
    detail = f"The variable {name} takes {_TYPES[wanted]}; {offer.origin} gives it {found}."
    place = Place(offer.place.path, offer.place.line, offer.place.column, HIDDEN) if sensitive else offer.place
    return Problem("Wrong type of variable", detail, place)


def _read(text: str, wanted: str) -> Any:
    """`text` from a command line or the environment as a value of type `wanted`; itself where it is none."""
    match wanted:
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            return float(text) if set(text) & set(".eE") else int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "list":
            try:
                return json.loads(text, parse_constant=_refuse_constant)
            except (ValueError, RecursionError):
                return text
        case _:
            return text


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number here")


def _type_of(value: Any) -> str | None:
    return next((name for name in ("boolean", "integer", "number", "string", "list") if _fits(value, name)), None)


def _fits(value: Any, wanted: str) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match wanted:
        case "string":
            return isinstance(value, str)
        case "integer":
            return number and value == int(value)
        case "number":
            return number
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, list) and all(isinstance(item, (str, int, float, bool)) for item in value)
