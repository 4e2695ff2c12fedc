"""The gates about money: what one apply, one model and one month may be estimated to cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_UP, Decimal

from ftplan.core.bounds import Budget
from ftplan.core.gates.refusal import MAX_COST, NO_SPEND, Refusal, Word, compared, judged, usd
from ftplan.core.plan import Bill, Note
from ftplan.core.spec import Address

CHEAPER = "Train fewer epochs or less data, or raise the bound."


def budget_notes(
    bill: Bill | None,
    budget: Budget,
    word: Word,
    spent: Decimal = Decimal(0),
    approved: frozenset[Address] = frozenset(),
) -> list[Note]:
    """The bounds that `bill` exceeds, or that cannot be kept because a price is not known. A bound of this run goes
    before that of the project; `spent` is what this month came to already, and what is `approved` was agreed to with an
    earlier plan."""
    if bill is None:
        return []
    warn = budget.action == "warn"
    bounded = budget.bounds_anything or word.max_cost is not None
    return [
        *judged(_this_run(bill, word, approved), word),
        *judged(_declared(bill, budget, word, spent), word, warn=warn),
        *judged(_unpriced(bill) if bounded else (), word, warn=warn and word.max_cost is None),
    ]


def _this_run(bill: Bill, word: Word, approved: frozenset[Address]) -> Iterator[Refusal]:
    paid = tuple(address for address in _paid(bill) if address not in approved)
    if word.no_spend and paid:
        number = sum(address.kind == "model" for address in paid)
        jobs = "answers of models" if not number else "1 job" if number == 1 else f"{number} jobs"
        what = f"The plan {'starts' if number else 'asks for'} {jobs} that must be paid for"
        advice = "Leave out what trains with -exclude, or run without -no-spend."
        yield Refusal("spend", NO_SPEND, "Nothing may be spent", what, jobs, "none", paid, advice=advice)
    if word.max_cost is not None and bill.high > word.max_cost:
        yield _over_total(bill, MAX_COST, word.max_cost)


def _declared(bill: Bill, budget: Budget, word: Word, spent: Decimal) -> Iterator[Refusal]:
    if budget.max_total is not None and word.max_cost is None and bill.high > budget.max_total:
        yield _over_total(bill, "budget.max_total", budget.max_total)
    for address, estimate in bill.by_address.items():
        bound = budget.max_per_model if Address.parse(address).kind == "model" else None
        if bound is not None and estimate.high is not None and estimate.high > bound:
            (figure, limit), at = compared(estimate.high, bound), Address.parse(address)
            what = f"{address} is estimated at {figure}"
            rule = "budget.max_per_model"
            yield Refusal("budget", rule, "Over budget", what, figure, limit, (at,), at, CHEAPER)
    if budget.max_per_month is not None and spent + bill.high > budget.max_per_month:
        figure, limit = compared(spent + bill.high, budget.max_per_month)
        digits = len(limit.partition(".")[2])
        what = f"This month would come to {figure} with the {usd(bill.high, digits)} of this plan"
        advice = f"{usd(spent, digits)} of it are spent or reserved: `ftplan cost` says for what. {CHEAPER}"
        yield Refusal("budget", "budget.max_per_month", "Over budget", what, figure, limit, _paid(bill), advice=advice)


def _over_total(bill: Bill, rule: str, bound: Decimal) -> Refusal:
    figure, limit = compared(bill.high, bound)
    passing = f"{MAX_COST}={bill.high.quantize(Decimal('0.01'), ROUND_UP)}"
    what = f"The whole plan is estimated at {figure}"
    return Refusal("budget", rule, "Over budget", what, figure, limit, _paid(bill), advice=CHEAPER, flag=passing)


def _unpriced(bill: Bill) -> list[Refusal]:
    return [
        Refusal(
            "budget",
            "budget.unpriced",
            "Price not known",
            f"A budget is set, and what {address} will cost is not known before it is trained",
            "unknown",
            "known prices alone",
            (Address.parse(address),),
            Address.parse(address),
            "Write its price into `catalog:`, or leave it out with -exclude.",
        )
        for address in bill.unpriced
    ]


def _paid(bill: Bill) -> tuple[Address, ...]:
    return tuple(map(Address.parse, bill.by_address))
