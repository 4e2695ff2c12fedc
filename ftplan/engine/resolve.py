"""A person's word on a paid call that nobody else can judge, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ftplan.core.catalog import Catalog
from ftplan.core.desired import RECIPE_PREFIX
from ftplan.core.facts import RemoteJob
from ftplan.core.recipe import MARK_KEY, call_seed
from ftplan.core.records import Intent, State
from ftplan.core.spec import Address
from ftplan.engine.marks import CLOCKS_DIFFER_SECONDS


def objections(intent: Intent, job: RemoteJob, state: State, catalog: Catalog) -> list[str]:
    """Why `job` cannot be the one of `intent`, in words; empty where nothing speaks against it. What the provider
    does not tell speaks neither for nor against."""
    return [
        *_taken(intent, job, state),
        *_another_recipe(intent, job, state, catalog),
        *_otherwise_trained(intent, job),
        *_too_old(intent, job),
    ]


def _taken(intent: Intent, job: RemoteJob, state: State) -> Iterator[str]:
    for record in state.models.values():
        if job.id in {one.id for one in record.jobs}:
            yield f"it is remembered as a job of model.{record.name}"
    if job.metadata.get(MARK_KEY, intent.key) != intent.key:
        yield "it carries the key of another paid call"


def _another_recipe(intent: Intent, job: RemoteJob, state: State, catalog: Catalog) -> Iterator[str]:
    wanted = _base(intent, state, catalog)
    if job.model and wanted is not None and catalog.canonical(job.model) != wanted:
        yield f"it trains {job.model}, and {wanted} was to be trained"
    if job.training_file and intent.training_file and job.training_file != intent.training_file:
        yield f"it reads file {job.training_file}, and {intent.training_file} was to be read"


def _base(intent: Intent, state: State, catalog: Catalog) -> str | None:
    """What the call was to train: a base of the provider's or the parent's model; None where that is not known."""
    base = str(intent.recipe.get("base_model", ""))
    if not base.startswith(RECIPE_PREFIX):
        return catalog.canonical(base) if base else None
    parent = state.models.get(Address.parse(intent.parent).name) if intent.parent else None
    return parent.job.fine_tuned_model if parent else None


def _otherwise_trained(intent: Intent, job: RemoteJob) -> Iterator[str]:
    wanted = {**intent.recipe.get("hyperparameters", {}), "n_epochs": intent.recipe.get("n_epochs")}
    for name, value in wanted.items():
        told = job.hyperparameters.get(name)
        if value not in ("auto", None) and told not in ("auto", None) and told != value:
            yield f"it has {name} {told}, and {value} was asked for"
    suffix = intent.recipe.get("suffix")
    if job.suffix and suffix and job.suffix != suffix:
        yield f"it has the suffix {job.suffix}, and {suffix} was asked for"
    seed = intent.recipe.get("seed", call_seed(intent.key))
    if job.seed is not None and job.seed != seed:
        yield f"it has the seed {job.seed}, and {seed} was asked for"


def _too_old(intent: Intent, job: RemoteJob) -> Iterator[str]:
    intended = datetime.fromisoformat(intent.created_at)
    if job.created_at and job.created_at < intended.timestamp() - CLOCKS_DIFFER_SECONDS:
        created = datetime.fromtimestamp(job.created_at, intended.tzinfo).isoformat(timespec="seconds")
        yield f"it was created at {created}, before the call was to be made ({intent.created_at})"
