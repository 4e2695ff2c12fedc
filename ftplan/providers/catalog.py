"""What is known of a service without asking it: prices, dates and limits, read from the tables in `catalogs/`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.catalog_rows import (
    MODEL_KEYS,
    PRICES,
    SERVICE_KEYS,
    UNKNOWN,
    Fault,
    model_values,
    service_values,
)
from ftplan.errors import ConfigError, Place, Problem
from ftplan.providers.plugins import CATALOGS, load_plugin, plugin_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # only Python 3.10 has it installed

BUILT_IN = ("openai", "sandbox")
# What ftplan knows of, and cannot train at: a plug-in may bring that, and then its catalog too.
KNOWN_ONLY = ("azure", "fireworks", "nebius", "together")

# A catalog's own keys and their types, beside those that can be overridden; `type` and `title` are required, the
# others have defaults in Catalog.
_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "title": str,
    "prices_as_of": str,
    "prices_source": str,
    "hosts": list,
    "default_key_env": str,
    "list_lag_seconds": (int, float),
    "poll_seconds": (int, float),
    "rehearsal": bool,
}
_TABLES = ("models", "aliases", "limits", "stands_for", "without")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service refuses by size. Lengths in characters. With no `metadata_pairs` its jobs carry no metadata, and
    cannot be searched by it."""

    suffix_length: int = 64
    metadata_pairs: int = 16
    metadata_key_length: int = 64
    metadata_value_length: int = 512
    upload_bytes: int = 512 * 1024 * 1024
    part_bytes: int = 64 * 1024 * 1024


def catalog_types() -> tuple[str, ...]:
    """Every type that can be declared and has a catalog: those of ftplan first, then those of plug-ins."""
    return (*BUILT_IN, *(name for name in plugin_names(CATALOGS) if name not in BUILT_IN))


def known_types() -> tuple[str, ...]:
    """Every type a catalog is known for, whether or not anything can train there."""
    return tuple(dict.fromkeys((*BUILT_IN, *KNOWN_ONLY, *catalog_types())))


def all_catalogs() -> tuple[Catalog, ...]:
    """Every catalog there is, those of plug-ins too."""
    return tuple(map(load_catalog, known_types()))


def load_catalog(type: str) -> Catalog:
    """What is known of services of this type. Raises `ConfigError` for a type nobody knows. A plug-in's entry point
    is a function without arguments that gives a `Catalog`."""
    if type in BUILT_IN:
        return _decode(_table(type), f"catalogs/{type}.toml")
    plugin = load_plugin(CATALOGS, type)
    if plugin is None and type in KNOWN_ONLY:
        return _decode(_table(type), f"catalogs/{type}.toml")
    if plugin is None:
        raise ConfigError(unknown_type(type, catalog_types()))
    catalog: Catalog = plugin()
    return catalog


def load_limits(type: str) -> Limits:
    """The sizes a built-in type allows; OpenAI's for any other."""
    return Limits(**_table(type if type in BUILT_IN else "openai").get("limits", {}))


def read_catalog(text: str, where: str) -> Catalog:
    """The catalog written as `text` (TOML), for plug-ins. Raises `ConfigError` that names `where`."""
    return _decode(_parse(text, where), where)


def unknown_type(type: str, known: tuple[str, ...], place: Place | None = None) -> Problem:
    """No service has this type; the nearest known one is offered."""
    near = get_close_matches(type, known, n=1)
    return Problem(
        "Unknown provider type",
        f"There is no provider type {type!r}. Known: {', '.join(known)}.",
        place=place,
        advice=f"Did you mean {near[0]!r}?" if near else "Install the package that brings it, or correct the type.",
    )


def _table(type: str) -> dict[str, Any]:
    name = f"catalogs/{type}.toml"
    table = _parse((Path(__file__).parent / name).read_text(encoding="utf-8"), name)
    return _stand_in(_table(table["stands_for"]), table) if "stands_for" in table else table


def _stand_in(original: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The table of an emulator: its own words over those of the service it stands for, less what it cannot train."""
    without = set(table.get("without", ()))
    models = {name: row for name, row in original["models"].items() if name not in without}
    aliases = {alias: target for alias, target in original["aliases"].items() if target not in without}
    return {**original, "default_key_env": None, "models": models, "aliases": aliases, **table}


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(where, f"It is not TOML: {error}.") from error
    return table


def _decode(table: Mapping[str, Any], where: str) -> Catalog:
    unknown = sorted(set(table) - {*_FIELDS, *_TABLES, *SERVICE_KEYS})
    if unknown or "type" not in table or "title" not in table:
        raise _broken(where, f"Unknown keys: {', '.join(unknown)}." if unknown else "It has no type or no title.")
    for name, kind in _FIELDS.items():
        value = table.get(name)
        if value is not None and not isinstance(value, kind):
            raise _broken(where, f"{name} cannot be {value!r}.")
    own, faults = service_values(table)
    _refuse(faults, where)
    plain = {name: table[name] for name in _FIELDS if table.get(name) is not None}
    models = {name: _model(name, row, where) for name, row in table.get("models", {}).items()}
    aliases = dict(table.get("aliases", {}))
    lost = sorted(alias for alias, target in aliases.items() if target not in models)
    if lost:
        raise _broken(where, f"These aliases point to no model of the catalog: {', '.join(lost)}.")
    fields = {**_priced(own), **plain, **own, "hosts": tuple(table.get("hosts", ()))}
    return Catalog(**fields, models=models, aliases=aliases)


def _priced(own: Mapping[str, Any]) -> dict[str, str]:
    """How old prices are and where they are from, as their source has it."""
    source = own.get("sources", {}).get("prices")
    return {"prices_as_of": f"{source.read:%Y-%m}", "prices_source": source.url} if source else {}


def _model(name: str, row: Mapping[str, Any], where: str) -> BaseModel:
    at = f"{where}, model {name}"
    unknown = sorted(set(row) - set(MODEL_KEYS))
    if unknown:
        raise _broken(at, f"Unknown keys: {', '.join(unknown)}.")
    if "train_per_million" not in row and "train_per_hour" not in row:
        raise _broken(at, f'It has no price. Where none is known, write train_per_million = "{UNKNOWN}".')
    # A TOML number has passed through binary fractions before we see it.
    inexact = [key for key in PRICES if not isinstance(row.get(key, ""), str)]
    if inexact:
        raise _broken(at, f'A price is written as text, like "25.00", not as {row[inexact[0]]!r}.')
    values, faults = model_values({"methods": [], "encoding": "o200k_base", **row})
    _refuse(faults, at)
    return BaseModel(id=name, **values)


def _refuse(faults: list[Fault], at: str) -> None:
    if faults:
        raise _broken(at, " ".join(f"{fault.words}." for fault in faults))


def _broken(where: str, detail: str) -> ConfigError:
    return ConfigError(Problem("Broken catalog", f"{where}: {detail}", advice="Install ftplan, or the plug-in, anew."))
