"""From a tree without problems to a Project. Nothing is checked here; defaults are filled in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ftplan.config.bounds import gate_places, read_budget, read_changes, read_days
from ftplan.config.checks import provider_of
from ftplan.config.evals import read_aliases, read_evals
from ftplan.config.halves import Halves, name_at, read_split
from ftplan.config.overrides import read_overrides
from ftplan.config.tree import Path, Tree
from ftplan.core.checkpoints import CheckpointWish
from ftplan.core.integrations import WandbReport
from ftplan.core.recipe import canonical, digest
from ftplan.core.spec import (
    VALIDATION_SUFFIX,
    DatasetSpec,
    Half,
    Lifecycle,
    Method,
    ModelSpec,
    Project,
    ProviderSpec,
    RuleLevel,
    SplitSpec,
    StateSpec,
)
from ftplan.errors import Place

NAME_LENGTH = 64


def decode_project(tree: Tree, root: str, variables: Mapping[str, Any]) -> Project:
    """The project that `tree` declares. `root` is the absolute folder, `variables` what may be shown of them."""
    name = tree.text("project") or clean_name(os.path.basename(root))
    halves = Halves.of(tree)
    models = {model: _model(tree, model, halves) for model in tree.mapping("models")}
    return Project(
        name=name,
        root=root,
        path=tree.file,
        digest=meaning_digest(tree, name),
        providers={provider: _provider(tree, provider) for provider in tree.mapping("providers")},
        datasets=_datasets(tree),
        models=models,
        state=_state(tree),
        budget=read_budget(tree),
        changes=read_changes(tree),
        min_lifetime_days=read_days(tree),
        gate_places=gate_places(tree),
        catalog=read_overrides(tree),
        variables=variables,
        named=tree.text("project") is not None,
        evals=read_evals(tree),
        aliases=read_aliases(tree),
    )


def clean_name(text: str) -> str:
    """`text` made into a legal name: what may not stand in one becomes a dash."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")
    if not name:
        return "project"
    return (name if name[0].isalpha() or name[0] == "_" else "_" + name)[:NAME_LENGTH]


def meaning_digest(tree: Tree, project: str) -> str:
    """sha256 of what the document says. How variables are declared is not part of it; what they are set to is."""
    said = {key: value for key, value in tree.mapping().items() if key != "variables"}
    return digest({**said, "project": project})


def _provider(tree: Tree, name: str) -> ProviderSpec:
    path: Path = ("providers", name)
    spec = tree.mapping(*path)
    return ProviderSpec(
        name=name,
        type=spec.get("type", name),
        base_url=spec.get("base_url"),
        api_key_env=spec.get("api_key_env"),
        organization=spec.get("organization"),
        project=spec.get("project"),
        place=tree.key_place(path),
    )


def _datasets(tree: Tree) -> dict[str, DatasetSpec]:
    """Those declared, then those that a model or an evaluation gives by their path: they are called by it."""
    datasets = {}
    for name in tree.mapping("datasets"):
        at: Path = ("datasets", name)
        datasets.update(_halved(_dataset(tree, at, name), read_split(tree, at)))
    used: list[Path] = [("models", model, key) for model in tree.mapping("models") for key in ("dataset", "validation")]
    for path in (*used, *(("evals", name, "dataset") for name in tree.mapping("evals"))):
        reference = name_at(tree, path)
        if reference is not None and reference not in datasets:
            datasets.update(_halved(_dataset(tree, path, reference), read_split(tree, path)))
    return datasets


def _dataset(tree: Tree, at: Path, name: str) -> DatasetSpec:
    """The whole dataset that is declared at a path, or given there by the path of its file alone."""
    if not isinstance(tree.get(*at), dict):
        return DatasetSpec(name, name, tree.place(at), _rules(tree, at))
    pin = tree.text(*at, "sha256")
    return DatasetSpec(
        name=name,
        path=tree.mapping(*at)["path"],
        place=tree.place((*at, "path") if at[0] == "datasets" else at),
        rules=_rules(tree, at),
        sha256=pin.lower() if pin is not None else None,
        pin_place=tree.place((*at, "sha256")) if pin is not None else None,
        labels=dict(tree.mapping(*at, "labels")),
    )


def _halved(whole: DatasetSpec, split: SplitSpec | None) -> dict[str, DatasetSpec]:
    """The dataset by its name, or both its halves by theirs."""
    if split is None:
        return {whole.name: whole}
    training = replace(whole, half=Half("training", split))
    validation = replace(whole, name=whole.name + VALIDATION_SUFFIX, half=Half("validation", split))
    return {training.name: training, validation.name: validation}


def _rules(tree: Tree, path: Path) -> dict[str, RuleLevel]:
    """How bad the warnings of the dataset at `path` are: what is said of it goes over what is said of all."""
    own = tree.mapping(*path, "rules") if isinstance(tree.get(*path), dict) else {}
    return {**tree.mapping("dataset_rules"), **own}


def _model(tree: Tree, name: str, halves: Halves) -> ModelSpec:
    path: Path = ("models", name)
    spec = tree.mapping(*path)
    seed = spec.get("seed")
    half = halves.other(tree, name)
    return ModelSpec(
        name=name,
        provider=provider_of(tree, name) or "",
        base_model=spec["base_model"],
        dataset=name_at(tree, (*path, "dataset")) or "",
        validation=half or name_at(tree, (*path, "validation")),
        method=_method(spec),
        tokenizer=spec.get("tokenizer"),
        suffix=spec.get("suffix"),
        seed=None if seed is None else int(seed),
        metadata=dict(spec.get("metadata", {})),
        lifecycle=_lifecycle(spec.get("lifecycle", {}), parted=half is not None),
        checkpoint=CheckpointWish(**spec["checkpoint"]) if spec.get("checkpoint") else None,
        wandb=_wandb(tree.mapping(*path, "integrations").get("wandb")),
        place=tree.key_place(path),
        places=_places(tree, path),
    )


def _wandb(spec: Mapping[str, Any] | None) -> WandbReport | None:
    return None if spec is None else WandbReport(**{**spec, "tags": tuple(spec.get("tags", ()))})


def _places(tree: Tree, path: Path) -> dict[str, Place]:
    """Where each key of a model stands, by its name; for keys below, `hyperparameters.beta`."""
    places: dict[str, Place] = {}
    for key, value in tree.mapping(*path).items():
        places[key] = tree.place((*path, key))
        if isinstance(value, dict):
            places.update({f"{key}.{below}": tree.place((*path, key, below)) for below in value})
    return places


def _method(spec: Mapping[str, Any]) -> Method:
    return Method(
        kind=spec.get("method", "supervised"),
        n_epochs=canonical(spec.get("epochs", "auto")),
        hyperparameters=canonical(spec.get("hyperparameters", {})),
        grader=canonical(spec["grader"]) if "grader" in spec else None,
    )


def _lifecycle(spec: Mapping[str, Any], *, parted: bool) -> Lifecycle:
    ignored = tuple(spec.get("ignore_changes", ()))
    # Who ignores what becomes of a dataset means both halves of it: only one of them is written down.
    also = ("validation",) if parted and "dataset" in ignored and "validation" not in ignored else ()
    return Lifecycle(
        prevent_destroy=spec.get("prevent_destroy", False),
        on_removed=spec.get("on_removed", "forget"),
        retry_failed=spec.get("retry_failed", False),
        cancel_running=spec.get("cancel_running", False),
        ignore_changes=(*ignored, *also),
    )


def _state(tree: Tree) -> StateSpec:
    spec = tree.mapping("state")
    settings = {key: value for key, value in spec.items() if key != "backend"}
    places = {key: tree.key_place(("state", key)) for key in spec}
    return StateSpec(spec.get("backend", "local"), settings, {**places, "": tree.key_place(("state",))} if spec else {})
