"""What asking is going to cost, told and approved before anybody is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_UP, Decimal
from typing import Any

from ftplan.cli.asking.compared import Compared
from ftplan.cli.judging.models_asked import row_tokens
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.approval import approve
from ftplan.cli.talking.console import Console
from ftplan.core.catalog import Catalog
from ftplan.core.comparing.asking_cost import asking_estimate
from ftplan.core.money.cost import summed
from ftplan.core.steps import Estimate
from ftplan.errors import GateRefused, Problem
from ftplan.views.plan_money import dollar_range, dollars


def approve_asking(
    console: Console,
    session: Session,
    options: Mapping[str, Any],
    max_cost: Decimal | None,
    case: Compared,
    unasked: Sequence[bool],
) -> None:
    """Returns once what it costs is approved to ask what is `unasked`; where all is answered already it costs nothing,
    and needs no approval. Raises `GateRefused` where it may cost more than `max_cost`."""
    if not any(unasked):
        return
    estimate = _estimate(session, case, unasked, session.catalogs)
    rehearsal = all(session.catalogs[one.provider].rehearsal for one in case.whom)
    billed = "; a rehearsal: nothing is billed" if rehearsal else ""
    amount = dollar_range(estimate.low, estimate.high)
    console.note(f"Asking {sum(unasked):,} questions of {len(unasked):,}: {amount}{billed}.")
    if max_cost is not None:
        _refuse_beyond(estimate, max_cost, "What it costs")
        if session.catalogs_of_others:
            others = _estimate(session, case, unasked, session.catalogs_of_others)
            _refuse_beyond(others, max_cost, "What it costs at prices that the project does not set itself")
    if not rehearsal:
        approve(console, options, f"Ask them, for {amount}?")


def _refuse_beyond(estimate: Estimate, max_cost: Decimal, what: str) -> None:
    if estimate.high is None or estimate.high > max_cost:
        told = "is not known" if estimate.high is None else f"may be {dollars(estimate.high)}"
        advice = "Ask fewer rows with -limit, bound the answers with -max-tokens, or raise -max-cost."
        if estimate.high is not None:
            advice += f" This passes: -max-cost={estimate.high.quantize(Decimal('0.01'), ROUND_UP)}"
        detail = f"{what} {told}, and -max-cost={max_cost} was given. Nobody was asked."
        raise GateRefused(Problem("Over budget", detail, advice=advice))


def _estimate(session: Session, case: Compared, unasked: Sequence[bool], catalogs: Mapping[str, Catalog]) -> Estimate:
    count, parts = len(case.taken.rows), []
    for number, whom in enumerate(case.whom):
        own = [row for row, open in zip(case.rows_of(number), unasked[number * count :], strict=False) if open]
        catalog = catalogs[whom.provider]
        base = catalog.base(whom.base)
        tokens = row_tokens(session, own, base)
        parts.append(asking_estimate(tokens, base, catalog, case.parameters, whom.provider))
    estimate = summed(parts)
    assert estimate is not None
    return estimate
