"""What is declared: the configuration once it is understood. Every value here is what the user wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from ftplan.core.bounds import Budget, Changes
from ftplan.core.checkpoints import CheckpointWish
from ftplan.core.evaluating import AliasSpec, EvalSpec
from ftplan.core.integrations import WandbReport
from ftplan.core.override import CatalogOverride
from ftplan.errors import Place

MethodKind = Literal["supervised", "dpo", "reinforcement"]
OnRemoved = Literal["forget", "delete"]
RuleLevel = Literal["error", "warning", "off"]
Side = Literal["training", "validation"]
Together = Literal["near", "same", "identical"]
SPLIT_SEED = 7
IGNORABLE = ("suffix", "seed", "epochs", "hyperparameters", "validation", "method", "base_model", "dataset")

PARENT_PREFIX = "model."
VALIDATION_SUFFIX = "-validation"
"""Behind the name of a dataset that is parted, it names the half to validate with; the name alone is the other."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """The name of a thing in the configuration: `dataset.NAME`, `model.NAME` or `alias.NAME`."""

    kind: Literal["dataset", "model", "alias"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @staticmethod
    def parse(text: str) -> Address:
        """The address written as `text`; ValueError where it is none."""
        kind, dot, name = text.partition(".")
        if not dot or not name:
            raise ValueError(f"not an address: {text!r}")
        if kind == "dataset":
            return Address("dataset", name)
        if kind == "model":
            return Address("model", name)
        if kind == "alias":
            return Address("alias", name)
        raise ValueError(f"not an address: {text!r}")


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """A service to train with. `base_url` is what the YAML says; what the environment says is not declared."""

    name: str
    type: str
    base_url: str | None = None
    api_key_env: str | None = None
    organization: str | None = None
    project: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class SplitSpec:
    """How the rows of a dataset are parted in two, as the options of `ftplan dataset split` say it. `validation` is the
    share of rows to validate with; `place` is where it was written."""

    validation: Fraction
    seed: int = SPLIT_SEED
    stratify: str | None = None
    together: Together = "near"
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a dataset that is parted."""

    side: Side
    split: SplitSpec

    def __str__(self) -> str:
        share = self.split.validation if self.side == "validation" else 1 - self.split.validation
        told = [self.side, f"{float(share):.6g} of the rows", f"seed {self.split.seed}"]
        told += [f"stratified by {self.split.stratify}"] if self.split.stratify is not None else []
        return ", ".join([*told, *([] if self.split.together == "near" else [f"{self.split.together} rows together"])])


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Rows in JSON Lines: all that `path` means, or the `half` of them. `path` as written, relative to the
    configuration's folder, or an address at a storage service. `rules` says how bad its warnings are, by their names.
    `labels` are the owner's words about it, for policies; no model is what it is because of them.

    `sha256` is the digest that the bytes stored at `path` must have, before anything is expanded; an address has one
    always. `pin_place` is where it was written.
    """

    name: str
    path: str
    place: Place | None = None
    rules: Mapping[str, RuleLevel] = field(default_factory=dict)
    half: Half | None = None
    sha256: str | None = None
    pin_place: Place | None = field(default=None, compare=False)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        return Address("dataset", self.name)

    def is_other_half_of(self, dataset: DatasetSpec) -> bool:
        """Whether the two are one dataset, parted: then no row stands in both."""
        if self.half is None or dataset.half is None or self.path != dataset.path:
            return False
        return self.half.split == dataset.half.split and self.half.side != dataset.half.side


@dataclass(frozen=True, slots=True)
class Method:
    """How a model is trained. Absent hyperparameters are the provider's choice, as is the word `auto`."""

    kind: MethodKind = "supervised"
    n_epochs: int | Literal["auto"] = "auto"
    hyperparameters: Mapping[str, int | float | str] = field(default_factory=dict)
    grader: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The owner's rules for one model. `retry_failed`: consent to pay for another try after a job that failed or was
    cancelled. `cancel_running`: a changed recipe cancels the job still running for it."""

    prevent_destroy: bool = False
    on_removed: OnRemoved = "forget"
    retry_failed: bool = False
    cancel_running: bool = False
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One fine-tuned model as declared. `base_model` is an id, an alias, an `ft:` id, or `model.OTHER`.

    `tokenizer` is the path of a file that its tokens are counted by, `encoding` what that file stands for, once it was
    read. `checkpoint` is the one to be used, None for the last step. `wandb` is the run that the provider writes of its
    job. `places` maps a field's name to where it stands in the YAML, for messages.
    """

    name: str
    provider: str
    base_model: str
    dataset: str
    validation: str | None = None
    method: Method = field(default_factory=Method)
    tokenizer: str | None = None
    encoding: str | None = None
    suffix: str | None = None
    seed: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    checkpoint: CheckpointWish | None = None
    wandb: WandbReport | None = None
    place: Place | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        return Address("model", self.name)

    @property
    def parent(self) -> str | None:
        """The name of the model this one is trained on top of, None for a base of the provider's."""
        return self.base_model.removeprefix(PARENT_PREFIX) if self.base_model.startswith(PARENT_PREFIX) else None

    def place_of(self, key: str) -> Place | None:
        return self.places.get(key, self.place)


@dataclass(frozen=True, slots=True)
class StateSpec:
    """Where the state is kept. `places` is where each setting stands, and under "" where all of them do."""

    backend: str = "local"
    settings: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Project:
    """A whole configuration. `root` is its folder (absolute); `digest` is sha256 of its meaning, variables set.

    `gate_places` says where each bound of the gates is declared, by its rule's name (`budget.max_total`).
    `named` is False where the name is only the folder's: then a state that exists knows it better.
    """

    name: str
    root: str
    path: str
    digest: str
    providers: Mapping[str, ProviderSpec] = field(default_factory=dict)
    datasets: Mapping[str, DatasetSpec] = field(default_factory=dict)
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    state: StateSpec = field(default_factory=StateSpec)
    budget: Budget = field(default_factory=Budget)
    changes: Changes = field(default_factory=Changes)
    min_lifetime_days: int | None = None
    gate_places: Mapping[str, Place] = field(default_factory=dict)
    catalog: tuple[CatalogOverride, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    workspace: str = "default"
    named: bool = True
    evals: Mapping[str, EvalSpec] = field(default_factory=dict)
    aliases: Mapping[str, AliasSpec] = field(default_factory=dict)
