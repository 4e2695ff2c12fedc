"""What the ledger adds up to: by model and month, by job, by month, and over all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ftplan.core.facts import Phase
from ftplan.core.money.spending import Spend


@dataclass(frozen=True, slots=True)
class Sum:
    """Paid calls added up. `tokens` and `billed` are of the jobs that they are known of, None where of none; the
    `unknown` ended at a price nobody says, and `answers` came for evaluations, which are no jobs. `estimated` was
    expected of the jobs that ran to their end, the ones by which an estimate is judged, and `error` is by how much of
    it they were billed otherwise (0.02 is 2 % more)."""

    jobs: int = 0
    tokens: int | None = None
    estimated: Decimal | None = None
    billed: Decimal | None = None
    error: Decimal | None = None
    unknown: int = 0
    exact: bool = True
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """The jobs of one model, or the answers to one evaluation, in one month; one job with its id where each stands for
    itself."""

    month: str
    address: str
    provider: str
    base_model: str
    rehearsal: bool
    sum: Sum
    job_id: str = ""
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class SpendReport:
    """What was spent, oldest first. `months` and `total` are of bills, `rehearsed` is of those that an emulator wrote
    and nobody pays; `open` is reserved for and not billed yet."""

    lines: tuple[Line, ...] = ()
    months: tuple[tuple[str, Sum], ...] = ()
    total: Sum = Sum()
    rehearsed: Sum = Sum()
    open: tuple[Spend, ...] = ()


def spend_report(calls: Iterable[Spend], *, month: str | None = None, by_job: bool = False) -> SpendReport:
    """`calls` added up, or those of `month` (2026-11) alone. Calls that made no job are left out: they cost nothing."""
    made = [
        call for call in calls if month in (None, call.month) and (call.job_id or call.answers or call.state == "open")
    ]
    ended = sorted((call for call in made if call.state != "open"), key=lambda call: (call.month, call.address))
    paid = [call for call in ended if not call.rehearsal]
    months = {call.month: None for call in paid}
    return SpendReport(
        lines=tuple(_line([call], by_job=True) for call in ended) if by_job else tuple(_lines(ended)),
        months=tuple((one, add_up(call for call in paid if call.month == one)) for one in months),
        total=add_up(paid),
        rehearsed=add_up(call for call in ended if call.rehearsal),
        open=tuple(call for call in made if call.state == "open"),
    )


def add_up(calls: Iterable[Spend]) -> Sum:
    """The sum of calls that have ended."""
    ended = list(calls)
    known = [call for call in ended if call.state != "unknown"]
    counts = [0 if call.state == "released" else call.billed_tokens for call in known]
    tokens = [count for count in counts if count is not None]
    judged = [(call.expected, call.amount) for call in ended if call.phase is Phase.SUCCEEDED]
    pairs = [(expected, amount) for expected, amount in judged if expected is not None and amount is not None]
    estimated = sum((expected for expected, _ in pairs), Decimal(0))
    off = sum((amount for _, amount in pairs), Decimal(0)) - estimated
    return Sum(
        jobs=sum(not call.answers for call in ended),
        tokens=sum(tokens) if tokens or not ended else None,
        estimated=estimated if pairs else None,
        billed=sum((call.amount or Decimal(0) for call in known), Decimal(0)) if known or not ended else None,
        error=off / estimated if estimated else None,
        unknown=len(ended) - len(known),
        exact=all(call.exact for call in known),
        answers=sum(call.answers for call in ended),
    )


def _lines(ended: Iterable[Spend]) -> list[Line]:
    groups: dict[tuple[str, str, str, str, bool], list[Spend]] = {}
    for call in ended:
        groups.setdefault((call.month, call.address, call.provider, call.base_model, call.rehearsal), []).append(call)
    return [_line(calls) for _, calls in sorted(groups.items())]


def _line(calls: list[Spend], by_job: bool = False) -> Line:
    first = calls[0]
    return Line(
        month=first.month,
        address=first.address,
        provider=first.provider,
        base_model=first.base_model,
        rehearsal=first.rehearsal,
        sum=add_up(calls),
        job_id=first.job_id if by_job else "",
        phase=first.phase if by_job else None,
    )
