"""What a split means where it is declared, and what must not be said of its halves."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from ftplan.core.spec import SplitSpec

HEAD: dict[str, Any] = {"version": 1, "providers": {"openai": {}}}
TENTH = {"validation": 0.1}


def document(datasets: dict[str, Any], **models: dict[str, Any]) -> str:
    declared = {name: {"base_model": "gpt-4.1-mini", **model} for name, model in models.items()}
    return json.dumps({**HEAD, "datasets": datasets, "models": declared}, indent=2)


def project(load, datasets, **models):
    loaded = load(document(datasets, **models))
    assert loaded.problems == []
    return loaded.project


def refused(load, datasets, **models):
    loaded = load(document(datasets, **models))
    assert loaded.project is None
    return [problem.summary for problem in loaded.problems]


def test_a_split_dataset_is_two_halves_of_one_path(load):
    split = {"validation": 0.1, "seed": 3, "stratify": "messages.0.content", "together": "same"}
    said = project(load, {"a": {"path": "a.jsonl", "rules": {"few-rows": "off"}, "split": split}}, bot={"dataset": "a"})
    assert list(said.datasets) == ["a", "a-validation"]
    for name, side in (("a", "training"), ("a-validation", "validation")):
        dataset = said.datasets[name]
        assert (dataset.path, dataset.rules, dataset.half.side) == ("a.jsonl", {"few-rows": "off"}, side)
        assert dataset.half.split == SplitSpec(Fraction(1, 10), 3, "messages.0.content", "same")
        assert dataset.half.split.place.excerpt.strip().startswith('"split"')
    assert said.datasets["a"].is_other_half_of(said.datasets["a-validation"])
    assert not said.datasets["a"].is_other_half_of(said.datasets["a"])
    assert (said.models["bot"].dataset, said.models["bot"].validation) == ("a", "a-validation")


def test_what_is_not_said_of_a_split_is_as_the_command_has_it(load):
    said = project(load, {"a": {"path": "a.jsonl", "split": TENTH}})
    assert said.datasets["a"].half.split == SplitSpec(Fraction(1, 10), 7, None, "near")


def test_a_share_is_taken_as_it_is_written(load):
    said = project(load, {"a": {"path": "a.jsonl", "split": {"validation": 0.3}}})
    assert said.datasets["a"].half.split.validation == Fraction(3, 10)


def test_a_split_may_be_made_of_variables(load):
    text = json.dumps(
        {
            **HEAD,
            "variables": {"share": {"default": 0.25}, "seed": {"default": 5}},
            "datasets": {"a": {"path": "a.jsonl", "split": {"validation": "${var.share}", "seed": "${var.seed}"}}},
        }
    )
    split = load(text).project.datasets["a"].half.split
    assert (split.validation, split.seed) == (Fraction(1, 4), 5)
    wrong = load(text, variables={"share": "2"})
    assert [problem.detail for problem in wrong.problems] == [
        "datasets.a.split.validation is the number 2; expected a number between 0 and 1."
    ]


def test_a_validation_that_is_said_goes_before_the_other_half(load):
    datasets = {"a": {"path": "a.jsonl", "split": TENTH}, "b": {"path": "b.jsonl"}}
    said = project(
        load,
        datasets,
        own={"dataset": "a", "validation": "b"},
        none={"dataset": "a", "validation": None},
        half={"dataset": "b", "validation": "a-validation"},
        whole={"dataset": "b"},
    )
    assert {name: m.validation for name, m in said.models.items()} == {
        "own": "b",
        "none": None,
        "half": "a-validation",
        "whole": None,
    }


def test_a_dataset_given_where_it_is_used_may_be_split(load):
    said = project(load, {}, bot={"dataset": {"path": "data/*.jsonl", "split": TENTH}})
    assert list(said.datasets) == ["data/*.jsonl", "data/*.jsonl-validation"]
    assert said.models["bot"].validation == "data/*.jsonl-validation"


@pytest.mark.parametrize(
    ("ignored", "kept"),
    [
        (["dataset"], ("dataset", "validation")),
        (["validation"], ("validation",)),
        (["dataset", "validation"], ("dataset", "validation")),
        (["suffix"], ("suffix",)),
    ],
)
def test_who_ignores_a_split_dataset_ignores_both_its_halves(load, ignored, kept):
    datasets = {"a": {"path": "a.jsonl", "split": TENTH}}
    said = project(load, datasets, bot={"dataset": "a", "lifecycle": {"ignore_changes": ignored}})
    assert said.models["bot"].lifecycle.ignore_changes == kept
    whole = project(load, {"a": {"path": "a.jsonl"}}, bot={"dataset": "a", "lifecycle": {"ignore_changes": ignored}})
    assert whole.models["bot"].lifecycle.ignore_changes == tuple(ignored)


SPLIT = {"path": "a.jsonl", "split": TENTH}
WRONG = {
    "another dataset has its name": (
        {"a": SPLIT, "a-validation": {"path": "b.jsonl"}},
        {"bot": {"dataset": "a"}},
        "Two datasets of one name",
    ),
    "a path in a model is its name": (
        {},
        {"bot": {"dataset": SPLIT}, "bat": {"dataset": {"path": "a.jsonl-validation"}}},
        "Two datasets of one name",
    ),
    "one path is split and not split": (
        {},
        {"bot": {"dataset": SPLIT}, "bat": {"dataset": "a.jsonl"}},
        "One dataset, split in two ways",
    ),
    "one path is split in two ways": (
        {},
        {"bot": {"dataset": SPLIT}, "bat": {"dataset": {**SPLIT, "split": {"validation": 0.2}}}},
        "One dataset, split in two ways",
    ),
    "the training half validates itself": (
        {"a": SPLIT},
        {"bot": {"dataset": "a", "validation": "a"}},
        "Validation is a training half",
    ),
    "the training half validates another": (
        {"a": SPLIT, "b": {"path": "b.jsonl"}},
        {"bot": {"dataset": "b", "validation": "a"}},
        "Validation is a training half",
    ),
    "the whole validates its half": (
        {"a": SPLIT, "b": {"path": "./a.jsonl"}},
        {"bot": {"dataset": "a", "validation": "b"}},
        "Validation is the training data",
    ),
    "a half validates itself": (
        {"a": SPLIT},
        {"bot": {"dataset": "a-validation", "validation": "a-validation"}},
        "Validation is the training data",
    ),
    "validation data are split": (
        {"b": {"path": "b.jsonl"}},
        {"bot": {"dataset": "b", "validation": SPLIT}},
        "Unknown key",
    ),
    "there is no such half": (
        {"a": {"path": "a.jsonl"}},
        {"bot": {"dataset": "a", "validation": "a-validation"}},
        "Unknown dataset",
    ),
    "there is no share": ({"a": {"path": "a.jsonl", "split": {"seed": 1}}}, {}, "Missing key"),
    "there is nothing": ({"a": {"path": "a.jsonl", "split": None}}, {}, "Wrong type"),
    "the share is all": ({"a": {"path": "a.jsonl", "split": {"validation": 1}}}, {}, "Invalid value"),
    "the share is nothing": ({"a": {"path": "a.jsonl", "split": {"validation": 0}}}, {}, "Invalid value"),
    "the share is text": ({"a": {"path": "a.jsonl", "split": {"validation": "a tenth"}}}, {}, "Wrong type"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_must_not_be_said_of_halves_is_told(load, name):
    datasets, models, summary = WRONG[name]
    assert refused(load, datasets, **models) == [summary]


def test_a_mistyped_half_is_told_with_the_one_that_was_meant(load):
    loaded = load(document({"a": SPLIT, "b": {"path": "b.jsonl"}}, bot={"dataset": "b", "validation": "a-validaton"}))
    assert [problem.advice for problem in loaded.problems] == ['Did you mean "a-validation"?']


def test_patterns_and_compressed_files_are_paths_wherever_a_dataset_is_named(load):
    paths = ["*.jsonl", "train-?.jsonl", "rows.jsonl.gz", "rows.jsonl.zst", "part-[0-9].txt"]
    said = project(load, {}, **{f"bot{number}": {"dataset": path} for number, path in enumerate(paths)})
    assert [model.dataset for model in said.models.values()] == paths
