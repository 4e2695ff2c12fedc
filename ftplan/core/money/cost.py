"""Tokens x epochs x price: what a training is estimated to cost, and the bill of a whole plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from ftplan.core.catalog import Catalog
from ftplan.core.desired import DesiredModel
from ftplan.core.money.calibration import Calibration
from ftplan.core.plan import Bill
from ftplan.core.steps import Estimate, Promote, Reckoning, Step, Train

_MILLION = Decimal(1_000_000)
_MOST_AUTO_EPOCHS = 25


def auto_epochs(rows: int) -> int:
    """The epochs a provider is expected to pick for `auto`.

    The recipe OpenAI published in its cookbook (Chat_finetuning_data_prep); real jobs agreed with it (10 rows:
    10 epochs), but the server decides, so a price made of it is an estimate and says so.
    """
    if rows * 3 < 100:
        return max(1, min(_MOST_AUTO_EPOCHS, 100 // max(rows, 1)))
    if rows * 3 > 25_000:
        return max(1, 25_000 // rows)
    return 3


def rate(price: Decimal) -> str:
    """A price as a list writes it: to the cent at least, and no digit less than it has."""
    whole, _, cents = f"{price:,f}".partition(".")
    return f"${whole}.{cents.rstrip('0').ljust(2, '0')}"


def auto_epoch_range(rows: int) -> tuple[int, int, int]:
    """The fewest, the likely and the most epochs that `auto` is reckoned with. The published recipe names one figure,
    and the server decides: a third of it either way, and at least one epoch, is ftplan's margin."""
    likely = auto_epochs(rows)
    margin = max(1, likely // 3)
    return max(1, likely - margin), likely, min(_MOST_AUTO_EPOCHS, likely + margin)


def estimate(model: DesiredModel, catalog: Catalog, known: Calibration | None = None) -> Estimate:
    """What training `model` once is estimated to cost. Validation tokens are not billed; `known` is what earlier bills
    say of such a count."""
    reckoning = _reckoning(model, catalog, known)
    tokens = [_billed_tokens(reckoning, epochs) for epochs in reckoning.epochs]
    low, high = _amounts(reckoning, tokens)
    return Estimate(
        tokens=tokens[1],
        low=low,
        high=high,
        epochs=reckoning.epochs[1],
        basis=_basis(model, catalog, reckoning),
        exact_epochs=model.recipe["n_epochs"] != "auto",
        exact_tokens=model.counts_surely,
        reckoning=reckoning,
    )


def _reckoning(model: DesiredModel, catalog: Catalog, known: Calibration | None) -> Reckoning:
    declared, rows, base = model.recipe["n_epochs"], model.training.rows, model.base
    counted = model.training.tokens.get(model.encoding)
    limit = base.max_example_tokens if base else None
    return Reckoning(
        rows=rows,
        encoding=model.encoding,
        counted=counted.total if counted else None,
        cut=counted.cut_by(limit) if counted else 0,
        limit=limit,
        epochs=auto_epoch_range(rows) if declared == "auto" else (declared, declared, declared),
        per_million=base.train_per_million if base else None,
        per_hour=base.train_per_hour if base else None,
        hours=base.train_hours if base else None,
        assumption=base.hours_basis if base else "",
        factor=known.factor if known else Decimal(1),
        jobs=known.jobs if known else 0,
        origin=catalog.price_origin(base.id) if base else "",
        as_of=catalog.priced_as_of(base.id if base else ""),
    )


def _billed_tokens(reckoning: Reckoning, epochs: int) -> int:
    once = (reckoning.counted or 0) - reckoning.cut
    return int((once * epochs * reckoning.factor).to_integral_value(ROUND_HALF_UP))


def _amounts(reckoning: Reckoning, tokens: Sequence[int]) -> tuple[Decimal | None, Decimal | None]:
    # What was not counted is not free: it has no price.
    if reckoning.per_million is not None and reckoning.counted is not None:
        return tokens[0] * reckoning.per_million / _MILLION, tokens[2] * reckoning.per_million / _MILLION
    if reckoning.per_million is None and reckoning.per_hour is not None and reckoning.hours is not None:
        fewest, most = reckoning.hours
        return fewest * reckoning.per_hour, most * reckoning.per_hour
    return None, None


def _basis(model: DesiredModel, catalog: Catalog, reckoning: Reckoning) -> str:
    if model.base is None:
        guessed = "" if model.counts_surely else f"; tokens as {model.encoding} counts them, an approximation"
        return f"no price known{guessed}"
    if reckoning.per_million is None:
        return _hourly_basis(reckoning)
    if reckoning.counted is None:
        return f"no price known: the tokens were not counted in {model.encoding}"
    cut = f" less {reckoning.cut:,} beyond {reckoning.limit:,} a row" if reckoning.cut else ""
    billed = f" x {reckoning.factor} as billed before" if reckoning.jobs else ""
    price = f"{rate(reckoning.per_million)} per million"
    return f"{reckoning.counted:,} tokens{cut} x {_times(reckoning)}{billed} x {price}; {reckoning.origin}"


def _times(reckoning: Reckoning) -> str:
    fewest, likely, most = reckoning.epochs
    times = f"{likely} epoch{'' if likely == 1 else 's'}"
    return times if fewest == most else f"{times} (auto, as providers usually pick; {fewest} to {most} reckoned with)"


def _hourly_basis(reckoning: Reckoning) -> str:
    if reckoning.per_hour is None:
        return "no price known"
    price = f"{rate(reckoning.per_hour)} per hour of training"
    if reckoning.hours is None:
        return f"{price}; hours not known before"
    fewest, most = reckoning.hours
    assumed = f" ({reckoning.assumption})" if reckoning.assumption else ""
    return f"{fewest} to {most} hours assumed{assumed} x {price}; {reckoning.origin}"


def bill(steps: Iterable[Step], catalogs: Mapping[str, Catalog]) -> Bill | None:
    """The sum over every training and evaluation in `steps`; None where nothing is paid for. Its tokens are those of
    the trainings."""
    paid = [(step, step.estimate) for step in steps if isinstance(step, (Train, Promote)) and step.estimate is not None]
    if not paid:
        return None
    used = [catalogs[name] for step, one in paid for name in one.providers or (step.provider,)]
    estimates = {str(step.address): estimate for step, estimate in paid}
    return Bill(
        low=sum((e.low for e in estimates.values() if e.low is not None), Decimal(0)),
        high=sum((e.high for e in estimates.values() if e.high is not None), Decimal(0)),
        tokens=sum(estimate.tokens for step, estimate in paid if isinstance(step, Train)),
        as_of=min((e.reckoning.as_of for e in estimates.values() if e.reckoning and e.reckoning.as_of), default=""),
        by_address=estimates,
        unpriced=tuple(address for address, e in estimates.items() if e.high is None),
        rehearsal=all(catalog.rehearsal for catalog in used),
    )


def summed(estimates: Sequence[Estimate]) -> Estimate | None:
    """Several estimates as one; None for none. What has no price leaves the sum without one."""
    if not estimates:
        return None
    if len(estimates) == 1:
        return estimates[0]
    return Estimate(
        tokens=sum(one.tokens for one in estimates),
        low=_sum_of(one.low for one in estimates),
        high=_sum_of(one.high for one in estimates),
        epochs=None,
        basis="; ".join(one.basis for one in estimates if one.basis),
        exact_tokens=all(one.exact_tokens for one in estimates),
        reckoning=estimates[0].reckoning,
        answers=sum(one.answers for one in estimates),
        providers=tuple(dict.fromkeys(provider for one in estimates for provider in one.providers)),
    )


def _sum_of(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else sum((amount for amount in known if amount is not None), Decimal(0))
