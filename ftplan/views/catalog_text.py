"""What is known of services without asking them, for a person and for a program: models, prices, days, sources."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from ftplan.core.catalog import BaseModel, Catalog, Source
from ftplan.core.money.cost import rate
from ftplan.views.json_text import plain
from ftplan.views.style import Style, clean

_WIDTH = 400


def render_catalogs(catalogs: Sequence[Catalog], trainable: Container[str], style: Style) -> str:
    """A line for each service. Ends in a newline."""
    head = ("type", "service", "ftplan trains there", "new jobs until", "models", "prices of")
    lines = _table(head, [_service(catalog, trainable) for catalog in catalogs], style)
    others = [f"{clean(one.type)}: {_facts(len(one.overridden))}" for one in catalogs if one.overridden]
    told = ["", f"Overridden: {', '.join(others)}."] if others else []
    return "\n".join([*lines, *told, ""])


def render_catalog(catalog: Catalog, trainable: Container[str], style: Style) -> str:
    """One service with its models, where each fact was read, and what was overridden. Ends in a newline."""
    name = style.bold(f"{clean(catalog.title)} ({clean(catalog.type)})")
    ways = "" if catalog.type in trainable else "; ftplan cannot train there yet"
    ends = f"; no new jobs from {catalog.jobs_end} on" if catalog.jobs_end else ""
    head = ("model", "methods", "training", "read / cached / written", "hosting", "new jobs until", "off on")
    rows = [_model(model, catalog) for model in catalog.models.values()]
    blocks = [[f"{name}{ends}{ways}"], _table(head, rows, style), _aliases(catalog)]
    blocks += [["Prices in USD: of a million tokens, or of an hour. A dash stands for what is not known."]]
    blocks += [_sources(catalog), _overridden(catalog)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def catalogs_document(catalogs: Iterable[Catalog], trainable: Container[str]) -> dict[str, Any]:
    """The same list for programs."""
    return {"providers": [_summary(catalog, trainable) for catalog in catalogs]}


def catalog_document(catalog: Catalog, trainable: Container[str]) -> dict[str, Any]:
    """One service for programs: prices in USD, null for what is not known."""
    return {
        **_summary(catalog, trainable),
        "aliases": dict(catalog.aliases),
        "models": [_plain_model(model) for model in catalog.models.values()],
        "sources": _plain_sources(catalog.sources.items()),
        "overridden": dict(catalog.overridden),
    }


def _service(catalog: Catalog, trainable: Container[str]) -> tuple[str, ...]:
    return (
        clean(catalog.type),
        clean(catalog.title),
        "yes" if catalog.type in trainable else "not yet",
        str(catalog.jobs_end or "-"),
        f"{len(catalog.models):,}",
        clean(catalog.prices_as_of) or "-",
    )


def _model(model: BaseModel, catalog: Catalog) -> tuple[str, ...]:
    ends = min((day for day in (model.jobs_end, catalog.jobs_end, model.shutdown) if day), default=None)
    return (
        clean(model.id),
        ", ".join(map(clean, model.methods)),
        _training(model),
        " / ".join(map(_usd, (model.input_per_million, model.cached_input_per_million, model.output_per_million))),
        _usd(model.hosting_per_hour),
        str(ends or "-"),
        str(model.shutdown or "-"),
    )


def _training(model: BaseModel) -> str:
    if model.train_per_million is None and model.train_per_hour is not None:
        return f"{_usd(model.train_per_hour)} an hour"
    return _usd(model.train_per_million)


def _usd(amount: Decimal | None) -> str:
    return "-" if amount is None else rate(amount)


def _aliases(catalog: Catalog) -> list[str]:
    told = ", ".join(f"{clean(alias)} = {clean(model)}" for alias, model in catalog.aliases.items())
    return [f"Aliases: {told}"] if told else []


def _sources(catalog: Catalog) -> list[str]:
    told = [("", group, source) for group, source in catalog.sources.items()]
    told += [(f" of {clean(m.id)}", group, one) for m in catalog.models.values() for group, one in m.sources.items()]
    lines = [f"  {clean(group)}{whose}: {clean(one.url, _WIDTH)}, read {one.read}" for whose, group, one in told]
    notes = [f"    {clean(one.note, _WIDTH)}" if one.note else "" for _, _, one in told]
    pairs = [line for pair in zip(lines, notes, strict=True) for line in pair if line]
    return ["Sources:", *pairs] if pairs else []


def _overridden(catalog: Catalog) -> list[str]:
    told = [f"  {clean(key)} by {clean(place, _WIDTH)}" for key, place in catalog.overridden.items()]
    return [f"Overridden, {_facts(len(told))}:", *told] if told else []


def _facts(count: int) -> str:
    return f"{count:,} fact{'' if count == 1 else 's'}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return [style.bold(lines[0].rstrip()), *(line.rstrip() for line in lines[1:])]


def _summary(catalog: Catalog, trainable: Container[str]) -> dict[str, Any]:
    return {
        "type": catalog.type,
        "title": catalog.title,
        "trainable": catalog.type in trainable,
        "rehearsal": catalog.rehearsal,
        "jobs_end": plain(catalog.jobs_end),
        "prices_as_of": catalog.prices_as_of or None,
        "model_count": len(catalog.models),
        "overridden_count": len(catalog.overridden),
    }


def _plain_model(model: BaseModel) -> dict[str, Any]:
    known = {field.name: plain(getattr(model, field.name)) for field in fields(model) if field.name != "sources"}
    empty = {name: known[name] or None for name in ("encoding", "hours_basis", "price_origin")}
    return {**known, **empty, "sources": _plain_sources(model.sources.items())}


def _plain_sources(sources: Iterable[tuple[str, Source]]) -> dict[str, Any]:
    return {group: {"url": one.url, "read": str(one.read), "note": one.note} for group, one in sources}
