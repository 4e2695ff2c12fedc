"""What may refuse a plan before anything is spent: budget and lifetime. Pure: a plan and its rules give notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.facts import Catalog, Observation
from ftplan.core.plan import BaseLife, Bill, Note
from ftplan.core.spec import Address, Budget
from ftplan.core.steps import Step, Train

WARN_DAYS = 90


def budget_notes(bill: Bill | None, budget: Budget, max_cost: Decimal | None) -> list[Note]:
    """The bounds that `bill` exceeds, or that cannot be kept because a price is not known."""
    if bill is None:
        return []
    limits = [("budget.max_total", budget.max_total), ("-max-cost", max_cost)]
    notes = [
        _over(f"The whole plan is estimated at ${bill.high:,.2f}", name, limit)
        for name, limit in limits
        if limit is not None and bill.high > limit
    ]
    per_model = budget.max_per_model
    if per_model is not None:
        notes += [
            _over(f"{address} is estimated at ${e.high:,.2f}", "budget.max_per_model", per_model, address)
            for address, e in bill.by_address.items()
            if e.high is not None and e.high > per_model
        ]
    bounded = per_model is not None or any(limit is not None for _, limit in limits)
    return notes + [_unpriced(address) for address in bill.unpriced if bounded]


def _over(what: str, name: str, limit: Decimal, address: str | None = None) -> Note:
    return Note(
        "error",
        "Over budget",
        f"{what}; {name} allows ${limit:,.2f}.",
        address=Address.parse(address) if address else None,
        gate="budget",
        advice="Train fewer epochs or less data, or raise the bound.",
    )


def _unpriced(address: str) -> Note:
    return Note(
        "error",
        "Price not known",
        f"A budget is set, and what {address} will cost is not known before it is trained.",
        address=Address.parse(address),
        gate="budget",
        advice="Leave it out with -exclude, or take the budget away for this run.",
    )


def lives(desired: Desired, seen: Observation, today: date) -> tuple[BaseLife, ...]:
    """How long each declared base model stays on, shortest life first. What the provider says wins over the
    catalog."""
    wanted = {
        (model.spec.provider, model.base.id): desired.catalogs[model.spec.provider]
        for model in desired.models
        if model.base
    }
    found = [_life(provider, base, catalog, seen, today) for (provider, base), catalog in wanted.items()]
    return tuple(sorted(found, key=lambda life: (life.days is None, life.days or 0, life.base_model)))


def _life(provider: str, base: str, catalog: Catalog, seen: Observation, today: date) -> BaseLife:
    remote = seen.bases.get((provider, base))
    known = catalog.models[base].shutdown
    shutdown = remote.shutdown if remote and remote.shutdown else known
    ends = min((day for day in (catalog.jobs_end, shutdown) if day), default=None)
    return BaseLife(
        provider=provider,
        base_model=base,
        shutdown=shutdown.isoformat() if shutdown else None,
        days=(shutdown - today).days if shutdown else None,
        last_training=ends.isoformat() if ends else None,
        days_to_train=(ends - today).days if ends else None,
    )


def lifetime_notes(
    steps: Iterable[Step], models: Mapping[Address, DesiredModel], known: Iterable[BaseLife], desired: Desired
) -> list[Note]:
    """A refusal for each training on a base that takes no more jobs, a warning where it is soon gone."""
    by_base = {(life.provider, life.base_model): life for life in known}
    notes: list[Note] = []
    for step in steps:
        base = models[step.address].base if isinstance(step, Train) and step.address in models else None
        life = by_base.get((step.provider, base.id)) if base and isinstance(step, Train) else None
        if life is not None:
            notes += _judged(step.address, life, desired.catalogs[life.provider])
    return notes


def _judged(address: Address, life: BaseLife, catalog: Catalog) -> list[Note]:
    over = life.days_to_train is not None and life.days_to_train <= 0
    if over:
        return [
            Note(
                "warning" if catalog.rehearsal else "error",
                "Training has ended",
                f"{catalog.title} takes no new jobs on {life.base_model} since {life.last_training}.",
                address=address,
                gate=None if catalog.rehearsal else "lifetime",
                advice="Choose another base model, or another provider.",
            )
        ]
    if life.days is not None and life.days <= WARN_DAYS and not catalog.rehearsal:
        return [
            Note(
                "warning",
                "Short life",
                f"{life.base_model} and every model tuned on it are switched off on {life.shutdown}, "
                f"{life.days} days from now; new jobs are taken until {life.last_training}.",
                address=address,
                advice="Keep the dataset and the YAML: another provider can train the same recipe.",
            )
        ]
    return []
