"""What is wanted, worked out: references checked, parents first, every recipe and every file known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.evaluations import Prepared
from ftplan.core.facts import DatasetFacts, Encoding
from ftplan.core.recipe import fingerprint, keep_ignored, make_recipe
from ftplan.core.spec import Address, DatasetSpec, ModelSpec, Project, ProviderSpec
from ftplan.errors import Problem

RECIPE_PREFIX = "recipe:"
PRESUMED_ENCODING: Encoding = "o200k_base"


@dataclass(frozen=True, slots=True)
class DesiredModel:
    """One model, worked out. `base` is what the catalog knows of the model at the root of its chain, None where
    it knows nothing; `base_model` is what is sent for a model without a parent."""

    spec: ModelSpec
    base_model: str
    base: BaseModel | None
    recipe: Mapping[str, Any]
    fingerprint: str
    training: DatasetFacts
    validation: DatasetFacts | None
    parent: Address | None = None
    declared_encoding: Encoding | None = None

    @property
    def address(self) -> Address:
        return self.spec.address

    @property
    def encoding(self) -> Encoding:
        return self.declared_encoding or encoding_of(self.base)

    @property
    def counts_surely(self) -> bool:
        """Whether its tokens are counted as its provider will, and not by the encoding of another base model."""
        return self.declared_encoding is not None or bool(self.base and self.base.encoding)


@dataclass(frozen=True, slots=True)
class Desired:
    """A whole project, worked out. `models` parents first, and by name among equals. `catalogs_of_others` are the
    catalogs without what the project itself says over them; empty where it says nothing. `evaluations` are those that
    the plan makes, by their name and that of the model."""

    project: Project
    models: tuple[DesiredModel, ...] = ()
    datasets: Mapping[str, DatasetFacts] = field(default_factory=dict)
    catalogs: Mapping[str, Catalog] = field(default_factory=dict)
    catalogs_of_others: Mapping[str, Catalog] = field(default_factory=dict)
    evaluations: Mapping[tuple[str, str], Prepared] = field(default_factory=dict)

    def model(self, name: str) -> DesiredModel | None:
        return next((model for model in self.models if model.spec.name == name), None)

    def dataset(self, name: str) -> DatasetSpec:
        return self.project.datasets[name]


def order_models(models: Mapping[str, ModelSpec]) -> tuple[list[str], list[Problem]]:
    """The names of `models`, parents first. Each cycle is a problem that names its whole way round; the models in
    it, and those on top of them, are left out."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(models):
        sorter.add(name, *(parent for parent in [models[name].parent] if parent in models and parent is not None))
    try:
        return list(sorter.static_order()), []
    except CycleError as error:
        # graphlib names the way from parent to child and back to where it began.
        ring = list(reversed(error.args[1]))
        ordered, others = order_models(_without(set(ring), models))
        return ordered, [_cycle(ring, models), *others]


def _without(lost: set[str], models: Mapping[str, ModelSpec]) -> dict[str, ModelSpec]:
    """`models` less the `lost` ones and all that are trained on top of them."""
    children = {name for name, model in models.items() if model.parent in lost} - lost
    if children:
        return _without(lost | children, models)
    return {name: model for name, model in models.items() if name not in lost}


def _cycle(ring: Sequence[str], models: Mapping[str, ModelSpec]) -> Problem:
    return Problem(
        "Cycle",
        f"Each of these models is to be trained on top of the next: {' -> '.join(f'model.{name}' for name in ring)}.",
        place=models[ring[0]].place_of("base_model"),
        advice="Give one of them a base model of the provider's.",
        address=f"model.{ring[0]}",
    )


def account(provider: ProviderSpec) -> str:
    """Which service trains, for the recipe: the type, and the address where the YAML names one."""
    return provider.type if provider.base_url is None else f"{provider.type} {provider.base_url.rstrip('/')}"


def account_type(remembered: str) -> str:
    """The type of the service that an account is at; empty for none."""
    return remembered.partition(" ")[0]


def is_at(project: Project, provider: str, remembered: str) -> bool:
    """Whether `provider` still means the account that was remembered: only then its answers say anything about what
    is there, and only then may something be deleted there."""
    return provider in project.providers and remembered in ("", account(project.providers[provider]))


def root_base(name: str, models: Mapping[str, ModelSpec]) -> str:
    """The provider's base model at the root of the chain that `name` stands in. The chain must hold no cycle."""
    model = models[name]
    return root_base(model.parent, models) if model.parent else model.base_model


def declared_encoding(name: str, models: Mapping[str, ModelSpec]) -> Encoding | None:
    """The encoding of the tokenizer that a model names, or the nearest one below it: they have one base model. The
    chain must hold no cycle."""
    model = models[name]
    return model.encoding or (declared_encoding(model.parent, models) if model.parent else None)


def encoding_of(base: BaseModel | None) -> Encoding:
    """How the tokens of a base model are counted: as it counts them, or as most others do where that is not known."""
    return (base.encoding if base else "") or PRESUMED_ENCODING


def wanted_encodings(project: Project, catalogs: Mapping[str, Catalog]) -> dict[str, set[Encoding]]:
    """The encodings in which each dataset has to be counted, by dataset name."""
    wanted: dict[str, set[Encoding]] = {name: set() for name in project.datasets}
    ordered, _ = order_models(project.models)
    for name in ordered:
        model = project.models[name]
        base = catalogs[model.provider].base(root_base(name, project.models))
        for dataset in filter(None, (model.dataset, model.validation)):
            encoding = declared_encoding(name, project.models) or encoding_of(base)
            wanted[dataset].add(encoding)
    return wanted


def resolve(
    project: Project,
    datasets: Mapping[str, DatasetFacts],
    catalogs: Mapping[str, Catalog],
    remembered: Mapping[str, Mapping[str, Any]],
) -> tuple[Desired, Sequence[Problem]]:
    """`project` with every reference followed. Models whose dataset could not be measured are left out: their
    problems are known already. `remembered` holds the recipes of the state by model name: a model that differs
    from it in fields under `ignore_changes` alone keeps the recipe it has there. Leave out the ones that are to be
    trained anew in any case (`-replace`): these are trained as declared."""
    ordered, problems = order_models(project.models)
    known: dict[str, DesiredModel] = {}
    for name in ordered:
        model = project.models[name]
        measurable = model.dataset in datasets and (model.validation is None or model.validation in datasets)
        if measurable and (model.parent is None or model.parent in known):
            catalog = catalogs[model.provider]
            worked_out = _work_out(project, model, known, datasets, catalog)
            known[name] = _ignoring(worked_out, remembered.get(name), catalog)
    return Desired(project, tuple(known.values()), datasets, catalogs), problems


def _work_out(
    project: Project,
    model: ModelSpec,
    known: Mapping[str, DesiredModel],
    datasets: Mapping[str, DatasetFacts],
    catalog: Catalog,
) -> DesiredModel:
    parent = known[model.parent] if model.parent else None
    base_model = catalog.canonical(model.base_model)
    training = datasets[model.dataset]
    validation = datasets[model.validation] if model.validation else None
    recipe = make_recipe(
        model,
        account=account(project.providers[model.provider]),
        # A parent enters by its own recipe, so that a changed parent changes its children before any id exists.
        base_model=f"{RECIPE_PREFIX}{parent.fingerprint}" if parent else base_model,
        training=training.content_sha256,
        validation=validation.content_sha256 if validation else None,
    )
    return DesiredModel(
        spec=model,
        base_model=base_model,
        base=parent.base if parent else catalog.base(base_model),
        recipe=recipe,
        fingerprint=fingerprint(recipe),
        training=training,
        validation=validation,
        parent=parent.address if parent else None,
        declared_encoding=declared_encoding(model.name, project.models),
    )


def _ignoring(model: DesiredModel, remembered: Mapping[str, Any] | None, catalog: Catalog) -> DesiredModel:
    """`model` as it is remembered, where it differs in nothing but what its owner ignores; its children see this
    recipe too. Where anything else differs it is trained anew, and then as declared: the old base or the old file
    may not even be there any more, and a job must be what its recipe says."""
    if remembered is None or not model.spec.lifecycle.ignore_changes:
        return model
    recipe = keep_ignored(model.recipe, remembered, model.spec.lifecycle.ignore_changes)
    if recipe != remembered:
        return model
    kept = replace(model, recipe=recipe, fingerprint=fingerprint(recipe))
    if model.parent is not None or recipe["base_model"].startswith(RECIPE_PREFIX):
        return kept
    return replace(kept, base_model=recipe["base_model"], base=catalog.base(recipe["base_model"]))
