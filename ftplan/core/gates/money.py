"""What the gates say of what is to be paid, whoever is about to pay it: a plan, or a promotion by itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ftplan.core.desired import Desired
from ftplan.core.gates.budget import budget_notes
from ftplan.core.gates.own_prices import own_price_notes
from ftplan.core.gates.refusal import Word
from ftplan.core.money.spending import spent_in
from ftplan.core.plan import Bill, Note
from ftplan.core.records import State
from ftplan.core.steps import Step


def money_notes(
    steps: Sequence[Step], known: Bill | None, desired: Desired, word: Word, state: State, month: str
) -> list[Note]:
    """What is to be said against paying for `steps`, of which `known` is the bill, in a month (`2026-11`)."""
    notes = budget_notes(known, desired.project.budget, word, _spent(state, known, month))
    return [*notes, *own_price_notes(steps, known, desired, word)]


def _spent(state: State, bill: Bill | None, month: str) -> Decimal:
    """What the month came to already; a rehearsal counts what was rehearsed."""
    return spent_in(state, month, rehearsal=bill.rehearsal) if bill else Decimal(0)
