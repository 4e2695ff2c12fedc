"""What may refuse a plan before anything is spent. Pure: a plan's steps and the rules they are held to give notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from ftplan.core.plan import Gate, Note
from ftplan.core.spec import Address
from ftplan.errors import Place

# The rules that one run may be let past by name, with -allow.
PASSABLE = (
    "budget.max_total",
    "budget.max_per_model",
    "budget.max_per_month",
    "budget.unpriced",
    "changes.max_replaced",
    "changes.max_deleted",
    "min_lifetime_days",
)
MAX_COST, NO_SPEND, NO_DESTROY = "-max-cost", "-no-spend", "-no-destroy"


@dataclass(frozen=True, slots=True)
class Word:
    """What this run says about the gates: `max_cost` in USD in the place of the budget's total; `allowed` are the rules
    it is let past. `places` says where the project declares its bounds, by rule."""

    max_cost: Decimal | None = None
    no_spend: bool = False
    no_destroy: bool = False
    allowed: frozenset[str] = frozenset()
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one rule has against a plan. `what` is a sentence without its end, `advice` what else can be done; `flag`
    passes it where -allow is not meant to."""

    gate: Gate
    rule: str
    summary: str
    what: str
    figure: str
    limit: str
    blocks: tuple[Address, ...] = ()
    address: Address | None = None
    advice: str = ""
    flag: str = ""


def judged(refusals: Iterable[Refusal], word: Word, *, warn: bool = False) -> list[Note]:
    """The notes that `refusals` make: errors, or warnings where this run is let past the rule, or the owner only wants
    to be warned."""
    return [_judged(refusal, word, warn=warn) for refusal in refusals]


def _judged(refusal: Refusal, word: Word, *, warn: bool) -> Note:
    rule, let_past = refusal.rule, refusal.rule in word.allowed
    flag = refusal.flag or (f"-allow={rule}" if rule in PASSABLE else "")
    passing = f"To let this one run past it: {flag}" if flag else ""
    note = Note(
        "warning" if let_past or warn else "error",
        refusal.summary,
        f"{refusal.what}; {rule} allows {refusal.limit}.",
        address=refusal.address,
        gate=refusal.gate,
        advice=" ".join(part for part in (refusal.advice, passing) if part),
        place=word.places.get(rule),
        rule=rule,
        figure=refusal.figure,
        limit=refusal.limit,
        flag=flag,
        blocks=refusal.blocks,
    )
    if let_past:
        return replace(note, detail=f"{note.detail} This run is let past it by -allow={rule}.", advice="")
    return replace(note, advice=refusal.advice) if warn else note


def compared(figure: Decimal, limit: Decimal) -> tuple[str, str]:
    """Two amounts as a reader compares them: to the cent, or as far as it takes to tell them apart."""
    for digits in (2, 4, 6):
        shown = usd(figure, digits), usd(limit, digits)
        lost = any(amount and not round(amount, digits) for amount in (figure, limit))
        if shown[0] != shown[1] and not lost:
            return shown
    return f"${figure:f}", f"${limit:f}"


def usd(amount: Decimal, digits: int = 2) -> str:
    """An amount with so many digits behind the point."""
    return f"${amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,}"
