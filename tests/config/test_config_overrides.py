"""`catalog:` in the YAML, and the company's file: one shape, typed values, every problem with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ftplan.config import Overrides, load_overrides
from ftplan.config.schema import load_schema, resolved_schema
from ftplan.core.catalog import Source

HEAD = "version: 1\nproviders: {openai: {}}\n"
SAID = """\
openai:
  jobs_end: 2027-03-01
  min_rows: 12
  models:
    gpt-4.1-mini-2025-04-14:
      train_per_million: 4.2
      output_per_million: "2.80"
      hosting_per_hour: unknown
      shutdown: "2027-06-30"
    tuned-house-model:
      methods: [supervised, dpo]
      encoding: unknown
      train_per_hour: 30
      train_hours: [0.5, "12"]
      hours_basis: what our jobs took
  aliases: {house: tuned-house-model}
  sources:
    prices: {url: "https://prices.example/2026", read: 2026-11-20, note: our contract}
"""


def under_catalog(text: str) -> str:
    return HEAD + "catalog:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def in_a_file(folder: Path, text: str) -> Overrides:
    path = folder / "company.yaml"
    path.write_text(text)
    return load_overrides(path)


def test_both_files_take_the_same_words_and_mean_the_same(load, tmp_path):
    loaded = load(under_catalog(SAID))
    company = in_a_file(tmp_path, SAID)
    assert (loaded.problems, company.problems) == ([], [])
    (project,), (own,) = loaded.project.catalog, company.said
    assert (project.type, project.values, project.models, project.aliases) == (
        own.type,
        own.values,
        own.models,
        own.aliases,
    )


def test_amounts_are_exact_and_days_are_days(load):
    (said,) = load(under_catalog(SAID)).project.catalog
    assert said.values == {
        "jobs_end": date(2027, 3, 1),
        "min_rows": 12,
        "sources": {"prices": Source("https://prices.example/2026", date(2026, 11, 20), "our contract")},
    }
    assert said.models["gpt-4.1-mini-2025-04-14"] == {
        "train_per_million": Decimal("4.2"),
        "output_per_million": Decimal("2.80"),
        "hosting_per_hour": None,
        "shutdown": date(2027, 6, 30),
    }
    house = said.models["tuned-house-model"]
    assert (house["methods"], house["encoding"]) == (("supervised", "dpo"), "")
    assert house["train_hours"] == (Decimal("0.5"), Decimal(12))
    assert said.aliases == {"house": "tuned-house-model"}


def test_every_value_knows_its_line(load):
    (said,) = load(under_catalog(SAID)).project.catalog
    price = said.places[("models", "gpt-4.1-mini-2025-04-14", "train_per_million")]
    assert (Path(price.path).name, price.line) == ("ftplan.yaml", 9)
    assert said.places[("aliases", "house")].line == 19
    assert said.places[()].line == 4


def test_a_price_may_be_made_of_a_variable(load):
    text = HEAD + (
        "variables: {price: {type: number, default: 3.5}}\n"
        "catalog: {openai: {models: {m: {methods: [dpo], train_per_million: '${var.price}'}}}}\n"
    )
    (said,) = load(text).project.catalog
    assert said.models["m"]["train_per_million"] == Decimal("3.5")


def test_it_is_part_of_what_a_saved_plan_is_bound_to(load):
    texts = [HEAD, *(HEAD + f"catalog: {{openai: {{min_rows: {rows}}}}}\n" for rows in (10, 11))]
    assert len({load(text).project.digest for text in texts}) == 3


PROBLEMS = {
    "an unknown key": ("openai: {min_row: 3}", 'has no key "min_row"', 'Did you mean "min_rows"?'),
    "an unknown key of a model": (
        "openai: {models: {m: {train_per_milion: 3}}}",
        "train_per_milion",
        "train_per_million",
    ),
    "hosts": ("openai: {hosts: [evil.example]}", 'has no key "hosts"', ""),
    "the variable of the key": ("openai: {default_key_env: AWS_KEY}", 'has no key "default_key_env"', ""),
    "a rehearsal": ("openai: {rehearsal: true}", 'has no key "rehearsal"', ""),
    "the lag of lists": ("openai: {list_lag_seconds: 0}", 'has no key "list_lag_seconds"', ""),
    "what its wire takes": ("openai: {limits: {metadata_pairs: 0}}", 'has no key "limits"', ""),
    "a negative price": ("openai: {models: {m: {train_per_million: -1}}}", "an amount in USD", ""),
    "a price in words": ("openai: {models: {m: {train_per_million: cheap}}}", "an amount in USD", ""),
    "a day in words": ("openai: {jobs_end: soon}", "a date such as 2027-01-06", ""),
    "a day that is none": ("openai: {jobs_end: 2027-02-30}", "a day that no calendar has", ""),
    "a day of a source that is none": (
        "openai: {sources: {prices: {url: 'https://x.y', read: 2026-13-01}}}",
        "a day that no calendar has",
        "",
    ),
    "a source without a day": ("openai: {sources: {prices: {url: 'https://x.y'}}}", "needs the key read", ""),
    "hours the wrong way round": ("openai: {models: {m: {train_hours: [9, 3]}}}", "the fewest hours come first", ""),
    "hours that nobody knows": ("openai: {models: {m: {train_hours: [1, unknown]}}}", "no two numbers of hours", ""),
    "a method that is none": ("openai: {models: {m: {methods: [magic]}}}", "one of supervised, dpo", ""),
    "nothing": ("openai: {}", "has 0 entries", ""),
    "no mapping": ("openai: cheap", "expected a mapping", ""),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_is_wrong_is_told_with_its_place_in_either_file(load, tmp_path, case):
    text, words, advice = PROBLEMS[case]
    for problems in (load(under_catalog(text)).problems, in_a_file(tmp_path, text).problems):
        (problem,) = problems
        assert words in problem.detail
        assert advice in problem.advice
        assert problem.place.line is not None
        assert problem.place.column is not None


def test_every_problem_of_a_file_is_told_at_once(tmp_path):
    found = in_a_file(tmp_path, "openai:\n  min_rows: 0\n  jobs_end: 2027-02-30\nazure: {hosts: [x]}\n")
    assert sorted(problem.place.line for problem in found.problems) == [2, 3, 4]
    assert found.said == ()


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("", "Empty file"),
        ("- a\n", "Wrong type"),
        ("openai: [", "YAML syntax error"),
        (
            "openai: {models: {m: {hours_basis: sk-" + "Ab3" * 16 + "}}}\n",
            "Secret in the configuration",
        ),
    ],
)
def test_a_file_that_is_none_of_this_is_refused(tmp_path, text, summary):
    found = in_a_file(tmp_path, text)
    assert [problem.summary for problem in found.problems] == [summary]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    (problem,) = load_overrides(tmp_path / "missing.yaml").problems
    assert problem.summary == "File cannot be read"


def test_the_meaning_of_a_file_is_its_digest(tmp_path):
    texts = ("openai: {min_rows: 10}\n", "openai:\n  min_rows: 10 # as agreed\n", "openai: {min_rows: 11}\n")
    first, same, other = (in_a_file(tmp_path, text).digest for text in texts)
    assert first == same != other


def test_what_stands_in_the_yaml_and_in_a_file_of_its_own_has_one_schema():
    inside = resolved_schema("config")["properties"]["catalog"]["additionalProperties"]
    outside = resolved_schema("catalog-overrides")["additionalProperties"]
    assert inside == outside
    whole = load_schema("catalog")["$defs"]["base_model"]["properties"]
    assert whole == load_schema("catalog-overrides")["$defs"]["base_model"]["properties"]
