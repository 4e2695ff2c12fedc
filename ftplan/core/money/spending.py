"""What was spent and what is still reserved, read from the ledger of a state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from typing_extensions import assert_never

from ftplan.core.entries import Answered, Commit, Quote, Release, Reserve, SpendEntry, Start, Tariff
from ftplan.core.facts import Phase
from ftplan.core.records import State

Standing = Literal["open", "billed", "unknown", "released"]


@dataclass(frozen=True, slots=True)
class Spend:
    """One paid call as the ledger has it. `reserved_tokens`, `reserved_low` and `reserved_high` are what it was
    expected to cost, None where that was not known; `billed_tokens` and `amount` what it did cost. `month` as
    2026-11: that of the bill, or of the reserve while there is none. `state`: `open` while its job runs or may have
    been made, `unknown` where it ended and nobody says at what price, `released` where nothing is billed. `answers`
    came for an evaluation called `name`; of a training there are none."""

    key: str
    name: str
    provider: str
    base_model: str
    method: str
    at: str
    quote: Quote
    adopted: bool = False
    job_id: str = ""
    ended_at: str = ""
    phase: Phase | None = None
    billed_tokens: int | None = None
    amount: Decimal | None = None
    exact: bool = True
    state: Standing = "open"
    why: str = ""
    answers: int = 0

    @property
    def address(self) -> str:
        """What it was spent on, as it is addressed."""
        return f"eval.{self.name}" if self.answers else f"model.{self.name}"

    @property
    def month(self) -> str:
        return (self.ended_at or self.at)[:7]

    @property
    def reserved_tokens(self) -> int | None:
        return self.quote.tokens

    @property
    def reserved_low(self) -> Decimal | None:
        return self.quote.low

    @property
    def reserved_high(self) -> Decimal | None:
        return self.quote.high

    @property
    def expected(self) -> Decimal | None:
        """The likeliest cost when the call was made: of the likely tokens, else the middle of the bounds."""
        quote, price = self.quote, self.quote.tariff.per_million
        if price is not None and quote.tokens is not None:
            return quote.tokens * price / 1_000_000
        return None if quote.low is None or quote.high is None else (quote.low + quote.high) / 2

    @property
    def tariff(self) -> Tariff:
        return self.quote.tariff

    @property
    def rehearsal(self) -> bool:
        return self.quote.tariff.rehearsal


def spends(state: State) -> tuple[Spend, ...]:
    """Every paid call that the ledger of `state` tells of, oldest first."""
    return read_ledger(state.ledger)


def spend_of_job(state: State, provider: str, job_id: str) -> Spend | None:
    """The paid call that made a job; None for a job that this project did not pay for."""
    return next((call for call in spends(state) if (call.provider, call.job_id) == (provider, job_id)), None)


def spent_in(state: State, month: str, rehearsal: bool = False) -> Decimal:
    """What counts as spent in `month` (2026-11), in USD: what was billed in it, what ended in it at a price nobody
    says (at the most that was reserved), and what was reserved up to it and is still open. A call that had no known
    price when it was made adds nothing until it is billed. Rehearsals count only where they are asked for."""
    return sum(
        (_counted(spend, month) for spend in spends(state) if rehearsal or not spend.rehearsal),
        Decimal(0),
    )


def _counted(spend: Spend, month: str) -> Decimal:
    if spend.state == "open":
        # It is billed when its job ends: this month or later, whenever it was begun.
        return (spend.reserved_high or Decimal(0)) if spend.month <= month else Decimal(0)
    if spend.month != month or spend.state == "released":
        return Decimal(0)
    return (spend.amount if spend.state == "billed" else spend.reserved_high) or Decimal(0)


def read_ledger(entries: Iterable[SpendEntry]) -> tuple[Spend, ...]:
    """The paid calls that `entries` make, in the order of their first reserve. Entries that fit no call are passed
    over here; `integrity.py` finds them."""
    calls: list[Spend] = []
    last: dict[str, int] = {}
    made: dict[tuple[str, str], int] = {}
    for entry in entries:
        if isinstance(entry, Answered):
            calls.append(_bought(entry))
            continue
        at = last.get(entry.key)
        if isinstance(entry, Reserve):
            # Written again before a job was known, it is the same call; after that, or after its end, it is another.
            if at is None or calls[at].state != "open" or calls[at].job_id:
                last[entry.key] = at = len(calls)
            calls[at:] = [_reserved(entry), *calls[at + 1 :]]
            continue
        at = made.get((entry.key, entry.job_id), at)
        if at is not None:
            calls[at] = _after(calls[at], entry)
            made[entry.key, calls[at].job_id] = at
    return tuple(calls)


def _reserved(entry: Reserve) -> Spend:
    return Spend(
        key=entry.key,
        name=entry.name,
        provider=entry.provider,
        base_model=entry.quote.base_model,
        method=entry.method,
        at=entry.at,
        quote=entry.quote,
        adopted=entry.adopted,
    )


def _bought(entry: Answered) -> Spend:
    return Spend(
        key=entry.key,
        name=entry.name,
        provider=entry.provider,
        base_model="",
        method="evaluation",
        at=entry.at,
        quote=Quote(tariff=Tariff(rehearsal=entry.rehearsal)),
        ended_at=entry.at,
        amount=entry.amount,
        state="unknown" if entry.amount is None else "billed",
        answers=entry.answers,
    )


def _after(spend: Spend, entry: Start | Commit | Release) -> Spend:
    match entry:
        case Start():
            return replace(spend, job_id=entry.job_id)
        case Commit():
            return replace(
                spend,
                job_id=entry.job_id,
                ended_at=entry.at,
                phase=entry.phase,
                billed_tokens=entry.trained_tokens,
                amount=entry.amount,
                exact=entry.exact,
                state="unknown" if entry.amount is None else "billed",
                why="",
            )
        case Release():
            failed = Phase.FAILED if entry.job_id else None
            return replace(spend, ended_at=entry.at, phase=failed, state="released", why=entry.why)
        case _:
            assert_never(entry)
