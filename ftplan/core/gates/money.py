"""What the gates say of what is to be paid, whoever is about to pay it: a plan, or a promotion by itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ftplan.core.desired import Desired
from ftplan.core.evaluations import approval, is_covered
from ftplan.core.gates.budget import budget_notes
from ftplan.core.gates.own_prices import own_price_notes
from ftplan.core.gates.refusal import Word
from ftplan.core.money.spending import spent_in
from ftplan.core.plan import Bill, Note
from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.core.steps import Promote, Step


def money_notes(
    steps: Sequence[Step], known: Bill | None, desired: Desired, word: Word, state: State, month: str
) -> list[Note]:
    """What is to be said against paying for `steps`, of which `known` is the bill, in a month (`2026-11`)."""
    approved = _approved(steps, desired, state)
    notes = budget_notes(known, desired.project.budget, word, _spent(state, known, month), approved)
    return [*notes, *own_price_notes(steps, known, desired, word)]


def _spent(state: State, bill: Bill | None, month: str) -> Decimal:
    """What the month came to already; a rehearsal counts what was rehearsed."""
    return spent_in(state, month, rehearsal=bill.rehearsal) if bill else Decimal(0)


def _approved(steps: Sequence[Step], desired: Desired, state: State) -> frozenset[Address]:
    """The promotions of `steps` that an apply was approved for before, and whose evaluations cost no more by now."""
    found = set()
    for step in steps:
        model = desired.model(step.model.name) if isinstance(step, Promote) else None
        if isinstance(step, Promote) and model is not None:
            wanted = approval(step, model.fingerprint)
            found |= {step.address} if is_covered(wanted, state.approvals.get(step.address.name)) else set()
    return frozenset(found)
