"""The bill and the life of base models, in lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from ftplan.core.plan import BaseLife, Bill, Plan
from ftplan.core.steps import Estimate, Train
from ftplan.views.style import clean

_CENT = Decimal("0.01")
_NAMED = 8


def dollars(amount: Decimal) -> str:
    """`amount` in USD to the cent; to a hundredth of a cent where that is all there is of it."""
    step = Decimal("0.0001") if Decimal(0) < amount < _CENT else _CENT
    shown = amount.quantize(step, ROUND_HALF_UP)
    return f"${shown:,}" if shown or not amount else "$0.0001"


def dollar_range(low: Decimal | None, high: Decimal | None) -> str:
    """`low` to `high`, or the one amount that both show as."""
    if low is None or high is None:
        return "unknown"
    first, last = dollars(low), dollars(high)
    return first if first == last else f"{first} to {last}"


def percent_off(error: Decimal) -> str:
    """By how much a bill differs from its estimate: 0.02 is +2.0%."""
    shown = (error * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{shown:+,}%" if shown else "0.0%"


def cost_lines(plan: Plan) -> list[str]:
    """What the plan is estimated to cost, and each training's part where there are several. Empty for no steps."""
    trains = [step for step in plan.steps if isinstance(step, Train)]
    if not plan.steps:
        return []
    if plan.bill is None:
        free = "$0.00 (0 training tokens; no training is started)"
        return [f"Estimated cost: {'unknown' if trains else free}"]
    lines = [_total(plan.bill)]
    if len(plan.bill.by_address) > 1:
        by_address = {str(step.address): step.estimate for step in trains} | dict(plan.bill.by_address)
        width = max(len(clean(address)) for address in by_address)
        lines += [f"  {clean(address):<{width}}  {estimate_text(e)}" for address, e in by_address.items()]
    return lines


def estimate_text(estimate: Estimate) -> str:
    """One training's cost and what it was worked out from."""
    basis = f" ({clean(estimate.basis)})" if estimate.basis else ""
    return f"{dollar_range(estimate.low, estimate.high)}{basis}"


def _total(bill: Bill) -> str:
    nothing_priced = bool(bill.unpriced) and set(bill.by_address) <= set(bill.unpriced)
    amount = "unknown" if nothing_priced else dollar_range(bill.low, bill.high)
    if bill.unpriced and not nothing_priced:
        amount += " or more"
    guessed = [address for address, e in bill.by_address.items() if not e.exact_epochs]
    about = [address for address, e in bill.by_address.items() if not e.exact_tokens]
    answers = sum(estimate.answers for estimate in bill.by_address.values())
    parts = [f"{'about ' if about else ''}{bill.tokens:,} training tokens"]
    parts += [f"{answers:,} answers to evaluations, less those that are kept"] if answers else []
    parts += [f"prices of {_month(bill.as_of)}"] if bill.as_of and not nothing_priced else []
    parts += [f"not priced: {_names(bill.unpriced)}"] if bill.unpriced else []
    parts += [f"tokenizer not known, so an approximation: {_names(about)}"] if about else []
    parts += [f"epochs left to the provider: {_names(guessed)}"] if guessed else []
    parts += ["a rehearsal: nothing is billed"] if bill.rehearsal else []
    return f"Estimated cost: {amount} ({'; '.join(parts)})"


def _month(as_of: str) -> str:
    return as_of[:7] if re.fullmatch(r"\d{4}-\d{2}-\d{2}", as_of) else clean(as_of)


def _names(addresses: Iterable[str]) -> str:
    known = [clean(address) for address in addresses]
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return ", ".join(known[:_NAMED]) + more


def life_line(life: BaseLife) -> str:
    """How long one base model stays on."""
    base = f"Base model {clean(life.base_model)} ({clean(life.provider)})"
    parts = [part for part in (_shutdown(life), _last_training(life), _a_day(life)) if part]
    return f"{base}: {'; '.join(parts) if parts else 'no shutdown date is known'}"


def days_text(count: int) -> str:
    """So many days."""
    return f"{count:,} day{'' if count == 1 else 's'}"


def _shutdown(life: BaseLife) -> str:
    if life.shutdown is None or life.days is None:
        return ""
    when = clean(life.shutdown)
    if life.days < 0:
        return f"shut down on {when}, {days_text(-life.days)} ago"
    return f"{days_text(life.days)} of life left, until {when}" if life.days else f"its last day is today, {when}"


def _a_day(life: BaseLife) -> str:
    if not life.cost_per_day:
        return ""
    trained = f"{len(life.cost_per_day)} models" if len(life.cost_per_day) > 1 else clean(next(iter(life.cost_per_day)))
    return f"{dollars(sum(life.cost_per_day.values(), Decimal(0)))} per day of life for {trained}"


def _last_training(life: BaseLife) -> str:
    if life.last_training is None:
        return ""
    # From that day on the provider takes no new jobs.
    over = life.days_to_train is not None and life.days_to_train <= 0
    return f"no new jobs since {clean(life.last_training)}" if over else f"new jobs until {clean(life.last_training)}"
