"""The lines of the spend ledger: what was reserved for a paid call, what it was billed at, what was given back."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ftplan.core.facts import Phase


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a service took when a call was made, in USD; None means not known, never free. `as_of` is the month the
    prices were taken in. At a `rehearsal` nothing is billed, whatever they say."""

    per_million: Decimal | None = None
    per_hour: Decimal | None = None
    as_of: str = ""
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What a paid call was expected to cost when it was made. `counted_tokens` are the training tokens over all epochs
    as counted, `tokens` what was expected to be billed after what earlier bills say; None where nothing was counted.
    `capped` says that rows were reckoned to be cut at the service's limit."""

    base_model: str = ""
    tokens: int | None = None
    counted_tokens: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    exact_epochs: bool = False
    capped: bool = False
    tariff: Tariff = field(default_factory=Tariff)


@dataclass(frozen=True, slots=True)
class Reserve:
    """A paid call may be made, and this is what it may cost. The last one of a key counts until a job is known.
    `adopted` marks a call that was made before this state knew of it."""

    key: str
    name: str
    provider: str
    method: str
    at: str
    quote: Quote = field(default_factory=Quote)
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """The call that was reserved for made this job."""

    key: str
    job_id: str
    at: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A job has ended, and this is its bill. `amount` None: nobody says. Not `exact` where it is made of the time
    between the job's creation and its end, which holds the queue. `phase` is how the job ended, as far as known."""

    key: str
    job_id: str
    at: str
    trained_tokens: int | None = None
    amount: Decimal | None = None
    exact: bool = True
    phase: Phase = Phase.UNKNOWN


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing is billed for the call after all; `job_id` where it had made a job."""

    key: str
    at: str
    why: str
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Models of a provider were asked on behalf of an evaluation of a model, both by their names, and so many answers
    came. Each is billed as it comes, so nothing was reserved for them. `amount` None: nobody says at what price."""

    key: str
    name: str
    model: str
    provider: str
    at: str
    answers: int
    amount: Decimal | None = None
    rehearsal: bool = False


SpendEntry = Reserve | Start | Commit | Release | Answered
