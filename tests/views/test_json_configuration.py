"""What policies judge by, where Terraform's plan format has it: labels, base models, and where the rows go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from example_plans import BASE, KNOWN, TICKETS, dataset, declared, first_plan, plan, remembered, train, upload

from ftplan.core.plan import Plan, Service, Unchanged
from ftplan.core.spec import Address
from ftplan.views.json_text import json_text
from ftplan.views.plan_json import plan_document

LABELS = {"license": "CC-BY-4.0", "residency": "eu"}
AFTER = {"dataset.tickets": dataset(labels=LABELS), "model.support-bot": declared(validation="holdout")}


def shown(made: Plan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json_text(plan_document(made)))
    return document


def test_labels_are_among_the_planned_attributes_of_a_dataset() -> None:
    document = shown(plan(upload(), train(), after=AFTER))
    change = next(c["change"] for c in document["resource_changes"] if c["address"] == "dataset.tickets")
    planned = document["planned_values"]["root_module"]["resources"]
    assert change["after"]["labels"] == LABELS
    assert [one["values"]["labels"] for one in planned if one["type"] == "dataset"] == [LABELS]


def test_labels_of_what_is_uploaded_already_are_seen_and_are_no_change() -> None:
    document = shown(plan(unchanged=(Unchanged(TICKETS, "openai"),), before=KNOWN, after=AFTER))
    (change,) = [c["change"] for c in document["resource_changes"] if c["type"] == "dataset"]
    assert (change["actions"], change["after"]["labels"], change["replace_paths"]) == (["no-op"], LABELS, [])


def test_a_change_says_what_is_trained_by_whom_and_what_it_may_cost() -> None:
    document = shown(plan(upload(), train(), after=AFTER))
    (model,) = [c for c in document["resource_changes"] if c["type"] == "model"]
    assert (model["mode"], model["provider_name"], model["change"]["actions"]) == ("managed", "openai", ["create"])
    after = model["change"]["after"]
    assert (after["provider"], after["base_model"], after["dataset"]) == ("openai", BASE, "tickets")
    assert document["cost_estimate"]["by_address"][model["address"]]["high"] == 3.21


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://eu.api.openai.com/v1", "eu.api.openai.com"),
        ("https://EU.API.openai.com:8443/v1/", "eu.api.openai.com"),
        ("http://[::1]:8000/v1", "::1"),
        (None, None),
        ("http://[::1", None),
    ],
)
def test_a_provider_is_shown_with_its_type_and_host(url: str | None, host: str | None) -> None:
    document = shown(plan(services={"openai": Service("openai", url), "spare": Service("sandbox")}))
    assert document["configuration"]["provider_config"] == {
        "openai": {"name": "openai", "type": "openai", "base_url": url, "host": host},
        "spare": {"name": "spare", "type": "sandbox", "base_url": None, "host": None},
    }


def test_what_is_declared_is_listed_whatever_is_done_about_it() -> None:
    after = {**AFTER, "dataset.holdout": dataset(provider="", path="data/holdout.jsonl")}
    document = shown(plan(after={**after, "model.child": declared(base_model="model.support-bot")}))
    assert document["resource_changes"] == []
    resources = {one["address"]: one for one in document["configuration"]["root_module"]["resources"]}
    assert list(resources) == ["dataset.holdout", "dataset.tickets", "model.child", "model.support-bot"]
    keys = {"address", "mode", "type", "name", "provider_config_key", "expressions", "schema_version"}
    assert [one for one in resources.values() if set(one) != keys] == []
    assert resources["dataset.tickets"]["expressions"] == {
        "path": {"constant_value": "data/tickets.jsonl"},
        "labels": {"constant_value": LABELS},
    }
    said = resources["model.support-bot"]["expressions"]
    assert (said["dataset"], said["validation"]) == (
        {"references": ["dataset.tickets"]},
        {"references": ["dataset.holdout"]},
    )
    assert (said["base_model"], said["epochs"]) == ({"constant_value": BASE}, {"constant_value": 3})
    assert not {"provider", "training_rows", "fingerprint"} & set(said)
    assert resources["model.child"]["expressions"]["base_model"] == {"references": ["model.support-bot"]}


def test_every_provider_that_is_named_is_in_the_configuration() -> None:
    configuration = shown(first_plan())["configuration"]
    keys = {one["provider_config_key"] for one in configuration["root_module"]["resources"]}
    assert keys == set(configuration["provider_config"]) == {"openai"}


def test_rows_that_go_to_two_providers_are_two_changes_each_with_its_own() -> None:
    steps = (upload(), upload(provider="other"), train(), train(Address("model", "second"), provider="other"))
    changes = [c for c in shown(plan(*steps, after=AFTER))["resource_changes"] if c["type"] == "dataset"]
    assert [(c["provider_name"], c["change"]["after"]["provider"]) for c in changes] == [
        ("openai", "openai"),
        ("other", "other"),
    ]


def test_what_is_destroyed_needs_no_configuration() -> None:
    document = shown(plan(mode="destroy", after={}, before={"model.support-bot": remembered()}))
    assert document["configuration"]["root_module"]["resources"] == []
