"""What asking models costs: estimated before, and worked out from the answers' own tokens after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.comparing.questions import Answer
from ftplan.core.steps import Estimate, Reckoning

_MILLION = Decimal(1_000_000)
# Nothing bounds an answer where no bound is sent; this is a guess at the most that one comes to.
SPARE_TOKENS, SPARE_FACTOR = 256, 2
BOUNDS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per million tokens; None where that is not known, which is never free. `cached` is what of the input was
    read before."""

    prompt: Decimal | None = None
    cached: Decimal | None = None
    completion: Decimal | None = None


def rates_of(base: BaseModel | None) -> Rates:
    """What answers of a model cost that was tuned on `base`. Those of the base itself cost no more."""
    if base is None:
        return Rates()
    return Rates(base.input_per_million, base.cached_input_per_million, base.output_per_million)


def asking_estimate(
    tokens: Sequence[tuple[int, int]],
    base: BaseModel | None,
    catalog: Catalog,
    parameters: Mapping[str, Any],
    provider: str,
) -> Estimate:
    """What it costs to ask one model questions of so many `tokens` with wanted answers of so many, as far as none is
    answered already: with answers as long as those that are wanted, and with the longest ones."""
    rates = rates_of(base)
    asked, wanted = sum(one for one, _ in tokens), sum(one for _, one in tokens)
    most = sum(longest_answer(one, parameters) for _, one in tokens)
    known = catalog.price_origin(base.id) if base is not None and rates.prompt is not None else "no price known"
    return Estimate(
        tokens=asked + wanted,
        low=_priced(rates, asked, wanted),
        high=_priced(rates, asked, max(wanted, most)),
        epochs=None,
        basis=f"{len(tokens):,} answers of {base.id if base else 'a model'}; {known}",
        answers=len(tokens),
        providers=(provider,),
        reckoning=Reckoning(rows=len(tokens), as_of=catalog.priced_as_of(base.id if base else "")),
    )


def asking_cost(answers: Iterable[Answer], base: BaseModel | None) -> Decimal | None:
    """What `answers` of one model came to, by their own tokens; None where no price or no count is known."""
    rates, total = rates_of(base), Decimal(0)
    for answer in answers:
        if answer.prompt_tokens is None or answer.completion_tokens is None:
            return None
        cached = min(answer.cached_tokens or 0, answer.prompt_tokens) if rates.cached is not None else 0
        amount = _priced(rates, answer.prompt_tokens - cached, answer.completion_tokens)
        if amount is None:
            return None
        total += amount + Decimal(cached) * (rates.cached or Decimal(0)) / _MILLION
    return total


def _priced(rates: Rates, prompt: int, completion: int) -> Decimal | None:
    if rates.prompt is None or rates.completion is None:
        return None
    return (prompt * rates.prompt + completion * rates.completion) / _MILLION


def longest_answer(wanted: int, parameters: Mapping[str, Any]) -> int:
    """The most tokens of an answer where so many are wanted: as the parameters bound it, else a guess."""
    bounds = [parameters[name] for name in BOUNDS if isinstance(parameters.get(name), int)]
    return min(bounds) if bounds else wanted * SPARE_FACTOR + SPARE_TOKENS
