"""What is wanted, worked out: order, cycles, encodings, chains."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from casefile import catalog, facts
from values import desired_of, models_of

from ftplan.core.desired import account, order_models, resolve, root_base, wanted_encodings
from ftplan.core.spec import Address, DatasetSpec, ProviderSpec


def test_parents_come_first_and_equals_by_name() -> None:
    models = models_of(z={}, a={"base": "model.z"}, m={}, b={"base": "model.a"})
    ordered, problems = order_models(models)
    assert not problems
    assert ordered.index("z") < ordered.index("a") < ordered.index("b")
    assert [model.spec.name for model in desired_of(models={"c": {}, "a": {}, "b": {}}).models] == ["a", "b", "c"]


def test_the_order_of_the_file_never_matters() -> None:
    models = models_of(z={}, a={"base": "model.z"}, m={}, b={"base": "model.a"})
    assert order_models(dict(reversed(list(models.items())))) == order_models(models)


@pytest.mark.parametrize(
    ("bases", "ring"),
    [
        ({"a": "a"}, {"model.a -> model.a"}),
        ({"a": "b", "b": "a"}, {"model.a -> model.b -> model.a", "model.b -> model.a -> model.b"}),
    ],
)
def test_a_cycle_is_named_whole(bases: dict[str, str], ring: set[str]) -> None:
    ordered, (problem,) = order_models(models_of(**{n: {"base": f"model.{base}"} for n, base in bases.items()}))
    assert ordered == []
    assert problem.summary == "Cycle"
    assert any(way in problem.detail for way in ring)


def test_a_long_cycle_names_each_on_its_way_and_no_other() -> None:
    models = models_of(a={"base": "model.b"}, b={"base": "model.c"}, c={"base": "model.a"}, d={"base": "model.a"}, e={})
    _, (problem,) = order_models(models)
    assert all(problem.detail.count(f"model.{name}") >= 1 for name in "abc")
    assert "model.d" not in problem.detail
    assert "model.e" not in problem.detail
    way = problem.detail.split(": ")[1].rstrip(".").split(" -> ")
    assert way[0] == way[-1]
    assert all(models[child.removeprefix("model.")].base_model == base for child, base in pairwise(way))


def test_what_stands_in_no_cycle_is_worked_out_all_the_same() -> None:
    models = models_of(a={"base": "model.a"}, on_top={"base": "model.a"}, b={})
    project = replace(desired_of().project, models=models)
    desired, problems = resolve(project, {"tickets": facts("t")}, {"openai": catalog("openai")}, {})
    assert [model.spec.name for model in desired.models] == ["b"]
    assert [problem.address for problem in problems] == ["model.a"]


def test_every_cycle_is_named() -> None:
    bases = {"a": "model.b", "b": "model.a", "c": "model.c"}
    _, problems = order_models(models_of(**{name: {"base": base} for name, base in bases.items()}))
    assert len(problems) == 2


def test_a_dataset_is_counted_in_the_encoding_of_each_base_that_reads_it() -> None:
    desired = desired_of(
        datasets={"tickets": {}, "holdout": {}, "unused": {}},
        models={
            "nano": {"base": "nano-1", "validation": "holdout"},
            "child": {"base": "model.nano", "dataset": "holdout"},
            "mini": {},
            "stranger": {"base": "stranger-1", "seed": 1},
        },
    )
    assert wanted_encodings(desired.project, desired.catalogs) == {
        "tickets": {"cl100k_base", "o200k_base"},
        "holdout": {"cl100k_base"},
        "unused": set(),
    }


def test_a_chain_has_the_base_at_its_root() -> None:
    desired = desired_of(models={"a": {"base": "nano-1"}, "b": {"base": "model.a"}, "c": {"base": "model.b"}})
    child = desired.model("c")
    assert root_base("c", desired.project.models) == "nano-1"
    assert child is not None
    assert child.base is not None
    assert child.base.id == "nano-1"
    assert child.encoding == "cl100k_base"
    assert child.parent == Address("model", "b")


def test_a_tuned_model_as_base_is_known_by_what_it_was_tuned_on() -> None:
    model = desired_of(models={"bot": {"base": "ft:mini-1:org:name:id"}}).models[0]
    assert model.base is not None
    assert model.base.id == "mini-1"
    assert model.recipe["base_model"] == "ft:mini-1:org:name:id"


def test_a_model_without_measured_data_is_left_out_with_its_children() -> None:
    project = desired_of(models={"a": {}, "b": {"base": "model.a"}}).project
    project = replace(
        project,
        datasets={**project.datasets, "other": DatasetSpec("other", "o")},
        models={**project.models, **models_of(c={"dataset": "other"}, d={"validation": "tickets", "dataset": "other"})},
    )
    desired, problems = resolve(project, {"other": facts("o")}, {"openai": catalog("openai")}, {})
    assert not problems
    assert [model.spec.name for model in desired.models] == ["c"]


def test_a_service_is_its_type_and_its_address() -> None:
    assert account(ProviderSpec("x", "openai", api_key_env="KEY")) == "openai"
    assert account(ProviderSpec("x", "azure", "https://h/v1/")) == "azure https://h/v1"


def test_a_model_is_counted_by_its_own_tokenizer_and_so_is_what_is_trained_on_top_of_it() -> None:
    models = models_of(a={"base": "x-1"}, b={"base": "model.a"}, c={"base": "x-1"}, d={})
    models["a"] = replace(models["a"], encoding="tokenizer:1")
    project = replace(desired_of().project, models=models)
    assert wanted_encodings(project, {"openai": catalog("openai")})["tickets"] == {"tokenizer:1", "o200k_base"}
    desired, _ = resolve(project, {"tickets": facts("t")}, {"openai": catalog("openai")}, {})
    counted = {model.spec.name: (model.encoding, model.counts_surely) for model in desired.models}
    assert counted == {
        "a": ("tokenizer:1", True),
        "b": ("tokenizer:1", True),
        "c": ("o200k_base", False),
        "d": ("o200k_base", True),
    }


def test_a_tokenizer_is_no_part_of_a_recipe() -> None:
    desired = desired_of(models={"bot": {}})
    (plain,) = desired.models
    models = {"bot": replace(plain.spec, tokenizer="t.json", encoding="tokenizer:1")}
    again, _ = resolve(replace(desired.project, models=models), desired.datasets, desired.catalogs, {})
    assert again.models[0].fingerprint == plain.fingerprint
