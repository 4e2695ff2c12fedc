"""What earlier bills say of ftplan's own count of tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import median
from typing import TypeAlias

from ftplan.core.entries import Commit, Quote, Reserve, SpendEntry
from ftplan.core.facts import Phase
from ftplan.core.records import State

LEAST_JOBS = 3
LEAST_DIFFERENCE = Decimal("0.005")
MOST_SCATTER = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was billed is `factor` times what was counted, say so many `jobs` of one kind."""

    factor: Decimal
    jobs: int


Kind: TypeAlias = tuple[str, str, str, bool]
"""(provider name, base model, method, whether it is a rehearsal)."""


def calibrations(state: State) -> dict[Kind, Calibration]:
    """By how much the count is off for each kind of job, systematically; no kind whose bills do not say. What decides
    is the raw count, so that a count put right does not put itself right again. Bills of an emulator and of a service
    say nothing about each other."""
    ratios: dict[Kind, list[Decimal]] = {}
    for reserve, tokens in _billed(state.ledger):
        ratio = _ratio(reserve.quote, tokens)
        if ratio is not None:
            quote = reserve.quote
            kind = (reserve.provider, quote.base_model, reserve.method, quote.tariff.rehearsal)
            ratios.setdefault(kind, []).append(ratio)
    found = {kind: _systematic(alike) for kind, alike in ratios.items()}
    return {kind: known for kind, known in found.items() if known is not None}


def _billed(entries: Iterable[SpendEntry]) -> Iterable[tuple[Reserve, int]]:
    """What was reserved for each job that succeeded, and the tokens it was billed for. Read off the lines themselves,
    since every plan asks for it."""
    reserves: dict[str, Reserve] = {}
    bills: dict[tuple[str, str], tuple[Reserve, int]] = {}
    for entry in entries:
        if isinstance(entry, Reserve):
            reserves[entry.key] = entry
        elif isinstance(entry, Commit) and entry.phase is Phase.SUCCEEDED and entry.trained_tokens:
            bills[entry.key, entry.job_id] = (reserves[entry.key], entry.trained_tokens)
    return bills.values()


def _systematic(ratios: list[Decimal]) -> Calibration | None:
    if len(ratios) < LEAST_JOBS:
        return None
    middle = median(ratios)
    if abs(middle - 1) <= LEAST_DIFFERENCE or any(abs(ratio - middle) > MOST_SCATTER * middle for ratio in ratios):
        return None
    return Calibration(middle.quantize(Decimal("0.0001"), ROUND_HALF_EVEN), len(ratios))


def _ratio(quote: Quote, billed: int) -> Decimal | None:
    """Tokens billed for each token counted. A job whose epochs the service picked, or whose rows it cut, was billed for
    something else than was counted."""
    if not quote.exact_epochs or quote.capped or not quote.counted_tokens:
        return None
    return Decimal(billed) / quote.counted_tokens
