"""What the providers say of how long their models stay on, by reads alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ftplan.core.facts import RemoteModel
from ftplan.core.gates.aging import Live
from ftplan.core.ports import ProviderReader
from ftplan.core.spec import Address
from ftplan.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Lifespans:
    """The answers about each live model and its base, by its address; and why a provider could not be asked."""

    answers: Mapping[Address, tuple[RemoteModel, ...]] = field(default_factory=dict)
    silent: Mapping[str, ProviderError] = field(default_factory=dict)


def ask_lifespans(live: Iterable[Live], readers: Mapping[str, ProviderReader]) -> Lifespans:
    """What the providers say of `live`. One that does not answer is asked no more, and what is known without it has to
    do: a nightly look must not fail for want of a date that a catalog has."""
    answers: dict[Address, tuple[RemoteModel, ...]] = {}
    silent: dict[str, ProviderError] = {}
    known: dict[tuple[str, str], RemoteModel | None] = {}
    for one in live:
        provider = one.provider
        asked = [(provider, model) for model in (one.model_id, one.base) if model and provider in readers]
        for key in asked:
            if key not in known and provider not in silent:
                known[key] = _ask(readers[provider], key, silent)
        answers[one.address] = tuple(answer for key in asked if (answer := known.get(key)) is not None)
    return Lifespans(answers, silent)


def _ask(reader: ProviderReader, key: tuple[str, str], silent: dict[str, ProviderError]) -> RemoteModel | None:
    provider, model = key
    try:
        return reader.get_model(model)
    except ProviderError as error:
        silent[provider] = error
        return None
