"""Tokens x epochs x price: what a training is estimated to cost, and the bill of a whole plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ftplan.core.desired import DesiredModel
from ftplan.core.facts import Catalog
from ftplan.core.plan import Bill
from ftplan.core.steps import Estimate, Step, Train

_MILLION = Decimal(1_000_000)


def auto_epochs(rows: int) -> int:
    """The epochs a provider is expected to pick for `auto`.

    The recipe OpenAI published in its cookbook (Chat_finetuning_data_prep); real jobs agreed with it (10 rows:
    10 epochs), but the server decides, so a price made of it is an estimate and says so.
    """
    if rows * 3 < 100:
        return max(1, min(25, 100 // max(rows, 1)))
    if rows * 3 > 25_000:
        return max(1, 25_000 // rows)
    return 3


def estimate(model: DesiredModel, catalog: Catalog) -> Estimate:
    """What training `model` once is estimated to cost. Validation tokens are not billed."""
    declared = model.recipe["n_epochs"]
    epochs: int = auto_epochs(model.training.rows) if declared == "auto" else declared
    counted = model.training.tokens.get(model.encoding)
    tokens = (counted.total if counted else 0) * epochs
    price = model.base.train_per_million if model.base else None
    # What was not counted is not free: it has no price.
    cost = None if price is None or counted is None else tokens * price / _MILLION
    return Estimate(
        tokens=tokens,
        low=cost,
        high=cost,
        epochs=epochs,
        basis=_basis(model, catalog, epochs, price),
        exact_epochs=declared != "auto",
        exact_tokens=model.counts_surely,
    )


def _basis(model: DesiredModel, catalog: Catalog, epochs: int, price: Decimal | None) -> str:
    if model.base is None:
        guessed = "" if model.counts_surely else f"; tokens as {model.encoding} counts them, an approximation"
        return f"no price known{guessed}"
    if price is None:
        hourly = model.base.train_per_hour
        return "no price known" if hourly is None else f"${hourly} per hour of training; hours not known before"
    counted = model.training.tokens.get(model.encoding)
    if counted is None:
        return f"no price known: the tokens were not counted in {model.encoding}"
    picked = " (auto, as providers usually pick)" if model.recipe["n_epochs"] == "auto" else ""
    times = f"{epochs} epoch{'' if epochs == 1 else 's'}{picked}"
    return f"{counted.total:,} tokens x {times} x ${price} per million; {catalog.title}"


def bill(steps: Iterable[Step], catalogs: Mapping[str, Catalog]) -> Bill | None:
    """The sum over every training in `steps`; None where nothing is trained."""
    trains = [step for step in steps if isinstance(step, Train)]
    if not trains:
        return None
    used = [catalogs[step.provider] for step in trains]
    estimates = {str(step.address): step.estimate for step in trains}
    return Bill(
        low=sum((e.low for e in estimates.values() if e.low is not None), Decimal(0)),
        high=sum((e.high for e in estimates.values() if e.high is not None), Decimal(0)),
        tokens=sum(e.tokens for e in estimates.values()),
        as_of=min((catalog.prices_as_of for catalog in used if catalog.prices_as_of), default=""),
        by_address=estimates,
        unpriced=tuple(address for address, e in estimates.items() if e.high is None),
        rehearsal=all(catalog.rehearsal for catalog in used),
    )
