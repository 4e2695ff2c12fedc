"""What happens to the names that models go by: they move to the model they are declared for, once it is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ftplan.core.deciding.case import model_now, phase_now
from ftplan.core.deciding.decide import Outcome
from ftplan.core.deciding.scope import Scope
from ftplan.core.desired import Desired
from ftplan.core.evaluating import EVAL_PREFIX, AliasSpec
from ftplan.core.facts import Observation, Phase
from ftplan.core.handover import AliasRecord, Target
from ftplan.core.money.cost import summed
from ftplan.core.plan import Note, Unchanged
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address, Project
from ftplan.core.steps import Adopt, Await, Delete, Forget, Promote, Reason, Take, Train

Outcomes = Mapping[Address, Sequence[Outcome]]


def decide_aliases(
    desired: Desired, state: State, seen: Observation, outcomes: Outcomes, scope: Scope
) -> dict[Address, list[Outcome]]:
    """What happens to each alias that is declared or remembered, `outcomes` being those of the models."""
    decided: dict[Address, list[Outcome]] = {}
    for name in sorted({*desired.project.aliases, *state.aliases}):
        address, spec = Address("alias", name), desired.project.aliases.get(name)
        if not scope.covers(address):
            continue
        if spec is None:
            decided[address] = [Forget(address, Reason.UNDECLARED, state.aliases[name].now.model_id)]
        else:
            decided[address] = _declared(spec, desired, state, seen, outcomes)
    return decided


def forget_aliases(state: State, scope: Scope) -> dict[Address, list[Outcome]]:
    """What happens to the aliases when everything is destroyed."""
    addresses = [Address("alias", name) for name in sorted(state.aliases)]
    return {
        address: [Forget(address, Reason.REQUESTED, state.aliases[address.name].now.model_id)]
        for address in addresses
        if scope.covers(address)
    }


def in_use_notes(project: Project, state: State, outcomes: Outcomes) -> list[Note]:
    """The refusals to delete a model that an alias goes on standing for: applications would ask for what is gone. Where
    an alias could go back to it, that is told."""
    notes = []
    for name, alias in sorted(state.aliases.items()):
        kinds = {type(item) for item in outcomes.get(Address("alias", name), ())}
        for address, step in _deletions(outcomes):
            if stands_for(alias.now, step) and not kinds & {Forget, Promote}:
                notes.append(_in_use(project, name, address))
            elif Forget not in kinds and any(stands_for(target, step) for target in (*alias.former, alias.now)):
                notes.append(_nowhere_back(project, name, address))
    return notes


def _deletions(outcomes: Outcomes) -> list[tuple[Address, Delete]]:
    return [(address, item) for address, items in outcomes.items() for item in items if isinstance(item, Delete)]


def stands_for(target: Target, step: Delete) -> bool:
    """Whether `target` is what `step` deletes, or a checkpoint of it, which goes with it."""
    return target.model_id == step.model_id or (step.job_id is not None and target.job_id == step.job_id)


def promotion(
    spec: AliasSpec, record: ModelRecord | None, model_id: str | None, provider: str, state: State
) -> Promote:
    """The step that lets an alias stand for its model; `model_id` is None where only the apply can tell."""
    alias = state.aliases.get(spec.name)
    return Promote(
        address=Address("alias", spec.name),
        provider=provider,
        model=Address("model", spec.model),
        requires=spec.requires,
        reason=Reason.NEW if alias is None else Reason.CHANGED,
        model_id=model_id,
        job_id=record.job.id if record is not None and model_id is not None else None,
        former_id=alias.now.model_id if alias is not None else None,
    )


def left_by_rollbacks(alias: AliasRecord) -> set[str]:
    """The ids of what was left by the rollbacks since the last promotion: what an alias stood for and goes back to no
    more."""
    if alias.rolled_back is None:
        return set()
    back = {target.model_id for target in (*alias.former, alias.now)}
    return {alias.rolled_back, *(target.model_id for target in alias.history)} - back


def in_use(alias: str, state: State, seen: Observation) -> Target | None:
    """What the alias of this name stands for, as far as its provider still has it."""
    record = state.aliases.get(alias)
    if record is None:
        return None
    model = state.models.get(record.now.model)
    # What a model gives now was looked for under its own address.
    is_own = model is not None and model.job.fine_tuned_model == record.now.model_id
    asked = Address("model", record.now.model) if is_own else Address("alias", alias)
    return None if asked in seen.models and seen.models[asked] is None else record.now


def output_now(record: ModelRecord, seen: Observation) -> str | None:
    """The id to use a model by as far as it is known: None while it trains, and where it is gone."""
    known = model_now(record, seen)
    if known is None or phase_now(record, seen) not in (Phase.SUCCEEDED, None):
        return None
    return record.taken.model_id if record.taken is not None else known


def _declared(spec: AliasSpec, desired: Desired, state: State, seen: Observation, outcomes: Outcomes) -> list[Outcome]:
    model, alias = Address("model", spec.model), state.aliases.get(spec.name)
    record, provider = state.models.get(spec.model), desired.project.models[spec.model].provider
    if any(_gives_another(item) for item in outcomes.get(model, ())):
        return [_prepared(promotion(spec, record, None, provider, state), desired)]
    known = output_now(record, seen) if record is not None else None
    if record is None or known is None:
        return [*_kept(spec, alias, provider), _waits(spec), *_gone(spec, alias, seen, None)]
    if alias is not None and alias.now.model_id == known:
        return _kept(spec, alias, provider)
    if alias is not None and known in left_by_rollbacks(alias):
        return [*_kept(spec, alias, provider), _rolled_back(spec, alias, known), *_gone(spec, alias, seen, known)]
    step = _prepared(promotion(spec, record, known, provider, state), desired)
    refused = _refused_before(spec, state, known)
    return [step, *refused, *_gone(spec, alias, seen, None if refused else known)]


def _gives_another(item: Outcome) -> bool:
    """Whether a step may give its model another id than it has now."""
    return isinstance(item, (Train, Adopt, Await, Take))


def _prepared(step: Promote, desired: Desired) -> Promote:
    """`step` with what its evaluations are estimated to cost, and what decides them."""
    known = {name: desired.evaluations.get((name, step.model.name)) for name in step.requires}
    there = {name: one for name, one in known.items() if one is not None}
    estimates = [one.estimate for one in there.values() if one.estimate is not None]
    return replace(step, estimate=summed(estimates), decided_by={name: one.decided_by for name, one in there.items()})


def _kept(spec: AliasSpec, alias: AliasRecord | None, provider: str) -> list[Outcome]:
    if alias is None:
        return []
    return [Unchanged(Address("alias", spec.name), provider, alias.now.model_id)]


def _waits(spec: AliasSpec) -> Note:
    detail = f"alias.{spec.name} is moved once model.{spec.model} has a model."
    return Note("info", "Alias waits for its model", detail, address=Address("alias", spec.name), place=spec.place)


def _gone(spec: AliasSpec, alias: AliasRecord | None, seen: Observation, known: str | None) -> list[Outcome]:
    """What is to be known of a model in use that its provider has no more: applications ask for it in vain. `known` is
    what the alias may be promoted to, None for nothing."""
    address = Address("alias", spec.name)
    if alias is None or address not in seen.models or seen.models[address] is not None:
        return []
    detail = f"{address} stands for {alias.now.model_id}, which {alias.now.provider} no longer has."
    verb = "promote" if known is not None else "rollback" if alias.former else ""
    vain = "Applications ask for it in vain."
    note = Note("warning", "Model in use is gone", detail, address=address, place=spec.place)
    if not verb:
        return [replace(note, advice=f"{vain} Nothing is there yet that could take its place.")]
    return [replace(note, advice=f"{vain} Let it stand for another model:", command=f"ftplan {verb} {spec.name}")]


def _rolled_back(spec: AliasSpec, alias: AliasRecord, known: str) -> Note:
    return Note(
        "info",
        "Alias was rolled back",
        f"alias.{spec.name} stays at {alias.now.model_id}: it was taken off {known}, the output of "
        f"model.{spec.model}, by a rollback. A model that is trained anew is promoted as usual.",
        address=Address("alias", spec.name),
        advice="To let it stand for that model again:",
        command=f"ftplan promote {spec.name}",
    )


def _refused_before(spec: AliasSpec, state: State, known: str) -> list[Outcome]:
    """What is remembered of a promotion that was refused: the same answers are refused again, at no cost."""
    found = [state.evaluations.get((name, known)) for name in spec.requires]
    refused = [record for record in found if record is not None and not record.passed]
    return [
        Note(
            "warning",
            "An evaluation said no",
            f"{EVAL_PREFIX}{record.name} of {known} on {record.at[:10]}: {'; '.join(record.said)}.",
            address=Address("alias", spec.name),
            advice="Until its rows, its thresholds or the model change, it says so again.",
        )
        for record in refused
    ]


def _nowhere_back(project: Project, alias: str, address: Address) -> Note:
    where = project.aliases[alias].place if alias in project.aliases else None
    detail = f"{address} is deleted at its provider: a rollback of alias.{alias} cannot go back to it any more."
    advice = "To keep it, apply it with `on_removed: forget` before it is taken out."
    return Note("warning", "No way back", detail, address=address, place=where, advice=advice)


def _in_use(project: Project, alias: str, address: Address) -> Note:
    where = project.aliases[alias].place if alias in project.aliases else None
    return Note(
        "error",
        "Model in use",
        f"{address} would be deleted at its provider, and alias.{alias} stands for it.",
        address=address,
        gate="protect",
        advice=f"Let alias.{alias} stand for another model first, or take it out of the configuration as well.",
        place=where,
        rule="alias in use",
        figure="to be taken away",
        limit="nothing that an alias stands for",
        blocks=(address,),
    )
