"""The gates about time: how long each base model stays on, and whether a training on it is worth its price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.facts import Observation
from ftplan.core.gates.refusal import Refusal, Word, judged
from ftplan.core.plan import BaseLife, Note
from ftplan.core.spec import Address
from ftplan.core.steps import Step, Train

WARN_DAYS = 90
RULE = "min_lifetime_days"
ELSEWHERE = (
    "Keep the dataset and the YAML, and name another base model or another provider; what was trained before goes on "
    "until its base is switched off. `ftplan check` names bases that can take over."
)


def lives(desired: Desired, seen: Observation, today: date, steps: Iterable[Step] = ()) -> tuple[BaseLife, ...]:
    """How long each declared base model stays on, shortest life first, and what each training of `steps` on it costs a
    day of that. What the provider says wins over the catalog. A base that the catalog does not know is told of where
    there is anything to tell."""
    wanted = {_root(model, desired): model for model in desired.models}
    daily = _daily(desired, steps)
    found = [
        _life(key, model.base, desired.catalogs[model.spec.provider], seen, today, daily.get(key, {}))
        for key, model in wanted.items()
    ]
    told = [life for life, model in zip(found, wanted.values(), strict=True) if model.base or life.last_training]
    return tuple(sorted(told, key=lambda life: (life.days is None, life.days or 0, life.base_model)))


def _root(model: DesiredModel, desired: Desired) -> tuple[str, str]:
    """The provider of a model and the id of the base at the root of its chain."""
    if model.base is not None:
        return model.spec.provider, model.base.id
    parent = desired.model(model.parent.name) if model.parent else None
    return _root(parent, desired) if parent else (model.spec.provider, model.base_model)


def _daily(desired: Desired, steps: Iterable[Step]) -> dict[tuple[str, str], dict[str, Decimal]]:
    """The price of each training that has one, by provider and base and by address."""
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for step, model in _trained(desired, steps):
        if step.estimate.high is not None:
            found.setdefault(_root(model, desired), {})[str(step.address)] = step.estimate.high
    return found


def _trained(desired: Desired, steps: Iterable[Step]) -> Iterator[tuple[Train, DesiredModel]]:
    models = {model.address: model for model in desired.models}
    for step in steps:
        if isinstance(step, Train) and step.address in models:
            yield step, models[step.address]


def _life(
    key: tuple[str, str],
    base: BaseModel | None,
    catalog: Catalog,
    seen: Observation,
    today: date,
    prices: Mapping[str, Decimal],
) -> BaseLife:
    remote = seen.bases.get(key)
    shutdown = remote.shutdown if remote and remote.shutdown else (base.shutdown if base else None)
    ends = min((day for day in (catalog.jobs_end, base.jobs_end if base else None, shutdown) if day), default=None)
    days = (shutdown - today).days if shutdown else None
    return BaseLife(
        provider=key[0],
        base_model=key[1],
        shutdown=shutdown.isoformat() if shutdown else None,
        days=days,
        last_training=ends.isoformat() if ends else None,
        days_to_train=(ends - today).days if ends else None,
        cost_per_day={address: price / days for address, price in prices.items()} if days and days > 0 else {},
    )


def ended_notes(desired: Desired, today: date) -> list[Note]:
    """A warning for each declared model whose base takes no new jobs, as far as catalogs know: told before anything is
    planned, let alone uploaded. A rehearsal outlives its service."""
    by_base = {(life.provider, life.base_model): life for life in lives(desired, Observation(), today)}
    notes = []
    for model in desired.models:
        life, catalog = by_base.get(_root(model, desired)), desired.catalogs[model.spec.provider]
        if life is not None and _takes_no_jobs(life) and not catalog.rehearsal:
            ended = _ended(model.address, life, catalog)
            notes.append(replace(ended, severity="warning", gate=None, place=model.spec.place_of("base_model")))
    return notes


def lifetime_notes(steps: Iterable[Step], known: Iterable[BaseLife], desired: Desired, word: Word) -> list[Note]:
    """A refusal for each training on a base that takes no more jobs, or ends before the project wants it to; else a
    warning where it is soon gone."""
    by_base = {(life.provider, life.base_model): life for life in known}
    notes: list[Note] = []
    for step, model in _trained(desired, steps):
        life = by_base.get(_root(model, desired))
        if life is not None:
            catalog = desired.catalogs[life.provider]
            judged_so = _judged(step.address, life, catalog, desired.project.min_lifetime_days, word)
            notes += [replace(note, place=note.place or model.spec.place_of("base_model")) for note in judged_so]
    return notes


def _judged(address: Address, life: BaseLife, catalog: Catalog, least: int | None, word: Word) -> list[Note]:
    if _takes_no_jobs(life):
        return [_ended(address, life, catalog)]
    if least is not None and life.days is not None and life.days < least:
        figure = f"{life.days} days"
        what = f"{life.base_model} and every model tuned on it are switched off on {life.shutdown}, in {figure}"
        refusal = Refusal(
            "lifetime",
            RULE,
            "Too short a life",
            what,
            figure,
            f"no fewer than {least} days",
            (address,),
            address,
            "Name a base that stays on for longer, or ask for fewer days.",
        )
        return judged([refusal], word, warn=catalog.rehearsal)
    if least is None and life.days is not None and life.days <= WARN_DAYS and not catalog.rehearsal:
        return [_short_life(address, life)]
    return []


def _takes_no_jobs(life: BaseLife) -> bool:
    return life.days_to_train is not None and life.days_to_train <= 0


def _ended(address: Address, life: BaseLife, catalog: Catalog) -> Note:
    """A refusal, but in a rehearsal."""
    return Note(
        "warning" if catalog.rehearsal else "error",
        "Training has ended",
        f"{catalog.title} takes no new jobs on {life.base_model} since {life.last_training}.",
        address=address,
        gate=None if catalog.rehearsal else "lifetime",
        advice=ELSEWHERE,
        rule="lifetime",
        figure=f"ended {life.last_training}",
        limit="bases that take new jobs",
        blocks=(address,),
    )


def _short_life(address: Address, life: BaseLife) -> Note:
    return Note(
        "warning",
        "Short life",
        f"{life.base_model} and every model tuned on it are switched off on {life.shutdown}, "
        f"{life.days} days from now; new jobs are taken until {life.last_training}.",
        address=address,
        advice="Keep the dataset and the YAML: another provider can train the same recipe. Where that is too short a "
        f"life, {RULE} in the YAML refuses it.",
    )
