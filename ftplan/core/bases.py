"""Which of a provider's own models a tuned one comes from in the end: it costs what that costs, and ends with it."""

from __future__ import annotations

from ftplan.core.desired import RECIPE_PREFIX
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import PARENT_PREFIX


def base_named(model_id: str) -> str:
    """The base that the id of a tuned model names, or the id itself."""
    # https://platform.openai.com/docs/guides/fine-tuning: `ft:BASE:ORG:SUFFIX:ID`.
    return model_id.split(":")[1] if model_id.startswith("ft:") else model_id


def base_of(record: ModelRecord) -> str:
    """The id of the base of a remembered model, as its provider says it; else as it was declared."""
    return base_named(record.job.base_model or str(record.recipe.get("base_model", "")))


def root_of(record: ModelRecord, state: State) -> str:
    """The base at the root of a remembered model's chain, by the name that it was declared with."""
    passed: set[str] = set()
    while str(record.recipe.get("base_model", "")).startswith(RECIPE_PREFIX) and record.name not in passed:
        passed.add(record.name)
        record = state.models.get((record.parent or "").removeprefix(PARENT_PREFIX), record)
    base = str(record.recipe.get("base_model", ""))
    return base_named(record.job.base_model if not base or base.startswith(RECIPE_PREFIX) else base)
