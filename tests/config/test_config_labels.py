"""Labels are the owner's words about a dataset: few, short, visible, the same wherever it is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

HEAD: dict[str, Any] = {"version": 1, "providers": {"openai": {}}}
LABELS = {"license": "CC-BY-4.0", "residency": "eu"}


def document(datasets: dict[str, Any], variables: dict[str, Any] | None = None, **models: dict[str, Any]) -> str:
    declared = {name: {"base_model": "gpt-4.1-mini", **model} for name, model in models.items()}
    said = {**HEAD, "variables": variables or {}, "datasets": datasets, "models": declared}
    return json.dumps(said, indent=2)


def labelled(load, labels, variables=None):
    return load(document({"a": {"path": "a.jsonl", "labels": labels}}, variables))


def test_a_dataset_has_the_labels_it_is_given_and_none_otherwise(load):
    loaded = load(document({"a": {"path": "a.jsonl", "labels": LABELS}, "b": {"path": "b.jsonl"}}))
    assert loaded.problems == []
    assert {name: dataset.labels for name, dataset in loaded.project.datasets.items()} == {"a": LABELS, "b": {}}


def test_both_halves_of_a_split_dataset_have_its_labels(load):
    loaded = load(document({"a": {"path": "a.jsonl", "labels": LABELS, "split": {"validation": 0.1}}}))
    assert [dataset.labels for dataset in loaded.project.datasets.values()] == [LABELS, LABELS]


def test_a_dataset_given_where_it_is_used_has_its_labels(load):
    bot = {"dataset": {"path": "a.jsonl", "labels": LABELS}, "validation": {"path": "b.jsonl", "labels": {"x": "y"}}}
    loaded = load(document({}, bot=bot))
    assert loaded.problems == []
    assert [dataset.labels for dataset in loaded.project.datasets.values()] == [LABELS, {"x": "y"}]


def test_a_label_may_be_made_of_a_variable(load):
    loaded = labelled(load, {"residency": "${var.region}-1"}, {"region": {"default": "eu"}})
    assert loaded.project.datasets["a"].labels == {"residency": "eu-1"}


def test_a_label_is_not_made_of_what_must_not_be_shown(load):
    loaded = labelled(load, {"owner": "x ${var.who}"}, {"who": {"default": "Eve", "sensitive": True}})
    assert [(problem.summary, problem.place.line) for problem in loaded.problems] == [("Sensitive label", 16)]
    assert "Eve" not in str(loaded.problems)


def test_labels_are_part_of_what_a_saved_plan_is_bound_to(load):
    digests = {labelled(load, {"residency": value}).project.digest for value in ("eu", "us")}
    assert len(digests) == 2


@pytest.mark.parametrize("other", ["a.jsonl", {"path": "a.jsonl"}, {"path": "a.jsonl", "labels": {"license": "MIT"}}])
def test_one_path_has_one_set_of_labels(load, other):
    loaded = load(document({}, bot={"dataset": {"path": "a.jsonl", "labels": LABELS}}, bat={"dataset": other}))
    assert [problem.summary for problem in loaded.problems] == ["One dataset, labelled in two ways"]
    assert "models.bat.dataset and models.bot.dataset" in loaded.problems[0].detail


def test_no_labels_and_empty_labels_are_the_same(load):
    models = {"bot": {"dataset": {"path": "a.jsonl", "labels": {}}}, "bat": {"dataset": "a.jsonl"}}
    assert load(document({}, **models)).problems == []


WRONG = {
    "a number": ({"version": 4}, "Wrong type"),
    "a list": ({"license": ["MIT"]}, "Wrong type"),
    "a mapping": ({"license": {"id": "MIT"}}, "Wrong type"),
    "nothing": ({"license": None}, "Wrong type"),
    "no text": ({"license": ""}, "Invalid value"),
    "long text": ({"license": "x" * 10_000}, "Invalid value"),
    "a line end": ({"license": "MIT\n"}, "Invalid value"),
    "a line end within": ({"license": "MIT\nresidency: eu"}, "Invalid value"),
    "a tab": ({"license": "MIT\t"}, "Invalid value"),
    "a zero-width space": ({"residency": "e\u200bu"}, "Invalid value"),
    "a soft hyphen": ({"residency": "e\u00adu"}, "Invalid value"),
    "a mark of direction": ({"residency": "eu\u200f"}, "Invalid value"),
    "an override of direction": ({"residency": "\u202eue"}, "Character not allowed"),
    "an escape character": ({"license": "\x1b[2J"}, "Character not allowed"),
    "no name": ({"": "MIT"}, "Invalid name"),
    "a name with a space": ({"the license": "MIT"}, "Invalid name"),
    "a name with a line end": ({"license\n": "MIT"}, "Invalid name"),
    "a long name": ({"x" * 64: "MIT"}, "Invalid name"),
    "too many": ({f"x{number}": "y" for number in range(33)}, "Invalid value"),
    "a key": ({"license": "sk-" + "Ab3" * 16}, "Secret in the configuration"),
    "no mapping": ("MIT", "Wrong type"),
    "a list of names": (["MIT"], "Wrong type"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_label_is_told_with_its_place(load, what):
    labels, summary = WRONG[what]
    loaded = labelled(load, labels)
    assert summary in [problem.summary for problem in loaded.problems]
    assert loaded.project is None
    for problem in loaded.problems:
        assert problem.place.line > 1
        assert len(problem.detail) < 400
        assert len(problem.place.excerpt) < 170


def test_labels_are_free_to_be_called_like_a_secret(load):
    labels = {"token": "words", "password": "none"}
    bot = {"dataset": {"path": "b.jsonl", "labels": labels}}
    assert load(document({"a": {"path": "a.jsonl", "labels": labels}}, bot=bot)).problems == []


def test_a_name_of_the_users_own_excuses_no_secret_below_it(load):
    text = document({}).replace('"openai": {}', '"labels": {"type": "openai", "api_key": "hunter22"}')
    assert "Secret in the configuration" in [problem.summary for problem in load(text).problems]
