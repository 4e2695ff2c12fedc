"""What a plan costs, model by model: bars for the eye, and how each was reckoned as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ftplan.core.plan import Bill
from ftplan.core.steps import Estimate
from ftplan.views.cost_text import reckoning_rows
from ftplan.views.pages.markup import Html, counted, foreign, joined, table
from ftplan.views.plan_money import dollar_range
from ftplan.views.report.bar_rows_svg import BarRow, Piece, bar_rows_svg
from ftplan.views.report.links import Anchors, link

DRAWN = 12

Priced = tuple[str, Decimal, Decimal]


def cost_chart(bill: Bill) -> Html | None:
    """The dearest trainings, and all others in one row; None where no price is known at all."""
    priced = _ranked(bill)
    if not priced:
        return None
    shown, rest = (priced, []) if len(priced) <= DRAWN else (priced[: DRAWN - 1], priced[DRAWN - 1 :])
    most = shown[0][2] or Decimal(1)
    return bar_rows_svg([*(_row(one, most) for one in shown), *_summed(rest)], _in_words(bill, priced))


def cost_table(bill: Bill, known: Anchors) -> Html:
    """Every training, with the factors of its cost."""
    rows = reckoning_rows(bill.by_address)
    told = [
        (link(address, known), *(foreign(text) if text else "–" for text in cells[1:]))
        for address, cells in zip(bill.by_address, rows, strict=True)
    ]
    heads = ("Model", "Tokens an epoch", "Epochs", "Training tokens", "Price", "Cost")
    return table("Tokens of an epoch, times epochs, times the price", heads, told)


def _ranked(bill: Bill) -> list[Priced]:
    """Those with a price, the dearest first."""
    priced = [(a, e.low, e.high) for a, e in bill.by_address.items() if e.low is not None and e.high is not None]
    return sorted(priced, key=lambda one: (-one[2], -one[1], one[0]))


def _summed(rest: Sequence[Priced]) -> list[BarRow]:
    """The others in a row without a bar, which would make all the rest look small."""
    if not rest:
        return []
    low, high = sum((one[1] for one in rest), Decimal(0)), sum((one[2] for one in rest), Decimal(0))
    return [BarRow(f"{counted(len(rest), 'other model')} together", dollar_range(low, high))]


def _row(one: Priced, most: Decimal) -> BarRow:
    address, low, high = one
    start, end = (float(100 * amount / most) for amount in (low, high))
    pieces = [Piece(0, start)] if low else []
    pieces += [Piece(start, end, "striped")] if end > start else []
    return BarRow(address.removeprefix("model."), dollar_range(low, high), tuple(pieces))


def _in_words(bill: Bill, priced: Sequence[Priced]) -> str:
    address, low, high = priced[0]
    unknown = f" {counted(len(bill.unpriced), 'model')} without a known price." if bill.unpriced else ""
    dearest = f" The dearest is {address}: {dollar_range(low, high)}." if len(priced) > 1 else ""
    return (
        f"Bars of the estimated cost of {counted(len(priced), 'model')}, {dollar_range(bill.low, bill.high)} in all."
        f"{dearest}{unknown}"
    )


def remarks(bill: Bill) -> list[Html]:
    """What a reader of the figures has to know beside them."""
    guessed = [address for address, estimate in bill.by_address.items() if not estimate.exact_epochs]
    about = [address for address, estimate in bill.by_address.items() if not estimate.exact_tokens]
    said = [joined("A rehearsal: nothing is billed.")] if bill.rehearsal else []
    said += [_about("No price is known for", bill.unpriced)] if bill.unpriced else []
    said += [_about("The provider picks the epochs, hence a range, of", guessed)] if guessed else []
    said += [_about("The tokenizer is not known, so the tokens are an approximation, of", about)] if about else []
    return [*said, joined("Tokens to validate with are not billed.")]


def _about(said: str, named: Iterable[str]) -> Html:
    names = list(named)
    shown = [joined(", " if number else " ", foreign(name, 80)) for number, name in enumerate(names[:8])]
    return joined(said, shown, f" and {len(names) - 8:,} more" if len(names) > 8 else None, ".")


def estimate_words(estimate: Estimate) -> str:
    """What one training costs, shortly."""
    return "no known price" if estimate.high is None else dollar_range(estimate.low, estimate.high)
