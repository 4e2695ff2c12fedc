"""Where a tuned model comes from: the account it was trained at, and the provider's own model that it costs as much as
and ends with."""

from __future__ import annotations

from ftplan.core.desired import RECIPE_PREFIX
from ftplan.core.handover import Target
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import PARENT_PREFIX


def account_of(target: Target, state: State) -> str:
    """The account that what an alias stands for was trained at, by the model that has taken its place: the recipe of a
    former job is not kept. Empty where that says nothing."""
    record = state.models.get(target.model)
    return str(record.recipe.get("account", "")) if record is not None and record.provider == target.provider else ""


def base_named(model_id: str) -> str:
    """The base that the id of a tuned model names, or the id itself."""
    # https://platform.openai.com/docs/guides/fine-tuning: `ft:BASE:ORG:SUFFIX:ID`.
    return model_id.split(":")[1] if model_id.startswith("ft:") else model_id


def base_of(record: ModelRecord) -> str:
    """The id of the base of a remembered model, as its provider says it; else as it was declared."""
    return base_named(record.job.base_model or str(record.recipe.get("base_model", "")))


def priced_as(provider: str, model_id: str, state: State) -> str:
    """The id of the provider's own model that answers of a model cost as much as: the base of a remembered one, also
    where its id does not name it."""
    for record in state.models.values():
        taken = record.taken.model_id if record.taken is not None else None
        if record.provider == provider and model_id in (record.job.fine_tuned_model, taken):
            return base_of(record)
    return base_named(model_id)


def root_of(record: ModelRecord, state: State) -> str:
    """The base at the root of a remembered model's chain, by the name that it was declared with."""
    passed: set[str] = set()
    while str(record.recipe.get("base_model", "")).startswith(RECIPE_PREFIX) and record.name not in passed:
        passed.add(record.name)
        record = state.models.get((record.parent or "").removeprefix(PARENT_PREFIX), record)
    base = str(record.recipe.get("base_model", ""))
    return base_named(record.job.base_model if not base or base.startswith(RECIPE_PREFIX) else base)
