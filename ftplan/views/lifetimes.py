"""Which base model a step's model comes from in the end, and how long that lives."""

from __future__ import annotations

from collections.abc import Iterator

from ftplan.core.plan import BaseLife, Plan
from ftplan.core.spec import PARENT_PREFIX, Address
from ftplan.core.steps import Adopt, Step, Train


def base_life(step: Step, plan: Plan) -> BaseLife | None:
    """The life of the base at the root of the chain of a step's model, by whatever name it goes."""
    recipe = step.recipe if isinstance(step, (Train, Adopt)) else {}
    names = {str(name) for name in (*_chain(step.address, plan), recipe.get("base_model")) if name is not None}
    provider = getattr(step, "provider", None)
    fitting = (life for life in plan.lives if provider is None or life.provider == provider)
    return next((life for life in fitting if _is_base(life.base_model, names)), None)


def declared_base(address: Address, plan: Plan) -> str | None:
    """The base that the model at `address` is declared with, or was; a parent by its address."""
    known = plan.after.get(str(address)) or plan.before.get(str(address)) or {}
    base = known.get("base_model")
    return base if isinstance(base, str) else None


def _is_base(base: str, names: set[str]) -> bool:
    return any(name == base or name.startswith(f"ft:{base}:") for name in names)


def _chain(address: Address, plan: Plan) -> Iterator[str]:
    """The bases of a model and of the models that it is trained on top of."""
    seen: set[str] = set()
    base = declared_base(address, plan)
    while base is not None and base not in seen:
        yield base
        seen.add(base)
        parent = base.removeprefix(PARENT_PREFIX)
        base = declared_base(Address("model", parent), plan) if base.startswith(PARENT_PREFIX) else None
