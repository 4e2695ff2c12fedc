"""The bill as numbers for programs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ftplan.core.plan import Bill
from ftplan.core.steps import Estimate, Reckoning
from ftplan.views.json_text import plain


def cost_estimate(bill: Bill | None) -> dict[str, Any]:
    """What the plan is estimated to cost in USD. Null stands for unknown: `high` as soon as one training has no
    known price, `low` where none has one."""
    if bill is None:
        return _amounts(0.0, 0.0, 0, "no training is started", None)
    nothing_priced = bool(bill.unpriced) and set(bill.by_address) <= set(bill.unpriced)
    bases = list(dict.fromkeys(estimate.basis for estimate in bill.by_address.values() if estimate.basis))
    amounts = _amounts(
        None if nothing_priced else float(bill.low),
        None if bill.unpriced else float(bill.high),
        bill.tokens,
        "; ".join(bases),
        bill.as_of or None,
    )
    by_address = {address: _one(estimate) for address, estimate in bill.by_address.items()}
    return {**amounts, "by_address": by_address, "unpriced": list(bill.unpriced), "rehearsal": bill.rehearsal}


def _amounts(low: float | None, high: float | None, tokens: int, basis: str, as_of: str | None) -> dict[str, Any]:
    return {
        "currency": "USD",
        "low": low,
        "high": high,
        "tokens": tokens,
        "basis": basis,
        "as_of": as_of,
        "by_address": {},
        "unpriced": [],
        "rehearsal": False,
    }


def _one(estimate: Estimate) -> dict[str, Any]:
    names = ("low", "high", "tokens", "epochs", "exact_epochs", "exact_tokens", "basis")
    return {**{name: plain(getattr(estimate, name)) for name in names}, "reckoning": _reckoning(estimate.reckoning)}


def _reckoning(reckoning: Reckoning) -> dict[str, Any]:
    return {field.name: plain(getattr(reckoning, field.name)) for field in fields(reckoning)}
