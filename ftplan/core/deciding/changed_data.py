"""Which datasets hold other rows than a model that uses them was trained on, and whose rows are worth remembering."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.records import State
from ftplan.core.steps import Adopt, Step, Train

ROLES = ("training", "validation")
"""The keys of a recipe that hold the content of a dataset."""


@dataclass(frozen=True, slots=True)
class ChangedData:
    """The dataset `name`, which held the content `before`. `partner` is the dataset that the same model validates it
    with, or trains on where this is the one to validate with, and `partner_before` the content that one had."""

    name: str
    before: str
    partner: str | None = None
    partner_before: str | None = None


def changed_data(desired: Desired, state: State) -> tuple[ChangedData, ...]:
    """Each such dataset once, by name. Where several models remember different contents of it, the first of them."""
    found: dict[str, ChangedData] = {}
    for model in desired.models:
        for change in _changes(model, desired, state):
            found.setdefault(change.name, change)
    return tuple(found[name] for name in sorted(found))


def remembered_contents(state: State, steps: Iterable[Step] = ()) -> frozenset[str]:
    """The contents that the models of `state` were trained on or are being trained on, and those that `steps` will
    train models on."""
    recipes = [record.recipe for record in state.models.values()]
    recipes += [intent.recipe for intent in state.intents.values()]
    recipes += [step.recipe for step in steps if isinstance(step, (Train, Adopt))]
    return frozenset(str(recipe[role]) for recipe in recipes for role in ROLES if recipe.get(role))


def _changes(model: DesiredModel, desired: Desired, state: State) -> Iterator[ChangedData]:
    record = state.models.get(model.spec.name)
    names = dict(zip(ROLES, (model.spec.dataset, model.spec.validation), strict=True))
    for role, other in (ROLES, ROLES[::-1]):
        name, before = names[role], record.recipe.get(role) if record is not None else None
        if name is None or before is None or name not in desired.datasets:
            continue
        if desired.datasets[name].content_sha256 != before:
            beside = record.recipe.get(other) if record is not None else None
            partner = names[other] if names[other] in desired.datasets else None
            yield ChangedData(name, str(before), partner, str(beside) if beside else None)
