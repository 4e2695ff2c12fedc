"""The tables of prices and dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import ftplan.providers
from ftplan.core.spec import ProviderSpec
from ftplan.errors import ConfigError
from ftplan.providers import catalog_types, load_catalog, load_limits, open_provider, provider_types, read_catalog
from ftplan.providers.catalog import tomllib

MODEL = '[models.m]\nmethods = ["supervised"]\n'
HEAD = 'type = "x"\ntitle = "X"\n'


@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_every_type_has_a_catalog_and_can_be_opened(type: str) -> None:
    assert type in catalog_types()
    assert type in provider_types()
    assert load_catalog(type).type == type
    assert open_provider(ProviderSpec("mine", type), environ={}).name == "mine"


@pytest.mark.parametrize("type", ["openai", "sandbox"])
def test_every_model_has_a_price_or_says_that_it_has_none(type: str) -> None:
    text = (Path(ftplan.providers.__file__).parent / "catalogs" / "openai.toml").read_text()
    rows = tomllib.loads(text)["models"]
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
