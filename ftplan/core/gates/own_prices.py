"""The gate that keeps -max-cost out of the project's hands: whoever may change the YAML may change its prices, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_UP, Decimal

from ftplan.core.desired import Desired
from ftplan.core.gates.refusal import MAX_COST, Refusal, Word, compared, judged
from ftplan.core.money.calibration import Calibration
from ftplan.core.money.cost import bill, estimate, summed
from ftplan.core.plan import Bill, Note
from ftplan.core.spec import Address
from ftplan.core.steps import Promote, Step, Train

_ADVICE = "A price that everybody may trust stands in the file that FTPLAN_CATALOG names."


def own_price_notes(steps: Iterable[Step], known: Bill | None, desired: Desired, word: Word) -> list[Note]:
    """What -max-cost has against a plan that keeps within it by prices of the project's own: at those of the catalogs
    and of the company it costs more, or nobody else knows what it costs. Nothing where the project names no price."""
    most = word.max_cost
    if most is None or known is None or known.high > most or not desired.catalogs_of_others:
        return []
    told = bill([_retold(step, desired) for step in steps], desired.catalogs_of_others)
    return judged(_refusals(known, told, most), word) if told else []


def _retold(step: Step, desired: Desired) -> Step:
    """`step` with what it would be estimated at if the project had said nothing about its service."""
    if isinstance(step, Promote):
        asked = [desired.evaluations.get((name, step.model.name)) for name in step.requires]
        return replace(step, estimate=summed([one.elsewhere for one in asked if one and one.elsewhere]))
    return _retrained(step, desired) if isinstance(step, Train) else step


def _retrained(step: Train, desired: Desired) -> Train:
    model, catalog = desired.model(step.address.name), desired.catalogs_of_others[step.provider]
    if model is None:
        return step
    base, reckoned = catalog.base(model.base.id) if model.base else None, step.estimate.reckoning
    calibration = Calibration(reckoned.factor, reckoned.jobs)
    return replace(step, estimate=estimate(replace(model, base=base), catalog, calibration))


def _refusals(known: Bill, told: Bill, most: Decimal) -> Iterator[Refusal]:
    if told.high > most:
        figure, limit = compared(told.high, most)
        what = f"At prices that the project does not set itself, the whole plan is estimated at {figure}"
        passing = f"{MAX_COST}={told.high.quantize(Decimal('0.01'), ROUND_UP)}"
        trained = tuple(map(Address.parse, told.by_address))
        yield Refusal("budget", MAX_COST, "Over budget", what, figure, limit, trained, advice=_ADVICE, flag=passing)
    for address in sorted({*told.unpriced} - {*known.unpriced}):
        at = Address.parse(address)
        what = f"{MAX_COST} is set, and what {address} costs is said by the project alone"
        rule, priced = "budget.unpriced", "known prices alone"
        yield Refusal("budget", rule, "Price not known", what, "unknown", priced, (at,), at, _ADVICE)
