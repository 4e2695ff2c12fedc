"""What an owner says over a catalog: facts alone, the later word over the earlier, and seen to be theirs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ftplan.core.catalog import BaseModel, Catalog, Source
from ftplan.core.catalog_rows import MODEL_KEYS, SERVICE_KEYS
from ftplan.core.override import CatalogOverride
from ftplan.errors import Place
from ftplan.providers.override import overridden, unknown_types

MINI = BaseModel("mini-1", ("supervised",), train_per_million=Decimal(5), shutdown=date(2027, 1, 14))
CATALOG = Catalog("openai", "OpenAI", {"mini-1": MINI}, {"mini": "mini-1"}, "2026-11", hosts=("api.openai.com",))


def said(file: str = "ftplan.yaml", **parts: Any) -> CatalogOverride:
    """Words over the catalog of OpenAI, each in the line after the last."""
    models, aliases = parts.get("models", {}), parts.get("aliases", {})
    paths: list[tuple[str, ...]] = [(), *((key,) for key in parts.get("values", {}))]
    for name, row in models.items():
        paths += [("models", name), *(("models", name, key) for key in row)]
    paths += [("aliases", alias) for alias in aliases]
    places = {path: Place(file, line, 1) for line, path in enumerate(paths, 1)}
    return CatalogOverride("openai", parts.get("values", {}), models, aliases, places)


def model(catalog: Catalog) -> BaseModel:
    return catalog.models["mini-1"]


def test_a_price_is_the_owners_and_says_where_it_stands() -> None:
    catalog, problems = overridden(CATALOG, [said(models={"mini-1": {"train_per_million": Decimal("4.2")}})])
    assert problems == []
    assert model(catalog).train_per_million == Decimal("4.2")
    assert model(catalog).shutdown == MINI.shutdown
    assert catalog.price_origin("mini-1") == "ftplan.yaml:3"
    assert catalog.overridden == {"models.mini-1.train_per_million": "ftplan.yaml:3"}
    assert CATALOG.price_origin("mini-1") == "OpenAI"


def test_the_price_of_answers_does_not_make_that_of_training_the_owners() -> None:
    catalog, _ = overridden(CATALOG, [said(models={"mini-1": {"output_per_million": Decimal(9)}})])
    assert model(catalog).output_per_million == Decimal(9)
    assert catalog.price_origin("mini-1") == "OpenAI"


def test_a_price_by_the_hour_stands_in_the_place_of_one_by_tokens() -> None:
    row = {"train_per_hour": Decimal(80), "train_hours": (Decimal(1), Decimal(2))}
    catalog, _ = overridden(CATALOG, [said(models={"mini-1": row})])
    assert (model(catalog).train_per_million, model(catalog).train_per_hour) == (None, Decimal(80))


def test_the_later_word_goes_over_the_earlier_and_leaves_the_rest() -> None:
    company = said("company.yaml", models={"mini-1": {"train_per_million": Decimal(3), "jobs_end": date(2027, 1, 2)}})
    project = said(models={"mini-1": {"train_per_million": Decimal(4)}})
    catalog, _ = overridden(CATALOG, [company, project])
    assert (model(catalog).train_per_million, model(catalog).jobs_end) == (Decimal(4), date(2027, 1, 2))
    assert catalog.price_origin("mini-1") == "ftplan.yaml:3"
    assert catalog.overridden["models.mini-1.jobs_end"] == "company.yaml:4"


def test_what_is_said_of_another_type_changes_nothing() -> None:
    other = CatalogOverride("azure", {"min_rows": 1}, places={(): Place("f", 1)})
    assert overridden(CATALOG, [other]) == (CATALOG, [])


def test_prices_are_as_old_as_the_owners_source() -> None:
    source = Source("https://prices.example", date(2026, 12, 24), "our contract")
    catalog, _ = overridden(CATALOG, [said(values={"sources": {"prices": source}})])
    assert (catalog.prices_as_of, catalog.prices_source) == ("2026-12", "https://prices.example")
    assert catalog.source("prices", "mini-1") == source


def test_a_model_that_is_not_known_yet_gives_its_methods_and_its_tokens_are_estimated() -> None:
    row = {"methods": ("supervised",), "train_per_million": Decimal(1)}
    catalog, problems = overridden(CATALOG, [said(models={"nova-2": row}, aliases={"nova": "nova-2"})])
    assert problems == []
    found = catalog.base("nova")
    assert found is not None
    assert (found.id, found.encoding, found.train_per_million) == ("nova-2", "", Decimal(1))


@pytest.mark.parametrize(
    ("parts", "summary", "words"),
    [
        ({"models": {"mini-2": {"images": True}}}, "Unknown model", "Did you mean 'mini-1'?"),
        ({"models": {"zebra": {"images": True}}}, "Unknown model", "needs its methods"),
        ({"models": {"mini": {"images": True}}}, "Alias in the place of a model", "Write 'mini-1'"),
        ({"aliases": {"tiny": "mini-2"}}, "Unknown model", "Did you mean 'mini-1'?"),
        ({"aliases": {"mini-1": "mini-1"}}, "Model in the place of an alias", "another word"),
    ],
)
def test_what_fits_no_model_is_told_with_its_place(parts: dict[str, Any], summary: str, words: str) -> None:
    _, (problem,) = overridden(CATALOG, [said(**parts)])
    assert problem.summary == summary
    assert words in problem.advice
    assert problem.place == Place("ftplan.yaml", 2, 1)


def test_a_type_without_a_catalog_is_answered_with_the_nearest() -> None:
    override = CatalogOverride("opanai", places={(): Place("ftplan.yaml", 7, 3)})
    (problem,) = unknown_types([override, said()], ("openai", "azure"))
    assert (problem.summary, problem.place) == ("Unknown provider type", Place("ftplan.yaml", 7, 3))
    assert "Did you mean 'openai'?" in problem.advice


def test_nothing_that_decides_where_a_key_is_sent_or_what_is_billed_can_be_said() -> None:
    untouchable = {"hosts", "default_key_env", "rehearsal", "type", "title", "list_lag_seconds", "limits", "base_url"}
    assert not untouchable & {*SERVICE_KEYS, *MODEL_KEYS}
    row = {"train_per_million": Decimal(1), "methods": ("dpo",)}
    catalog, _ = overridden(CATALOG, [said(values={"jobs_end": date(2030, 1, 1)}, models={"mini-1": row})])
    kept = ("type", "title", "hosts", "default_key_env", "rehearsal", "list_lag_seconds", "poll_seconds")
    assert [getattr(catalog, name) for name in kept] == [getattr(CATALOG, name) for name in kept]


def test_the_price_of_an_owner_has_no_month_unless_its_source_has_a_day() -> None:
    row = {"train_per_million": Decimal(4)}
    dated = {"prices": Source("https://prices.example", date(2026, 12, 24))}
    months = [
        overridden(CATALOG, [words])[0].priced_as_of("mini-1")
        for words in (
            said(models={"mini-1": {"images": True}}),
            said(models={"mini-1": row}),
            said(models={"mini-1": {**row, "sources": dated}}),
            said(models={"mini-1": row}, values={"sources": dated}),
        )
    ]
    assert months == ["2026-11", "", "2026-12", "2026-12"]
