"""Where a model comes from and what became of it: everything that a state remembers of one id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ftplan.core.facts import Phase
from ftplan.core.handover import EvalRecord, Origin, TakenCheckpoint
from ftplan.core.money.spending import Spend, spend_of_job
from ftplan.core.records import FileRecord, JobRecord, State
from ftplan.core.spec import PARENT_PREFIX


@dataclass(frozen=True, slots=True)
class Standing:
    """A time at which an alias stood for a model: from `since` on, `until` it moved on, None while it does."""

    alias: str
    since: str
    until: str | None
    who: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What is known of the model called `name` with the job `job`. `retired` says that another job has taken its place;
    of such a one the `recipe` is not kept. `files` are by their role; it was trained on top of `parent`."""

    name: str
    model_id: str | None
    provider: str
    job: JobRecord
    fingerprint: str
    origin: Origin
    retired: bool = False
    adopted: bool = False
    recipe: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: TakenCheckpoint | None = None
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    spend: Spend | None = None
    evaluations: tuple[EvalRecord, ...] = ()
    standings: tuple[Standing, ...] = ()
    parent: Lineage | None = None


def lineage(state: State, asked: str) -> Lineage | None:
    """What is known of a model's or a job's id, a model's name or an alias, also as an address; None for a stranger."""
    alias = state.aliases.get(asked.removeprefix("alias."))
    if alias is not None:
        return _by_id(state, alias.now.model_id)
    name = asked.removeprefix(PARENT_PREFIX)
    return _current(state, name, state.models[name].output) if name in state.models else _by_id(state, asked)


def told_recipe(found: Lineage) -> dict[str, Any]:
    """What of a recipe may be shown to others: the account names a host, and a grader's prompts and code are nobody's
    business but the provider's."""
    return {name: value for name, value in found.recipe.items() if name not in ("account", "grader")}


def known_words(state: State) -> list[str]:
    """Everything that may be asked for."""
    ids = [id for record in state.models.values() for id in (record.output, record.job.id) if id]
    return [*state.aliases, *state.models, *ids]


def _by_id(state: State, id: str) -> Lineage | None:
    for record in state.models.values():
        if _means(record.job, id) or id == record.output:
            return _current(state, record.name, record.output if id == record.job.id else id)
        for old in record.former:
            if _means(old.job, id):
                own = old.job.fine_tuned_model if id == old.job.id else id
                return _lineage(state, record.name, record.provider, own, old.job, old.fingerprint, old.origin)
    return _by_target(state, id)


def _by_target(state: State, id: str) -> Lineage | None:
    """What an alias knows of a model that is managed no more."""
    for alias in state.aliases.values():
        for target in (alias.now, *alias.former, *alias.history):
            if id in (target.model_id, target.job_id):
                job = JobRecord(target.job_id, Phase.SUCCEEDED, fine_tuned_model=target.model_id)
                return _lineage(
                    state, target.model, target.provider, target.model_id, job, target.fingerprint, Origin()
                )
    return None


def _means(job: JobRecord, id: str) -> bool:
    """Whether an id is that of a job, of its model, or of a checkpoint of it, which goes by the model's and more."""
    model = job.fine_tuned_model
    return id == job.id or (model is not None and (id == model or id.startswith(f"{model}:")))


def _current(state: State, name: str, model_id: str | None, above: frozenset[str] = frozenset()) -> Lineage:
    record = state.models[name]
    made = _lineage(state, name, record.provider, model_id, record.job, record.fingerprint, record.origin)
    taken = record.taken
    roles = {role: record.recipe.get(role) for role in ("training", "validation")}
    files = {role: state.files.get((record.provider, str(content))) for role, content in roles.items() if content}
    parent, way = (record.parent or "").removeprefix(PARENT_PREFIX), above | {name}
    return replace(
        made,
        retired=False,
        adopted=record.adopted,
        recipe=record.recipe,
        checkpoint=taken if taken is not None and taken.model_id == model_id else None,
        files={role: file for role, file in files.items() if file is not None},
        # A state that was put together by hand may hold a ring, which nothing else ever makes.
        parent=_current(state, parent, state.models[parent].job.fine_tuned_model, way)
        if parent in state.models and parent not in way
        else None,
    )


def _lineage(
    state: State, name: str, provider: str, model_id: str | None, job: JobRecord, fingerprint: str, origin: Origin
) -> Lineage:
    """The lineage of a job that another one may have taken the place of."""
    return Lineage(
        name=name,
        model_id=model_id,
        provider=provider,
        job=job,
        fingerprint=fingerprint,
        origin=origin,
        retired=True,
        spend=spend_of_job(state, provider, job.id),
        evaluations=tuple(one for one in state.evaluations.values() if one.model_id == model_id),
        standings=tuple(_standings(state, model_id)),
    )


def _standings(state: State, model_id: str | None) -> Iterator[Standing]:
    for alias in state.aliases.values():
        targets = [*alias.history, alias.now]
        for at, target in enumerate(targets):
            if target.model_id == model_id:
                until = targets[at + 1].since if at + 1 < len(targets) else None
                yield Standing(alias.name, target.since, until, target.who)
