"""What moves a fingerprint, and what does not. A moved fingerprint would buy everything again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import CATALOG, measured, project

from ftplan.core.desired import resolve
from ftplan.core.recipe import (
    call_key,
    canonical,
    canonical_json,
    digest,
    field_changes,
    fingerprint,
    keep_ignored,
    make_recipe,
    upload_name,
)
from ftplan.core.spec import Address, DatasetSpec, Lifecycle, Method, ModelSpec, Project, ProviderSpec
from ftplan.errors import Place

# Written down once and for all: if one of these moves, the canonical form has changed, and every model of every
# user would be trained and paid for again. Then the change is wrong, not the constant.
GOLDEN_RECIPE = (
    '{"account":"openai","base_model":"mini-1","hyperparameters":{"batch_size":4,"learning_rate_multiplier":1.8},'
    '"method":"supervised","n_epochs":3,"seed":7,"suffix":"bot-\\u00e9","training":"one","validation":"two"}'
)
GOLDEN_FINGERPRINT = "d5be4f5a84b2783c4652b87282627c5b8c5e966aae0d77a4a524c3a7a18bb771"
GOLDEN_KEY = "d6db0661e9db69da331063892b711aa217acd8b668ab292fa3c580f1e1f519a0"

BOT = ModelSpec(
    "bot",
    "openai",
    "mini",
    "one",
    validation="two",
    method=Method(n_epochs=3, hyperparameters={"learning_rate_multiplier": 1.8, "batch_size": 4}),
    suffix="bot-é",
    seed=7,
)
CHILD = ModelSpec("child", "openai", "model.bot", "one")
LAW = settings(max_examples=60, deadline=None)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
hyperparameters = st.dictionaries(st.sampled_from(("batch_size", "beta", "learning_rate_multiplier")), numbers)


def prints(declared: Project) -> dict[str, str]:
    """The fingerprint of each model of `declared`."""
    facts = {name: measured({"first": "one", "second": "two"}.get(name, name)) for name in declared.datasets}
    catalogs = {name: replace(CATALOG, type=spec.type) for name, spec in declared.providers.items()}
    desired, problems = resolve(declared, facts, catalogs, {})
    assert not problems
    return {model.spec.name: model.fingerprint for model in desired.models}


def print_of(model: ModelSpec) -> str:
    return prints(project({"bot": model}))["bot"]


def test_the_canonical_form_is_what_it_always_was() -> None:
    desired, _ = resolve(project({"bot": BOT}), {n: measured(n) for n in ("one", "two")}, {"openai": CATALOG}, {})
    recipe = desired.models[0].recipe
    assert canonical_json(recipe) == GOLDEN_RECIPE
    assert fingerprint(recipe) == GOLDEN_FINGERPRINT
    assert call_key("support", "default", "model.bot", GOLDEN_FINGERPRINT, 1) == GOLDEN_KEY


@given(json_values, st.randoms(use_true_random=False))
@LAW
def test_the_order_of_keys_never_moves_a_digest(value: Any, random: Any) -> None:
    def shuffled(item: Any) -> Any:
        if isinstance(item, dict):
            pairs = [(key, shuffled(inner)) for key, inner in item.items()]
            random.shuffle(pairs)
            return dict(pairs)
        return [shuffled(inner) for inner in item] if isinstance(item, list) else item

    assert digest(shuffled(value)) == digest(value)


@given(json_values)
@LAW
def test_a_canonical_value_survives_json_and_stays_canonical(value: Any) -> None:
    assert canonical(canonical(value)) == canonical(value)
    assert digest(json.loads(json.dumps(value))) == digest(value)


@given(st.integers(-(2**53), 2**53))
@LAW
def test_a_whole_number_has_one_spelling(number: int) -> None:
    assert digest({"x": number}) == digest({"x": float(number)})


def test_a_truth_value_and_words_are_no_numbers() -> None:
    assert len({digest(value) for value in (1, True, "1", [1], {"1": 1}, None, 0, False, "")}) == 9


def test_zero_has_no_sign() -> None:
    assert digest(-0.0) == digest(0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError):
        digest({"x": value})


@given(hyperparameters, st.sets(st.sampled_from(("batch_size", "beta", "learning_rate_multiplier"))))
@LAW
def test_an_absent_hyperparameter_is_the_same_as_auto(given: dict[str, float], auto: set[str]) -> None:
    spelled = {**dict.fromkeys(auto, "auto"), **given}
    model = replace(BOT, method=replace(BOT.method, hyperparameters=given))
    assert print_of(replace(model, method=replace(model.method, hyperparameters=spelled))) == print_of(model)


def test_absent_epochs_are_auto() -> None:
    assert print_of(replace(BOT, method=Method())) == print_of(replace(BOT, method=Method(n_epochs="auto")))


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.builds(Lifecycle, st.booleans()))
@LAW
def test_metadata_rules_and_places_never_move_a_fingerprint(metadata: dict[str, str], rules: Lifecycle) -> None:
    place = Place("other.yaml", 3, 4)
    other = replace(BOT, metadata=metadata, lifecycle=rules, place=place, places={"seed": place})
    assert print_of(other) == print_of(BOT)


def test_the_name_of_a_model_never_moves_its_fingerprint() -> None:
    assert prints(project({"x": replace(BOT, name="x")}))["x"] == print_of(BOT)


def test_paths_and_the_names_of_datasets_never_move_a_fingerprint() -> None:
    datasets = {"first": DatasetSpec("first", "elsewhere/f.jsonl"), "second": DatasetSpec("second", "s")}
    moved = replace(project({"bot": replace(BOT, dataset="first", validation="second")}), datasets=datasets, root="/q")
    assert prints(moved)["bot"] == print_of(BOT)


def test_the_name_of_a_provider_never_moves_a_fingerprint() -> None:
    named = replace(
        project({"bot": replace(BOT, provider="x")}),
        providers={"x": ProviderSpec("x", "openai", api_key_env="KEY", organization="o", project="q")},
    )
    assert prints(named)["bot"] == print_of(BOT)


def test_the_service_that_trains_is_part_of_the_recipe() -> None:
    def at(**fields: Any) -> str:
        spec = ProviderSpec("openai", **{"type": "openai", **fields})
        return prints(replace(project({"bot": BOT}), providers={"openai": spec}))["bot"]

    urls = [at(base_url="https://h/v1"), at(base_url="https://i/v1"), at(type="sandbox")]
    assert len({print_of(BOT), *urls}) == 4
    assert at(base_url="https://h/v1/") == urls[0]


CHANGES = {
    "base_model": replace(BOT, base_model="mini-2"),
    "dataset": replace(BOT, dataset="two"),
    "validation": replace(BOT, validation="one"),
    "no validation": replace(BOT, validation=None),
    "method": replace(BOT, method=replace(BOT.method, kind="dpo")),
    "epochs": replace(BOT, method=replace(BOT.method, n_epochs=4)),
    "auto epochs": replace(BOT, method=replace(BOT.method, n_epochs="auto")),
    "a hyperparameter": replace(BOT, method=replace(BOT.method, hyperparameters={"batch_size": 4})),
    "grader": replace(BOT, method=replace(BOT.method, grader={"type": "string_check"})),
    "suffix": replace(BOT, suffix="other"),
    "no suffix": replace(BOT, suffix=None),
    "seed": replace(BOT, seed=8),
    "seed zero": replace(BOT, seed=0),
    "no seed": replace(BOT, seed=None),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_field_of_the_recipe_moves_the_fingerprint(what: str) -> None:
    assert print_of(CHANGES[what]) != print_of(BOT)


def test_no_two_changes_have_the_same_fingerprint() -> None:
    assert len({print_of(model) for model in CHANGES.values()}) == len(CHANGES)


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_parent_changes_its_children(what: str) -> None:
    grandchild = replace(CHILD, name="grandchild", base_model="model.child")
    before = prints(project({"bot": BOT, "child": CHILD, "grandchild": grandchild}))
    after = prints(project({"bot": CHANGES[what], "child": CHILD, "grandchild": grandchild}))
    assert not set(before.values()) & set(after.values())


def test_a_renamed_parent_changes_nothing() -> None:
    renamed = {"x": replace(BOT, name="x"), "child": replace(CHILD, base_model="model.x")}
    assert prints(project(renamed))["child"] == prints(project({"bot": BOT, "child": CHILD}))["child"]


KEY = ("support", "default", "model.bot", "f" * 64, 1)


@pytest.mark.parametrize("part", range(5))
def test_each_part_of_a_call_moves_its_key(part: int) -> None:
    other: list[Any] = list(KEY)
    other[part] = 2 if part == 4 else other[part] + "x"
    assert call_key(*other) != call_key(*KEY)


@given(st.lists(st.text(max_size=4), min_size=4, max_size=4, unique=True), st.integers(1, 99))
@LAW
def test_no_two_calls_run_together_into_one_key(parts: list[str], attempt: int) -> None:
    shifted = [parts[0] + parts[1][:1], parts[1][1:], *parts[2:]]
    if shifted != parts:
        assert call_key(*shifted, attempt) != call_key(*parts, attempt)  # type: ignore[call-arg, arg-type]


@given(hyperparameters, hyperparameters, st.sampled_from((None, 1, 2)), st.sampled_from((None, 1, 2)))
@LAW
def test_field_changes_are_empty_for_equal_recipes_only(
    one: dict[str, float], two: dict[str, float], seed: int | None, other: int | None
) -> None:
    def recipe(values: dict[str, float], seed: int | None) -> dict[str, Any]:
        model = replace(BOT, seed=seed, method=replace(BOT.method, hyperparameters=values))
        return make_recipe(model, account="openai", base_model="m", training="t", validation=None)

    before, after = recipe(one, seed), recipe(two, other)
    assert (field_changes(before, after) == ()) == (fingerprint(before) == fingerprint(after))


def test_field_changes_speak_as_the_file_does() -> None:
    before = {"training": "x", "n_epochs": 2, "hyperparameters": {"batch_size": 1}, "seed": 1}
    after = {"training": "y", "n_epochs": 3, "hyperparameters": {"batch_size": 2, "beta": 0.5}}
    changes = [(change.path, change.before, change.after) for change in field_changes(before, after)]
    assert changes == [
        ("dataset", "x", "y"),
        ("epochs", 2, 3),
        ("hyperparameters.batch_size", 1, 2),
        ("hyperparameters.beta", None, 0.5),
        ("seed", 1, None),
    ]


def test_a_change_of_a_tiny_number_or_of_its_kind_is_told() -> None:
    assert field_changes({"x": {"rate": 0}}, {"x": {"rate": 1e-13}})[0].after == 1e-13
    assert [c.path for c in field_changes({"n_epochs": "auto", "s": 1}, {"n_epochs": 3, "s": 1.5})] == ["epochs", "s"]


@pytest.mark.parametrize("name", ["suffix", "seed", "epochs", "hyperparameters", "validation", "method", "dataset"])
def test_an_ignored_field_stays_as_it_is_remembered(name: str) -> None:
    desired, _ = resolve(project({"bot": BOT}), {n: measured(n) for n in ("one", "two")}, {"openai": CATALOG}, {})
    recipe = desired.models[0].recipe
    field = {"epochs": "n_epochs", "dataset": "training"}.get(name, name)
    remembered = {**recipe, field: "remembered"}
    assert keep_ignored(recipe, remembered, (name,)) == remembered
    absent = {key: value for key, value in recipe.items() if key != field}
    assert keep_ignored(recipe, absent, (name,)) == absent


@given(st.text(max_size=80))
@LAW
def test_a_file_name_to_upload_is_plain_and_carries_the_hash(name: str) -> None:
    made = upload_name(name, "0123456789abcdef" * 4)
    stem, hash, end = made.rsplit(".", 2)
    assert stem
    assert hash == "0123456789abcdef" * 2
    assert end == "jsonl"
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in stem)


def test_addresses_are_read_as_they_are_written() -> None:
    for address in (Address("model", "a.b"), Address("dataset", "x")):
        assert Address.parse(str(address)) == address
    for text in ("model", "model.", ".x", "thing.x", ""):
        with pytest.raises(ValueError):
            Address.parse(text)
