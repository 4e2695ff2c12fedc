"""Which datasets hold other rows than a model was trained on, and whose rows are worth remembering."""

from __future__ import annotations

from typing import Any

from values import desired_of, record

from ftplan.core.deciding.changed_data import ChangedData, changed_data, remembered_contents
from ftplan.core.desired import Desired
from ftplan.core.records import Intent, State


def remembering(**recipes: dict[str, Any]) -> State:
    return State("support", "l").holding([], [record(name, recipe=recipe) for name, recipe in recipes.items()], [])


def declared(**models: dict[str, Any]) -> Desired:
    datasets = {"tickets": {"content": "new"}, "holdout": {"content": "kept"}}
    return desired_of(models=models, datasets=datasets)


def test_a_dataset_with_other_rows_than_its_model_was_trained_on_has_changed() -> None:
    found = changed_data(declared(bot={}), remembering(bot={"training": "old"}))
    assert found == (ChangedData("tickets", "old"),)


def test_a_dataset_of_a_new_model_or_with_the_same_rows_has_not_changed() -> None:
    assert changed_data(declared(bot={}), State("support", "l")) == ()
    assert changed_data(declared(bot={}), remembering(bot={"training": "new"})) == ()


def test_what_a_model_is_validated_with_is_known_beside_what_it_is_trained_on() -> None:
    state = remembering(bot={"training": "old", "validation": "former"})
    found = changed_data(declared(bot={"validation": "holdout"}), state)
    assert found == (
        ChangedData("holdout", "former", partner="tickets", partner_before="old"),
        ChangedData("tickets", "old", partner="holdout", partner_before="former"),
    )


def test_a_dataset_of_several_models_is_told_once() -> None:
    state = remembering(bot={"training": "old"}, twin={"training": "older"})
    assert changed_data(declared(bot={}, twin={"seed": 3}), state) == (ChangedData("tickets", "old"),)


def test_rows_are_remembered_of_what_models_were_trained_on_and_are_about_to_be() -> None:
    recipe = {"training": "ordered", "validation": "checked"}
    intent = Intent("late", "openai", "k", "f", 1, recipe, "1970-01-01T00:00:00+00:00")
    state = remembering(bot={"training": "old", "seed": 1}).holding([], [record(recipe={"training": "old"})], [intent])
    assert remembered_contents(state) == {"old", "ordered", "checked"}
    assert remembered_contents(State("support", "l")) == frozenset()
