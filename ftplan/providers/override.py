"""A catalog with what its owner says over it. Only facts can be given: nothing that decides where a key is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.override import CatalogOverride
from ftplan.errors import Place, Problem
from ftplan.providers.catalog import unknown_type

_TRAINING = ("train_per_million", "train_per_hour")


def overridden(catalog: Catalog, overrides: Iterable[CatalogOverride]) -> tuple[Catalog, list[Problem]]:
    """`catalog` as those of `overrides` say that are of its type, the later over the earlier, and what is wrong with
    them."""
    problems: list[Problem] = []
    for override in overrides:
        if override.type == catalog.type:
            catalog = _over(catalog, override, problems)
    return catalog, problems


def unknown_types(overrides: Iterable[CatalogOverride], known: tuple[str, ...]) -> list[Problem]:
    """A problem for each override of a type that has no catalog."""
    return [unknown_type(one.type, known, one.places.get(())) for one in overrides if one.type not in known]


def _over(catalog: Catalog, override: CatalogOverride, problems: list[Problem]) -> Catalog:
    models = dict(catalog.models)
    for name, values in override.models.items():
        problem = _strange_model(name, values, catalog, override)
        if problem is None:
            models[name] = _model(models.get(name), name, values, override)
        else:
            problems.append(problem)
    aliases = {**catalog.aliases, **override.aliases}
    problems += filter(None, (_strange_alias(alias, models, override) for alias in override.aliases))
    sources = {**catalog.sources, **override.values.get("sources", {})}
    values = {**override.values, **_priced(override), "sources": sources}
    told = {".".join(path): _origin(place) for path, place in override.places.items() if _says_a_value(path, override)}
    return replace(catalog, models=models, aliases=aliases, overridden={**catalog.overridden, **told}, **values)


def _model(known: BaseModel | None, name: str, values: Mapping[str, Any], override: CatalogOverride) -> BaseModel:
    """A model as it is known, with other values. Whoever gives one price of training means it in the place of both."""
    base = known or BaseModel(name, methods=values["methods"], encoding="")
    given = [key for key in _TRAINING if key in values]
    others = {key: None for key in _TRAINING if given and key not in given}
    by = next((key for key in (*given, "train_hours") if key in values), None)
    origin = _origin(override.places[("models", name, by)]) if by else base.price_origin
    sources = {**base.sources, **values.get("sources", {})}
    return replace(base, **{**values, **others, "price_origin": origin, "sources": sources})


def _strange_model(name: str, values: Mapping[str, Any], catalog: Catalog, override: CatalogOverride) -> Problem | None:
    if name in catalog.models or (name not in catalog.aliases and "methods" in values):
        return None
    place = override.places.get(("models", name))
    if name in catalog.aliases:
        detail = f"{name!r} is an alias in the catalog of {catalog.title}."
        return Problem("Alias in the place of a model", detail, place, f"Write {catalog.aliases[name]!r}.")
    near = get_close_matches(name, [*catalog.models], n=1)
    advice = f"Did you mean {near[0]!r}? " if near else ""
    detail = f"The catalog of {catalog.title} has no model {name[:80]!r}."
    return Problem("Unknown model", detail, place, f"{advice}A model that is not known yet needs its methods.")


def _strange_alias(alias: str, models: Mapping[str, BaseModel], override: CatalogOverride) -> Problem | None:
    place, target = override.places.get(("aliases", alias)), override.aliases[alias]
    if alias in models:
        return Problem("Model in the place of an alias", f"{alias!r} is a model itself.", place, "Choose another word.")
    if target in models:
        return None
    near = get_close_matches(target, [*models], n=1)
    advice = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(models) or 'none'}."
    return Problem("Unknown model", f"The alias {alias!r} means {target[:80]!r}, which is no model.", place, advice)


def _priced(override: CatalogOverride) -> dict[str, str]:
    """How old prices are, and where they are from, where their source is another."""
    source = override.values.get("sources", {}).get("prices")
    return {"prices_as_of": f"{source.read:%Y-%m}", "prices_source": source.url} if source else {}


def _says_a_value(path: tuple[str, ...], override: CatalogOverride) -> bool:
    return len(path) == 3 or path[:1] == ("aliases",) or (len(path) == 1 and path[0] in override.values)


def _origin(place: Place) -> str:
    return ":".join(str(part) for part in (place.path, place.line) if part is not None)
