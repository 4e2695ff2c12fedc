"""What must hold in every spend ledger: nothing is billed unreserved, nothing twice, and nothing below zero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from typing_extensions import assert_never

from ftplan.core.entries import Answered, Commit, Quote, Release, Reserve, SpendEntry, Start


def ledger_faults(entries: Sequence[SpendEntry]) -> list[str]:
    """What is wrong in `entries`, in words; empty for a whole ledger."""
    return [*_unreserved(entries), *_twice(entries), *(fault for entry in entries for fault in _figures(entry))]


def _unreserved(entries: Iterable[SpendEntry]) -> Iterator[str]:
    reserved: set[str] = set()
    for entry in entries:
        if not entry.key:
            yield "its ledger has a line without a key"
        elif isinstance(entry, Answered):
            continue
        elif isinstance(entry, Reserve):
            reserved.add(entry.key)
        elif entry.key not in reserved:
            yield f"its ledger has a {type(entry).__name__.lower()} of {entry.key} that nothing was reserved for"


def _twice(entries: Iterable[SpendEntry]) -> Iterator[str]:
    """A job is one call's at its service, and has one bill, as have answers. The same id at two services is two
    jobs."""
    services: dict[str, str] = {}
    billed: set[tuple[str, str]] = set()
    started: dict[tuple[str, str], str] = {}
    answered: set[str] = set()
    for entry in entries:
        if isinstance(entry, Answered):
            if entry.key in answered:
                yield f"its ledger bills the answers {entry.key} twice"
            answered.add(entry.key)
            continue
        if isinstance(entry, Reserve):
            services[entry.key] = entry.provider
            continue
        job = (services.get(entry.key, ""), "" if isinstance(entry, Release) else entry.job_id)
        if isinstance(entry, Start) and job in started:
            yield f"its ledger starts job {entry.job_id} twice"
        if isinstance(entry, Commit) and entry.amount is not None and job in billed:
            yield f"its ledger bills job {entry.job_id} twice"
        if isinstance(entry, Start):
            started[job] = entry.key
        if isinstance(entry, Commit) and entry.amount is not None:
            billed.add(job)


def _figures(entry: SpendEntry) -> Iterator[str]:
    match entry:
        case Reserve():
            figures = _quoted(entry.quote)
        case Commit():
            figures = [entry.trained_tokens, entry.amount]
        case Answered():
            figures = [entry.answers, entry.amount]
        case Start() | Release():
            figures = []
        case _:
            assert_never(entry)
    if isinstance(entry, (Start, Commit)) and not entry.job_id:
        yield f"its ledger has a job of {entry.key} without an id"
    for figure in figures:
        if figure is not None and not (Decimal(figure).is_finite() and figure >= 0):
            yield f"its ledger has {figure} for {entry.key}"


def _quoted(quote: Quote) -> list[int | Decimal | None]:
    tariff = quote.tariff
    return [quote.tokens, quote.counted_tokens, quote.low, quote.high, tariff.per_million, tariff.per_hour]
