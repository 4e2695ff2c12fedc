"""What an owner bounds: money, and how much one run may change."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper bounds in USD on what one apply may be estimated to cost, and on what a calendar month (UTC) may come to
    with it. Beyond them it is refused, or only warned of."""

    max_total: Decimal | None = None
    max_per_model: Decimal | None = None
    max_per_month: Decimal | None = None
    action: Literal["deny", "warn"] = "deny"

    @property
    def bounds_anything(self) -> bool:
        return any(bound is not None for bound in (self.max_total, self.max_per_model, self.max_per_month))


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many of the managed models one run may touch: a number, or a share of them."""

    models: int | None = None
    share: Fraction | None = None

    def __str__(self) -> str:
        return f"{float(self.share or 0) * 100:.6g}%" if self.models is None else str(self.models)


@dataclass(frozen=True, slots=True)
class Changes:
    """How many models one run may replace, and how many it may delete at their provider, unless it is told to."""

    max_replaced: Threshold = Threshold(share=Fraction(3, 10))
    max_deleted: Threshold = Threshold(share=Fraction(3, 10))
