"""How the bill of a plan was reckoned, factor by factor: as lines for a terminal, and as a table for Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftplan.core.money.cost import rate
from ftplan.core.plan import Bill, Plan
from ftplan.core.steps import Estimate, Reckoning
from ftplan.views.plan_money import dollar_range
from ftplan.views.style import Style, clean

# Where the figures of a prompt's framing come from.
COUNTED_BY = "messages and tools framed as OpenAI's cookbook publishes it"


def render_reckoning(plan: Plan, style: Style) -> str:
    """Every estimate of the plan taken apart, ending in a newline; what is only withheld is left out."""
    bill = plan.bill
    if bill is None:
        return "No training is started, so there is nothing to reckon.\n"
    lines = [style.bold("How the cost was reckoned:")]
    for address, estimate in bill.by_address.items():
        lines += ["", style.bold(f"  {clean(address)}"), *(f"    {line}" for line in reckoning_lines(estimate))]
    if len(bill.by_address) > 1:
        lines += ["", f"  In all: {_total(bill)}"]
    return "\n".join([*lines, "", "  Tokens to validate with are not billed.", ""])


def reckoning_lines(estimate: Estimate) -> list[str]:
    """One estimate taken apart, a factor a line."""
    reckoning = estimate.reckoning
    if estimate.answers:
        return [*(clean(part) for part in estimate.basis.split("; ")), f"= {dollar_range(estimate.low, estimate.high)}"]
    if reckoning.per_million is None and reckoning.per_hour is not None:
        return [*_by_the_hour(reckoning), f"= {dollar_range(estimate.low, estimate.high)}"]
    lines = [*_counted(reckoning, estimate), f"= {_tokens(estimate)} training tokens"]
    if reckoning.per_million is None:
        return [*lines, "x a price that is not known", "= unknown"]
    price = f"x {rate(reckoning.per_million)} per million training tokens{_origin(reckoning)}"
    return [*lines, price, f"= {dollar_range(estimate.low, estimate.high)}"]


def reckoning_rows(by_address: Mapping[str, Estimate]) -> Iterator[tuple[str, ...]]:
    """For a table: model, tokens an epoch, epochs, training tokens, price, cost. The texts are cleaned, not escaped."""
    for address, estimate in by_address.items():
        reckoning = estimate.reckoning
        if estimate.answers:
            asked = f"{estimate.answers:,} answers"
            yield clean(address), "", asked, "", "", dollar_range(estimate.low, estimate.high)
            continue
        counted = "not counted" if reckoning.counted is None else f"{reckoning.counted - reckoning.cut:,}"
        hourly = reckoning.per_million is None and reckoning.per_hour is not None
        yield (
            clean(address),
            "" if hourly else counted + ("" if estimate.exact_tokens else " (approximation)"),
            f"{_span(*(reckoning.hours or ('?', '?')))} hours" if hourly else _epochs(reckoning),
            "" if hourly else _tokens(estimate),
            _price(reckoning),
            dollar_range(estimate.low, estimate.high),
        )


def _total(bill: Bill) -> str:
    nothing_priced = bool(bill.unpriced) and set(bill.by_address) <= set(bill.unpriced)
    more = " or more, since not every price is known" if bill.unpriced else ""
    return "unknown" if nothing_priced else f"{dollar_range(bill.low, bill.high)}{more}"


def _counted(reckoning: Reckoning, estimate: Estimate) -> Iterator[str]:
    if reckoning.counted is None:
        yield f"tokens of {reckoning.rows:,} rows, which were not counted"
    else:
        sure = COUNTED_BY if estimate.exact_tokens else "an approximation: its own tokenizer is not known"
        rows = f"{reckoning.rows:,} row{'' if reckoning.rows == 1 else 's'}"
        yield f"{reckoning.counted:,} tokens in {rows} ({clean(reckoning.encoding)}; {sure})"
    if reckoning.cut:
        yield f"- {reckoning.cut:,} of them, beyond the {reckoning.limit or 0:,} that a row may have: they are cut off"
    yield f"x {_epochs(reckoning)}{'' if estimate.exact_epochs else ', left to the provider'}"
    if reckoning.jobs:
        jobs = "the last job was" if reckoning.jobs == 1 else f"the last {reckoning.jobs} jobs were"
        yield f"x {reckoning.factor}, as {jobs} billed for what had been counted"


def _by_the_hour(reckoning: Reckoning) -> Iterator[str]:
    if reckoning.hours is None:
        yield "hours of training, which are not known before"
    else:
        assumed = f": {clean(reckoning.assumption)}" if reckoning.assumption else ""
        yield f"{_span(*reckoning.hours)} hours of training (assumed{assumed})"
    yield f"x {rate(reckoning.per_hour)} an hour{_origin(reckoning)}" if reckoning.per_hour is not None else ""


def _tokens(estimate: Estimate) -> str:
    return "?" if estimate.reckoning.counted is None else f"{estimate.tokens:,}"


def _epochs(reckoning: Reckoning) -> str:
    fewest, likely, most = reckoning.epochs
    range_ = "" if fewest == most else f" ({fewest} to {most})"
    return f"{likely} epoch{'' if likely == 1 else 's'}{range_}"


def _span(low: object, high: object) -> str:
    return clean(low) if low == high else f"{clean(low)} to {clean(high)}"


def _price(reckoning: Reckoning) -> str:
    if reckoning.per_million is not None:
        return f"{rate(reckoning.per_million)} per million{_origin(reckoning)}"
    if reckoning.per_hour is not None:
        return f"{rate(reckoning.per_hour)} an hour{_origin(reckoning)}"
    return "unknown"


def _origin(reckoning: Reckoning) -> str:
    said = [clean(part) for part in (reckoning.origin,) if part]
    said += [f"prices of {clean(reckoning.as_of)}"] if reckoning.as_of else []
    return f" ({', '.join(said)})" if said else ""
