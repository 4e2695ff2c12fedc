"""What is known of a provider without asking it: its base models, with their prices, limits and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ftplan.core.facts import Encoding
from ftplan.core.spec import MethodKind


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts of a catalog were read, and when. `note` says what is to be known of them."""

    url: str
    read: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model a provider can tune. Prices in USD; `None` means not known, never free. `images` says whether images
    are documented for its training data. `encoding` is empty where none of ours is known to be its own.

    What is trained by the hour takes `train_hours`, from the fewest to the most, for the reason that `hours_basis`
    gives. Inference prices are those of the tuned model; `hosting_per_hour` is paid where it needs a deployment. From
    `jobs_end` on no new jobs are taken on it; on `shutdown` it and all that was tuned on it are switched off.
    `price_origin` is the place where the price of its training was overridden, `sources` are by groups of facts.
    """

    id: str
    methods: tuple[MethodKind, ...]
    encoding: Encoding = "o200k_base"
    train_per_million: Decimal | None = None
    train_per_hour: Decimal | None = None
    shutdown: date | None = None
    max_example_tokens: int | None = None
    images: bool | None = None
    train_hours: tuple[Decimal, Decimal] | None = None
    hours_basis: str = ""
    jobs_end: date | None = None
    input_per_million: Decimal | None = None
    cached_input_per_million: Decimal | None = None
    output_per_million: Decimal | None = None
    hosting_per_hour: Decimal | None = None
    price_origin: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is known of a provider without asking it: a dated, sourced table.

    From `jobs_end` on, the provider takes no new jobs.
    `rehearsal` marks an emulator: prices are those of the service it stands for, and nothing is billed.
    `hosts` are the provider's own, to which a key may be sent; `list_lag_seconds` is how long a list may lag
    behind a create. `sources` are by groups of facts: prices, dates, methods, limits; `overridden` says of each key
    that was given another value where that stands.
    """

    type: str
    title: str
    models: Mapping[str, BaseModel] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    prices_as_of: str = ""
    prices_source: str = ""
    jobs_end: date | None = None
    hosts: tuple[str, ...] = ()
    default_key_env: str | None = None
    list_lag_seconds: float = 60.0
    poll_seconds: float = 10.0
    max_graded_rows: int | None = None
    max_graded_validation_rows: int | None = None
    max_image_rows: int | None = None
    max_file_bytes: int | None = None
    min_rows: int = 10
    rehearsal: bool = False
    sources: Mapping[str, Source] = field(default_factory=dict)
    overridden: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, model: str) -> str:
        """The snapshot that `model` means; the word itself where the catalog knows no better."""
        return self.aliases.get(model, model)

    def price_origin(self, model: str) -> str:
        """Who names the price of `model`: the provider's own list, or the place where it was overridden."""
        known = self.models.get(model)
        return (known.price_origin if known else "") or self.title

    def priced_as_of(self, model: str) -> str:
        """The month of the price of `model`; empty where its owner named another and no day for it."""
        known = self.models.get(model)
        if known is not None and "prices" in known.sources:
            return f"{known.sources['prices'].read:%Y-%m}"
        owners = known is not None and known.price_origin and "sources" not in self.overridden
        return "" if owners else self.prices_as_of

    def source(self, group: str, model: str = "") -> Source | None:
        """Where a group of facts was read: the model's own source where it has one."""
        known = self.models.get(model)
        return (known.sources.get(group) if known else None) or self.sources.get(group)

    def base(self, model: str) -> BaseModel | None:
        """What is known of `model`: a snapshot, an alias, or an `ft:` id, which is priced as its base."""
        if model.startswith("ft:"):
            model = model.split(":")[1]
        return self.models.get(self.canonical(model))
