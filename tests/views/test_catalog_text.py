"""What is known of services: nothing unknown shown as a figure, every override named, foreign text inert."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hostile_text import HOSTILE, check_is_harmless

from ftplan.core.catalog import BaseModel, Catalog, Source
from ftplan.views.catalog_text import catalog_document, catalogs_document, render_catalog, render_catalogs
from ftplan.views.json_text import json_text
from ftplan.views.style import Style

READ = date(2026, 11, 22)
MINI = BaseModel(
    "mini-1",
    ("supervised", "dpo"),
    train_per_million=Decimal("5"),
    input_per_million=Decimal("0.80"),
    cached_input_per_million=Decimal("1.8750"),
    output_per_million=Decimal("3.2"),
    shutdown=date(2027, 1, 14),
    price_origin="ftplan.yaml:12",
)
HOURLY = BaseModel(
    "rft-1",
    ("reinforcement",),
    encoding="",
    train_per_hour=Decimal("1100"),
    train_hours=(Decimal(1), Decimal(50)),
    hours_basis="an assumption",
    hosting_per_hour=Decimal("1.7"),
    jobs_end=date(2026, 12, 24),
    sources={"prices": Source("https://help.example/rft", READ)},
)
KNOWN = Catalog(
    "openai",
    "OpenAI",
    {"mini-1": MINI, "rft-1": HOURLY},
    {"mini": "mini-1"},
    "2026-11",
    jobs_end=date(2027, 1, 6),
    sources={"prices": Source("https://prices.example", READ, "An old copy."), "dates": Source("https://d.ex", READ)},
    overridden={"models.mini-1.train_per_million": "ftplan.yaml:12"},
)
BARE = Catalog("azure", "Azure OpenAI", {"m": BaseModel("m", ("dpo",))})


def test_it_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    trainable = ("openai",)
    golden("catalogs.txt", render_catalogs([KNOWN, BARE], trainable, Style()))
    golden("catalog.txt", render_catalog(KNOWN, trainable, Style()))
    golden("catalog_bare.txt", render_catalog(BARE, trainable, Style()))
    golden("catalogs.json", json_text(catalogs_document([KNOWN, BARE], trainable)) + "\n")
    golden("catalog.json", json_text(catalog_document(KNOWN, trainable)) + "\n")


def test_what_is_not_known_is_no_figure() -> None:
    assert "$0" not in render_catalog(BARE, (), Style())
    (model,) = catalog_document(BARE, ())["models"]
    assert {name: value for name, value in model.items() if name.endswith(("_million", "_hour"))} == dict.fromkeys(
        name for name in model if name.endswith(("_million", "_hour"))
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_cannot_speak_for_itself(text: str) -> None:
    source = {text: Source(text, READ, text)}
    model = replace(MINI, id=text, sources=source)
    made = Catalog(text, text, {text: model}, {text: text}, text, sources=source, overridden={text: text})
    check_is_harmless(render_catalog(made, (), Style()))
    check_is_harmless(render_catalogs([made], (), Style()))
    read = json.loads(json_text(catalog_document(made, ())))
    assert read["title"] == text
