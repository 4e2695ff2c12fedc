"""Which tuned models end with their base before long, and on which bases the same data could be trained instead."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from ftplan.core.bases import account_of, base_named, root_of
from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.desired import account_type
from ftplan.core.facts import Phase, RemoteModel
from ftplan.core.handover import AliasRecord
from ftplan.core.money.spending import spend_of_job
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address, Project

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Successor:
    """A base that takes the same method and stays on for longer. `cost` is what the tokens that were billed before
    would cost there, in USD, `exact` where it is the same model and counts them alike; None for what is not known.
    `built_in` says whether ftplan can train there.
    """

    type: str
    title: str
    base_model: str
    cost: Decimal | None
    exact: bool
    until: date | None = None
    input_per_million: Decimal | None = None
    output_per_million: Decimal | None = None
    hosting_per_hour: Decimal | None = None
    as_of: str = ""
    built_in: bool = False


@dataclass(frozen=True, slots=True)
class Aging:
    """One live model and the end of its base. `told_by` is the provider or the catalog; `tokens` are the training
    tokens its job was billed for. `jobs_end` is the first day without new jobs on its base."""

    address: Address
    provider: str
    model_id: str
    base_model: str
    title: str
    shutdown: date
    days: int
    told_by: str
    jobs_end: date | None = None
    days_to_train: int | None = None
    method: str = "supervised"
    tokens: int | None = None
    rehearsal: bool = False
    successors: tuple[Successor, ...] = ()


@dataclass(frozen=True, slots=True)
class Live:
    """A model that something may depend on: one that answers, or whose job still runs, at its own address; or one whose
    place was taken by another job, at that of the alias that stands for it. `account` is where it was trained, empty
    where that is not known, `base` the model at the root of its chain, `tokens` what its job was billed for."""

    address: Address
    provider: str
    account: str
    model_id: str
    base: str
    method: str = "supervised"
    tokens: int | None = None


def live_models(state: State) -> tuple[Live, ...]:
    """Every model that something may depend on, by address; each once."""
    lasting = (Phase.FAILED, Phase.CANCELLED)
    records = [record for _, record in sorted(state.models.items()) if record.job.phase not in lasting]
    told = {(record.provider, record.job.id) for record in records}
    stood_for = []
    for _, alias in sorted(state.aliases.items()):
        key = (alias.now.provider, alias.now.job_id)
        if key not in told:
            told.add(key)
            stood_for.append(_stood_for(alias, state))
    return (*(_remembered(record, state) for record in records), *stood_for)


def _remembered(record: ModelRecord, state: State) -> Live:
    return Live(
        address=Address("model", record.name),
        provider=record.provider,
        account=record.recipe.get("account", ""),
        model_id=record.output or "",
        base=root_of(record, state),
        method=str(record.recipe.get("method", "supervised")),
        tokens=record.job.trained_tokens,
    )


def _stood_for(alias: AliasRecord, state: State) -> Live:
    """What an alias stands for although its model has another job by now, or is not remembered any more."""
    target = alias.now
    record = state.models.get(target.model)
    jobs = [record.job, *(former.job for former in record.former)] if record is not None else []
    job = next((one for one in jobs if one.id == target.job_id), None)
    spend = spend_of_job(state, target.provider, target.job_id)
    return Live(
        address=Address("alias", alias.name),
        provider=target.provider,
        account=account_of(target, state),
        model_id=target.model_id,
        base=base_named((job.base_model if job is not None else None) or target.model_id),
        method=spend.method if spend is not None and spend.method else "supervised",
        tokens=job.trained_tokens if job is not None else None,
    )


def service_of(live: Live, project: Project) -> str:
    """The type of the service a model was trained at, also where its provider's name means another one by now."""
    declared = project.providers.get(live.provider)
    return account_type(live.account) or (declared.type if declared else "")


def aging(live: Live, catalog: Catalog | None, answers: Iterable[RemoteModel | None], today: date) -> Aging | None:
    """When `live` ends: what the provider answered of the model or its base wins over the catalog. None where nobody
    knows a day."""
    base = catalog.base(live.base) if catalog else None
    told = min((answer.shutdown for answer in answers if answer is not None and answer.shutdown), default=None)
    shutdown = told or (base.shutdown if base else None)
    if shutdown is None:
        return None
    ends = min(
        (day for day in (catalog.jobs_end if catalog else None, base.jobs_end if base else None) if day), default=None
    )
    return Aging(
        address=live.address,
        provider=live.provider,
        model_id=live.model_id,
        base_model=catalog.canonical(live.base) if catalog else live.base,
        title=catalog.title if catalog else live.provider,
        shutdown=shutdown,
        days=(shutdown - today).days,
        told_by="provider" if told else "catalog",
        jobs_end=ends,
        days_to_train=(ends - today).days if ends else None,
        method=live.method,
        tokens=live.tokens,
        rehearsal=catalog.rehearsal if catalog else False,
    )


def successors(
    old: Aging, catalogs: Iterable[Catalog], today: date, margin_days: int, built_in: Container[str] = ()
) -> tuple[Successor, ...]:
    """The bases of every service that take new jobs of the same method and stay on `margin_days` longer than the old
    one, cheapest first; those without a known price behind, the same model elsewhere before others. `built_in` are the
    types that ftplan can train at."""
    later = max(old.shutdown, today) + timedelta(days=margin_days)
    found = [
        _successor(old, catalog, base, catalog.type in built_in)
        for catalog in catalogs
        if not catalog.rehearsal and _is_after(catalog.jobs_end, today)
        for base in catalog.models.values()
        if old.method in base.methods and _is_after(base.shutdown, later) and _is_after(base.jobs_end, today)
    ]
    return tuple(
        sorted(found, key=lambda one: (one.cost is None, one.cost or 0, not one.exact, one.title, one.base_model))
    )


def _is_after(day: date | None, other: date) -> bool:
    """Whether `day` comes later; one that nobody has announced does."""
    return day is None or day > other


def _successor(old: Aging, catalog: Catalog, base: BaseModel, built_in: bool) -> Successor:
    price = base.train_per_million
    return Successor(
        type=catalog.type,
        title=catalog.title,
        base_model=base.id,
        cost=None if price is None or old.tokens is None else old.tokens * price / _MILLION,
        exact=base.id == old.base_model,
        until=base.shutdown,
        input_per_million=base.input_per_million,
        output_per_million=base.output_per_million,
        hosting_per_hour=base.hosting_per_hour,
        as_of=catalog.priced_as_of(base.id),
        built_in=built_in,
    )
