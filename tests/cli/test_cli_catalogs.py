"""Catalogs overridden by a project and by a company: seen in the bill, held by the gates, bound into saved plans."""

from __future__ import annotations

import json
import re

import pytest
from workbench import BASE, Done, Workbench

PRICE = {"sandbox": {"models": {BASE: {"train_per_million": "5000.00"}}}}


def bill(done: Done) -> str:
    found = re.search(r"Estimated cost: (\$[\d,.]+)", done.said)
    assert found, done.said
    return found[1]


def declared(bench: Workbench, catalog: object = None, **keys: object) -> Workbench:
    bench.rows("rows.jsonl")
    model = {"base_model": BASE, "dataset": "rows", "epochs": 1}
    bench.declare({"bot": model}, **({"catalog": catalog} if catalog else {}), **keys)
    return bench


def company(bench: Workbench, said: object) -> str:
    path = bench.write("../company/catalog.yaml", json.dumps(said, indent=2))
    bench.environ(FTPLAN_CATALOG=str(path))
    return str(path)


def line_of(bench: Workbench, word: str) -> int:
    lines = (bench.folder / "ftplan.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if word in line)


def test_a_price_of_the_owners_changes_the_bill_and_says_where_it_stands(bench: Workbench) -> None:
    before = declared(bench).plan("-offline")
    after = declared(bench, PRICE).plan("-offline", "-explain-cost")
    assert float(bill(after)[1:].replace(",", "")) > 500 * float(bill(before)[1:].replace(",", ""))
    assert f"ftplan.yaml:{line_of(bench, 'train_per_million')}" in after.said


def test_the_projects_word_goes_over_the_companys_and_that_over_the_built_in(bench: Workbench) -> None:
    path = company(bench, {"sandbox": {"models": {BASE: {"train_per_million": 9000, "shutdown": "2031-05-01"}}}})
    theirs = declared(bench).plan("-offline", "-explain-cost")
    assert f"{path}:" in theirs.said
    assert "2031-05-01" in theirs.said
    ours = declared(bench, PRICE).plan("-offline", "-explain-cost")
    assert f"{path}:" not in ours.said
    assert "2031-05-01" in ours.said
    assert float(bill(ours)[1:].replace(",", "")) < float(bill(theirs)[1:].replace(",", ""))


def test_a_last_day_that_is_past_refuses_before_anything_is_sent(bench: Workbench) -> None:
    bench.environ(OPENAI_BASE_URL=bench.sandbox.url, OPENAI_API_KEY="sk-test")
    gone = {"openai": {"jobs_end": "2026-01-31"}}
    done = declared(bench, gone, providers={"openai": {}}).run("apply", "-auto-approve")
    assert done.code == 10
    assert "takes no new jobs" in done.said
    assert "2026-01-31" in done.said
    assert bench.requests("POST") == []


def test_the_last_day_of_one_model_is_held_to_as_well(bench: Workbench) -> None:
    bench.environ(OPENAI_BASE_URL=bench.sandbox.url, OPENAI_API_KEY="sk-test")
    gone = {"openai": {"jobs_end": "2040-01-01", "models": {BASE: {"jobs_end": "2026-02-28"}}}}
    done = declared(bench, gone, providers={"openai": {}}).run("plan")
    assert done.code == 10
    assert "2026-02-28" in done.said


def test_a_saved_plan_is_bound_to_the_companys_file(bench: Workbench) -> None:
    company(bench, {"sandbox": {"min_rows": 10}})
    declared(bench).plan("-out=saved.plan")
    company(bench, {"sandbox": {"min_rows": 9}})
    done = bench.run("apply", "saved.plan")
    assert done.code == 1
    assert "Saved plan is stale" in done.said
    company(bench, {"sandbox": {"min_rows": 10}})
    assert bench.run("apply", "saved.plan").code == 0


def test_a_key_goes_nowhere_else_whatever_a_catalog_says(bench: Workbench) -> None:
    hosts = {"openai": {"hosts": ["evil.example"], "default_key_env": "AWS_SECRET_ACCESS_KEY"}}
    for told in (declared(bench, hosts).run("plan"), (declared(bench), company(bench, hosts), bench.run("plan"))[2]):
        assert told.code == 1
        assert told.said.count("Unknown key") == 2


@pytest.mark.parametrize(
    ("catalog", "words"),
    [
        ({"opanai": {"min_rows": 3}}, "Did you mean 'openai'?"),
        ({"sandbox": {"models": {"gpt-4.1-mini-2025-04-41": {"images": True}}}}, f"Did you mean '{BASE}'?"),
        ({"together": {"models": {"zebra": {"images": True}}}}, "has no model 'zebra'"),
    ],
)
def test_a_name_that_nobody_knows_is_told_with_its_place(bench: Workbench, catalog: object, words: str) -> None:
    done = declared(bench, catalog).run("plan", "-offline")
    assert done.code == 1
    assert words in done.said
    assert re.search(r"ftplan\.yaml line \d+|ftplan\.yaml:\d+:\d+", done.said)


def test_a_companys_file_that_cannot_be_read_stops_everything_that_reckons(bench: Workbench) -> None:
    bench.environ(FTPLAN_CATALOG="nowhere.yaml")
    for words in (("plan", "-offline"), ("validate",), ("providers",)):
        done = declared(bench).run(*words)
        assert done.code == 1
        assert "nowhere.yaml" in done.said


@pytest.mark.parametrize("type", ["azure", "together"])
def test_a_provider_that_is_known_and_not_driven_is_refused_with_its_place(bench: Workbench, type: str) -> None:
    done = declared(bench, providers={"next": {"type": type}}).run("plan", "-offline")
    assert done.code == 1
    assert "Provider not built in yet" in done.said
    assert f"ftplan providers {type}" in done.said


def test_no_project_is_begun_for_a_provider_that_is_not_driven(bench: Workbench) -> None:
    done = bench.run("init", "-provider=azure")
    assert done.code == 1
    assert "Provider not built in yet" in done.said
    assert not list(bench.folder.iterdir())


def test_providers_are_listed_with_what_is_overridden_here(bench: Workbench) -> None:
    plain = bench.run("providers")
    assert plain.code == 0
    assert re.search(r"^openai +OpenAI +yes +2027-01-06 +\d+ +2026-11$", plain.out, re.MULTILINE)
    assert re.search(r"^azure +Azure OpenAI +not yet", plain.out, re.MULTILINE)
    assert "Overridden" not in plain.out
    listed = json.loads(declared(bench, PRICE).run("providers", "-json").out)["providers"]
    assert {one["type"]: one["overridden_count"] for one in listed if one["overridden_count"]} == {"sandbox": 1}


def test_one_provider_is_shown_with_the_prices_that_hold_here(bench: Workbench) -> None:
    declared(bench, PRICE)
    shown = bench.run("providers", "sandbox").out
    assert re.search(rf"^{BASE} .*\$5,000\.00", shown, re.MULTILINE)
    assert f"models.{BASE}.train_per_million by ftplan.yaml:{line_of(bench, 'train_per_million')}" in shown
    known = json.loads(bench.run("providers", "sandbox", "-json").out)
    (mini,) = [model for model in known["models"] if model["id"] == BASE]
    assert (mini["train_per_million"], mini["shutdown"]) == (5000.0, "2027-01-14")


def test_a_provider_that_nobody_knows_is_answered_with_the_nearest(bench: Workbench) -> None:
    done = bench.run("providers", "azur")
    assert done.code == 1
    assert "Did you mean 'azure'?" in done.said


@pytest.mark.parametrize("name", ["catalog", "catalog-overrides"])
def test_the_schemas_can_be_printed(bench: Workbench, name: str) -> None:
    assert json.loads(bench.run("schema", name).out)["$id"].endswith(f"/{name}-1.schema.json")
