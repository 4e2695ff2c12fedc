"""The tables of prices and dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import ftplan.providers
from ftplan.config.schema import load_schema, resolved_schema
from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.catalog_rows import GROUPS, LIMITS, MODEL_KEYS, PRICES, SERVICE_KEYS
from ftplan.core.spec import ProviderSpec
from ftplan.errors import ConfigError, Place
from ftplan.providers import (
    all_catalogs,
    catalog_types,
    known_types,
    load_catalog,
    load_limits,
    open_provider,
    provider_types,
    read_catalog,
)
from ftplan.providers.catalog import BUILT_IN, KNOWN_ONLY, tomllib

ALL = (*BUILT_IN, *KNOWN_ONLY)

MODEL = '[models.m]\nmethods = ["supervised"]\n'
HEAD = 'type = "x"\ntitle = "X"\n'


def table_of(type: str) -> dict[str, Any]:
    text = (Path(ftplan.providers.__file__).parent / "catalogs" / f"{type}.toml").read_text()
    return dict(tomllib.loads(text))


def facts_of(catalog: Catalog) -> list[tuple[str, str, str]]:
    """Every fact of a catalog: the group its source stands under, the model it is about, and its key."""
    found = [("limits", "", key) for key in LIMITS if getattr(catalog, key) != getattr(Catalog("x", "X"), key)]
    found += [("dates", "", "jobs_end")] if catalog.jobs_end else []
    found += [("hosts", "", "hosts")] if catalog.hosts else []
    groups = {**dict.fromkeys(PRICES, "prices"), "shutdown": "dates", "jobs_end": "dates", "methods": "methods"}
    groups |= {"max_example_tokens": "limits", "encoding": "encodings", "images": "images"}
    for model in catalog.models.values():
        found += [(group, model.id, key) for key, group in groups.items() if getattr(model, key) not in (None, "")]
    return found


@pytest.mark.parametrize("type", ALL)
def test_every_fact_has_a_source_with_an_address_and_the_day_it_was_read(type: str) -> None:
    catalog = load_catalog(type)
    facts = facts_of(catalog)
    assert len(facts) >= len(catalog.models)
    assert {group for group, _, _ in facts} <= set(GROUPS)
    assert [fact for fact in facts if catalog.source(fact[0], fact[1]) is None] == []
    sources = [*catalog.sources.values(), *(s for m in catalog.models.values() for s in m.sources.values())]
    assert all(one.url.startswith("https://") and date(2026, 11, 1) <= one.read <= date.today() for one in sources)


@pytest.mark.parametrize("type", ALL)
def test_every_range_of_hours_says_whose_word_it_is(type: str) -> None:
    assert [m.id for m in load_catalog(type).models.values() if bool(m.train_hours) != bool(m.hours_basis)] == []


@pytest.mark.parametrize("type", ALL)
def test_every_catalog_fits_the_published_schema(type: str) -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value_of(value)

    def value_of(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    table = plain(table_of(type))
    # An emulator takes its sources over with what they are about.
    table = {"sources": {}, **table} if "stands_for" in table else table
    assert list(Draft202012Validator(load_schema("catalog")).iter_errors(table)) == []


def test_the_schema_and_the_loader_know_the_same_keys() -> None:
    whole, over = load_schema("catalog"), resolved_schema("catalog-overrides")["additionalProperties"]
    assert set(whole["$defs"]["base_model"]["properties"]) == set(MODEL_KEYS)
    assert set(over["properties"]["models"]["additionalProperties"]["properties"]) == set(MODEL_KEYS)
    assert set(over["properties"]) == {*SERVICE_KEYS, "models", "aliases"}
    assert set(whole["$defs"]["sources"]["properties"]) == set(GROUPS)
    assert set(whole["properties"]) - {"stands_for", "without", "limits"} <= set(Catalog.__dataclass_fields__)
    assert set(MODEL_KEYS) == set(BaseModel.__dataclass_fields__) - {"id", "price_origin"}


def test_every_catalog_can_be_looked_at_and_only_some_types_declared() -> None:
    assert [catalog.type for catalog in all_catalogs()] == list(known_types())
    assert set(ALL) <= set(known_types())
    assert not set(KNOWN_ONLY) & {*catalog_types(), *provider_types()}


@pytest.mark.parametrize("type", KNOWN_ONLY)
def test_where_ftplan_cannot_train_it_says_so_and_what_it_knows(type: str) -> None:
    place = Place("ftplan.yaml", 3, 3)
    with pytest.raises(ConfigError) as caught:
        open_provider(ProviderSpec("mine", type, place=place), environ={})
    (problem,) = caught.value.problems
    assert (problem.summary, problem.place) == ("Provider not built in yet", place)
    assert problem.command == f"ftplan providers {type}"
    assert "openai, sandbox" in problem.advice


def test_a_tuned_model_outlives_openai_at_azure_and_its_training_ends_before_it() -> None:
    mini = load_catalog("azure").models["gpt-4.1-mini-2025-04-14"]
    assert (mini.jobs_end, mini.shutdown) == (date(2027, 4, 14), date(2027, 10, 14))


@pytest.mark.parametrize("type", KNOWN_ONLY)
def test_a_price_that_could_not_be_read_is_left_out(type: str) -> None:
    catalog = load_catalog(type)
    assert "prices" not in catalog.sources
    assert {getattr(model, price) for model in catalog.models.values() for price in PRICES} == {None}


def test_prices_are_as_old_as_their_source() -> None:
    catalog = load_catalog("openai")
    assert catalog.prices_as_of == f"{catalog.sources['prices'].read:%Y-%m}"
    assert catalog.prices_source == catalog.sources["prices"].url


@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_every_type_has_a_catalog_and_can_be_opened(type: str) -> None:
    assert type in catalog_types()
    assert type in provider_types()
    assert load_catalog(type).type == type
    assert open_provider(ProviderSpec("mine", type), environ={}).name == "mine"


@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_every_model_has_a_price_or_says_that_it_has_none(type: str) -> None:
    rows = table_of("openai")["models"]
    for model in load_catalog(type).models.values():
        row = rows[model.id]
        price = model.train_per_million or model.train_per_hour
        assert price is not None or "unknown" in (row.get("train_per_million"), row.get("train_per_hour"))


@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_every_alias_points_to_a_known_model(type: str) -> None:
    catalog = load_catalog(type)
    assert set(catalog.aliases.values()) <= set(catalog.models)


def test_prices_dates_and_encodings_are_the_published_ones() -> None:
    catalog = load_catalog("openai")
    mini = catalog.models["gpt-4.1-mini-2025-04-14"]
    assert (mini.train_per_million, mini.shutdown) == (Decimal("5.00"), date(2027, 1, 14))
    assert mini.methods == ("supervised", "dpo")
    rft = catalog.models["o4-mini-2025-04-16"]
    assert (rft.train_per_hour, rft.train_per_million, rft.methods) == (Decimal("100.00"), None, ("reinforcement",))
    assert catalog.jobs_end == date(2027, 1, 6)
    assert {m.encoding for m in catalog.models.values() if m.id.startswith(("gpt-4", "o4"))} == {"o200k_base"}
    assert catalog.models["gpt-3.5-turbo-0125"].encoding == "cl100k_base"


def test_sizes_and_images_are_the_published_ones() -> None:
    catalog = load_catalog("openai")
    assert catalog.max_file_bytes == 8 * 1024**3
    assert (catalog.max_graded_rows, catalog.max_graded_validation_rows) == (50_000, 1_000)
    assert catalog.max_image_rows == 50_000
    assert [model.id for model in catalog.models.values() if model.images] == ["gpt-4o-2024-08-06"]


def test_an_alias_and_an_ft_id_mean_their_snapshot() -> None:
    catalog = load_catalog("openai")
    assert catalog.canonical("gpt-4o-mini") == "gpt-4o-mini-2024-07-18"
    assert catalog.base("ft:gpt-4o-mini-2024-07-18:org::abc") == catalog.models["gpt-4o-mini-2024-07-18"]


def test_the_sandbox_rehearses_openai_without_a_key() -> None:
    sandbox, openai = load_catalog("sandbox"), load_catalog("openai")
    assert sandbox.rehearsal
    assert sandbox.default_key_env is None
    assert sandbox.hosts == ()
    assert all(openai.models[name] == model for name, model in sandbox.models.items())
    assert sandbox.list_lag_seconds < 1 < openai.list_lag_seconds
    assert load_limits("sandbox") == load_limits("openai")


def test_the_sandbox_lists_only_what_its_emulator_trains() -> None:
    from ftplan.sandbox.catalog import SHUTDOWN_DATES

    dates = {name: m.shutdown.isoformat() for name, m in load_catalog("sandbox").models.items() if m.shutdown}
    assert dates == SHUTDOWN_DATES


@pytest.mark.parametrize("type", ["opanai", "sandbx"])
def test_an_unknown_type_is_answered_with_the_nearest_known_one(type: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_provider(ProviderSpec("p", type), environ={})
    near = {"opanai": "openai", "sandbx": "sandbox"}[type]
    assert f"Did you mean '{near}'?" in caught.value.problems[0].advice
    with pytest.raises(ConfigError):
        load_catalog(type)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("type = ", "not TOML"),
        ('title = "X"', "no type"),
        (HEAD + "colour = 1\n", "Unknown keys: colour"),
        (HEAD + 'jobs_end = "soon"\n', "jobs_end"),
        (HEAD + MODEL, "has no price"),
        (HEAD + MODEL + "train_per_million = 5.0\n", 'like "25.00"'),
        (HEAD + MODEL + 'train_per_million = "free"\n', "free"),
        (HEAD + MODEL + 'train_per_million = "1"\ntrain_per_day = "1"\n', "train_per_day"),
        (HEAD + '[models.m]\nmethods = ["magic"]\ntrain_per_million = "1"\n', "magic"),
        (HEAD + MODEL + 'train_per_million = "1"\nencoding = "utf"\n', "utf"),
        (HEAD + MODEL + 'train_per_million = "1"\nshutdown = "2027"\n', "date"),
        (HEAD + MODEL + 'train_per_million = "1"\nimages = "some"\n', "images"),
        (HEAD + 'max_file_bytes = "8 GB"\n', "max_file_bytes"),
        (HEAD + '[aliases]\na = "b"\n', "aliases"),
        (HEAD + '[sources.prices]\nurl = "https://x"\n', "the day it was read"),
        (HEAD + '[sources.prices]\nurl = "ftp://x"\nread = 2026-11-22\n', "https://"),
        (HEAD + '[sources.weather]\nurl = "https://x"\nread = 2026-11-22\n', "prices, dates"),
        (HEAD + MODEL + 'train_per_hour = "1"\ntrain_hours = ["2", "1"]\n', "train_hours"),
        (HEAD + MODEL + 'train_per_million = "1"\njobs_end = "2027-02-30"\n', "jobs_end"),
        (HEAD + MODEL + 'train_per_million = "1"\nhosting_per_hour = 2\n', 'like "25.00"'),
    ],
)
def test_a_broken_catalog_says_where_and_why(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_catalog(text, "mine.toml")
    assert "mine.toml" in caught.value.problems[0].detail
    assert words in caught.value.problems[0].detail


def test_a_price_may_be_unknown_but_not_left_out() -> None:
    catalog = read_catalog(HEAD + MODEL + 'train_per_million = "unknown"\n', "mine.toml")
    assert catalog.models["m"].train_per_million is None
