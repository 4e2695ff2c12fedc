"""The bounds of the gates as they are declared: money, how much one run may change, how long a base has to last."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from ftplan.config.tree import Path, Tree
from ftplan.core.bounds import Budget, Changes, Threshold
from ftplan.errors import Place

_AMOUNTS = ("max_total", "max_per_model", "max_per_month")
_THRESHOLDS = ("max_replaced", "max_deleted")


def read_budget(tree: Tree) -> Budget:
    """The bounds in USD that the document sets."""
    spec = tree.mapping("budget")
    amounts: dict[str, Any] = {key: Decimal(str(spec[key])) for key in _AMOUNTS if key in spec}
    return Budget(**amounts, action=spec.get("action", "deny"))


def read_changes(tree: Tree) -> Changes:
    """How many models one run may touch, by the document or else by default."""
    spec = tree.mapping("changes")
    return Changes(**{key: _threshold(spec[key]) for key in _THRESHOLDS if key in spec})


def read_days(tree: Tree) -> int | None:
    """How long a base model has to last."""
    days = tree.get("min_lifetime_days")
    return None if days is None else int(days)


def gate_places(tree: Tree) -> dict[str, Place]:
    """Where the document sets each bound, by the name of its rule."""
    paths: list[Path] = [("budget", key) for key in tree.mapping("budget")]
    paths += [("changes", key) for key in tree.mapping("changes")]
    paths += [("min_lifetime_days",)] if tree.get("min_lifetime_days") is not None else []
    return {".".join(map(str, path)): tree.place(path) for path in paths}


def _threshold(said: int | str) -> Threshold:
    if isinstance(said, str):
        return Threshold(share=Fraction(said.removesuffix("%")) / 100)
    return Threshold(models=int(said))
