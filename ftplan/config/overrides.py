"""What is to be reckoned with in the place of a catalog: `catalog:` in ftplan.yaml, or a file for a whole company."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from ftplan.config.characters import decode_text
from ftplan.config.compose import parse_tree
from ftplan.config.safety import secret_problems
from ftplan.config.shape import shape_problems
from ftplan.config.source import read_source
from ftplan.config.tree import Path, Tree, dotted, leaves
from ftplan.config.wording import quoted
from ftplan.core.catalog_rows import DATES, model_values, read_price, service_values
from ftplan.core.override import CatalogOverride
from ftplan.core.recipe import digest
from ftplan.errors import Place, Problem

KEY = "catalog"
SCHEMA = "catalog-overrides"
_TABLES = ("models", "aliases")


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a file says over the catalogs, and sha256 of its meaning; nothing where one of `problems` is an error."""

    said: tuple[CatalogOverride, ...] = ()
    digest: str = ""
    problems: list[Problem] = field(default_factory=list)


def load_overrides(path: FilePath) -> Overrides:
    """What the file `path` says: YAML, what else stands under `catalog:`. No variable is filled in. Raises nothing for
    what a user can write."""
    data = read_source(path)
    if isinstance(data, Problem):
        return Overrides(problems=[data])
    text, problems = decode_text(data, str(path))
    tree, more = parse_tree(text, str(path)) if not problems else (None, problems)
    if tree is None or tree.value is None:
        empty = Problem("Empty file", f"{path} says nothing of any catalog.", Place(str(path), 1, 1, ""))
        return Overrides(problems=more or [empty])
    grave = list(secret_problems(tree))
    told = {problem.place for problem in grave}
    others = [*shape_problems(tree, SCHEMA), *override_problems(tree, ())]
    found = [*more, *grave, *(problem for problem in others if problem.place not in told)]
    return Overrides(problems=found) if found else Overrides(read_overrides(tree, ()), digest(tree.mapping()))


def override_problems(tree: Tree, root: Path = (KEY,)) -> Iterator[Problem]:
    """What the schema cannot say: days that no calendar has, hours the wrong way round. Passes over other shapes."""
    below = tree.get(*root)
    for path, value in leaves(below) if isinstance(below, dict) else ():
        where = (*root, *path)
        if path[-1] in (*DATES, "read") and isinstance(value, str) and where not in tree.unresolved:
            yield from _day(tree, where, value)
        if path[-2:-1] == ("train_hours",) and path[-1] == 1:
            yield from _hours(tree, where[:-1])


def read_overrides(tree: Tree, root: Path = (KEY,)) -> tuple[CatalogOverride, ...]:
    """What a tree without problems says, by the order of its types."""
    return tuple(_override(tree, (*root, type), type) for type in tree.mapping(*root))


def _override(tree: Tree, at: Path, type: str) -> CatalogOverride:
    said = tree.mapping(*at)
    values, _ = service_values(said)
    models = {name: model_values(row)[0] for name, row in said.get("models", {}).items()}
    places = {(): tree.key_place(at), **dict(_places(tree, at, said))}
    return CatalogOverride(type, values, models, dict(said.get("aliases", {})), places)


def _places(tree: Tree, at: Path, said: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Place]]:
    """Where each key stands, by its path below the type: as deep as one value can be overridden."""
    for key, value in said.items():
        if key not in _TABLES:
            yield (key,), tree.place((*at, key))
            continue
        for name, row in value.items():
            yield (key, name), tree.key_place((*at, key, name))
            for below in row if isinstance(row, dict) else ():
                yield (key, name, below), tree.place((*at, key, name, below))


def _day(tree: Tree, where: Path, value: str) -> Iterator[Problem]:
    digits = value.replace("-", "")
    if len(value) != 10 or not (digits.isascii() and digits.isdecimal() and len(digits) == 8):
        return
    try:
        date.fromisoformat(value)
    except ValueError:
        detail = f"{dotted(where)} is {quoted(value)}, a day that no calendar has."
        yield Problem("Invalid value", detail, tree.place(where))


def _hours(tree: Tree, where: Path) -> Iterator[Problem]:
    try:
        hours = [read_price(one) for one in tree.get(*where)]
    except ValueError:
        return
    if len(hours) != 2 or None in hours:
        yield Problem("Invalid value", f"{dotted(where)} holds no two numbers of hours.", tree.place(where))
    elif hours[0] > hours[1]:  # type: ignore[operator]  # neither is None
        detail = f"{dotted(where)}: the fewest hours come first, then the most."
        yield Problem("Invalid value", detail, tree.place(where))
