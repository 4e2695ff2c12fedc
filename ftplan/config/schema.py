"""The JSON Schemas, and what of a document breaks its schema (jsonschema's door).

One file serves editors and ourselves. An editor sees `${var.NAME}` where a number is wanted and must accept it; we
look once the variables are filled in, so the same schema is read without that alternative.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from ftplan.config.tree import Path
from ftplan.config.wording import listed, near_miss, quoted
from ftplan.errors import Problem, UsageError

_SUFFIX = ".schema.json"
_INTERPOLATED = {"$ref": "#/$defs/interpolated"}


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule broken: by `value` at `path`, the rule `rule` of `schema`.

    `branches` holds what is wrong with each alternative of an `anyOf`, by its number. `is_name` says that `value` is
    a key of the mapping at `path`.
    """

    path: Path
    value: Any
    rule: str
    schema: dict[str, Any]
    is_name: bool
    branches: tuple[tuple[int, Breach], ...] = ()


def load_schema(name: str) -> dict[str, Any]:
    """The schema called `name` (see `names`), as it is published. UsageError where there is none."""
    if name not in names():
        detail = f"There is no schema {quoted(name)}; there are {listed(names())}."
        raise UsageError(Problem("Unknown schema", detail, advice=near_miss(name, names())))
    schema: dict[str, Any] = json.loads((_folder() / (name + _SUFFIX)).read_text(encoding="utf-8"))
    return schema


def names() -> list[str]:
    """What `load_schema` knows, sorted."""
    return sorted(file.name.removesuffix(_SUFFIX) for file in _folder().glob("*" + _SUFFIX))


def breaches(value: Any, name: str) -> Iterator[Breach]:
    """Everything in `value` that breaks the schema `name`."""
    from jsonschema import Draft202012Validator  # about 90 ms

    for error in Draft202012Validator(resolved_schema(name)).iter_errors(value):
        yield _breach(error)


@lru_cache(maxsize=8)
def resolved_schema(name: str) -> dict[str, Any]:
    """The schema `name` as it holds once variables are filled in: no alternative for them, references written out."""
    schema = load_schema(name)
    resolved: dict[str, Any] = _resolved(schema, schema.pop("$defs", {}))
    return resolved


def _breach(error: Any) -> Breach:
    inside = tuple((int(below.schema_path[0]), _breach(below)) for below in error.context or ())
    path, rules = tuple(error.absolute_path), tuple(error.schema_path)
    return Breach(path, error.instance, error.validator, error.schema, "propertyNames" in rules, inside)


def _folder() -> FilePath:
    """In a wheel the schemas lie beside this package's rooms, in the repository beside the package."""
    package = FilePath(__file__).resolve().parent.parent
    shipped = package / "schemas"
    return shipped if shipped.is_dir() else package.parent / "schemas"


def _resolved(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(item, definitions) for item in schema if item != _INTERPOLATED]
    if not isinstance(schema, dict):
        return schema
    own = {key: _resolved(value, definitions) for key, value in schema.items() if key != "$ref"}
    if "$ref" in schema:
        own = {**_resolved(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions), **own}
    if len(own.get("anyOf", ())) == 1:
        own = {**own.pop("anyOf")[0], **own}
    return own
