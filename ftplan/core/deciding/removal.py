"""What happens to what is remembered and no longer wanted: the last lines of the decision table, and destroy."""

from __future__ import annotations

from collections.abc import Mapping

from ftplan.core.deciding.case import model_now, phase_now, runs
from ftplan.core.deciding.decide import Outcome
from ftplan.core.deciding.scope import Scope
from ftplan.core.desired import is_at
from ftplan.core.facts import Observation
from ftplan.core.plan import Note
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address, Project
from ftplan.core.steps import Adopt, Cancel, Delete, Forget, Reason, Train


def decide_undeclared(project: Project, state: State, seen: Observation, scope: Scope) -> dict[Address, list[Outcome]]:
    """What happens to each model that is remembered and no longer declared."""
    names = sorted(set(state.models) - set(project.models))
    addresses = [Address("model", name) for name in names if scope.covers(Address("model", name))]
    return {address: [_undeclared(project, state.models[address.name], seen)] for address in addresses}


def decide_destroy(project: Project, state: State, seen: Observation, scope: Scope) -> dict[Address, list[Outcome]]:
    """The steps that take away everything remembered: models first, then the files they were trained on. A model
    that is still declared is protected by what is declared now, any other by what is remembered."""
    outcomes: dict[Address, list[Outcome]] = {}
    for name in sorted(state.models):
        record = state.models[name]
        address = Address("model", name)
        if not scope.covers(address):
            continue
        lifecycle = project.models[name].lifecycle if name in project.models else record.lifecycle
        if lifecycle.prevent_destroy:
            outcomes[address] = [_protected(address, "would be destroyed")]
        else:
            outcomes[address] = [_deletion(project, record, seen, Reason.REQUESTED)]
    for key in sorted(state.files):
        file = state.files[key]
        addresses = [Address("dataset", name) for name in file.datasets or (file.filename,)]
        if all(scope.covers(address) for address in addresses):
            address, contents = addresses[0], file.content_sha256
            step = Delete(address, file.provider, Reason.REQUESTED, file_id=file.id, content_sha256=contents)
            known = is_at(project, file.provider, file.account)
            outcomes.setdefault(address, []).append(step if known else _out_of_reach(address, file.provider))
    return outcomes


def spared(outcomes: Mapping[Address, list[Outcome]], state: State) -> dict[Address, list[Outcome]]:
    """`outcomes` without the end of any job that another model has or takes over: two names may share one job.
    Its cancellation falls away, and its deletion becomes a Forget."""
    users = _users(outcomes, state)
    return {address: [kept for item in items for kept in _spared(item, users)] for address, items in outcomes.items()}


def _users(outcomes: Mapping[Address, list[Outcome]], state: State) -> dict[str, Address]:
    """Which model goes on with which job, by the job's id, as far as these are remembered jobs."""
    users: dict[str, Address] = {}
    for name, record in sorted(state.models.items()):
        address = Address("model", name)
        if not any(isinstance(item, (Train, Adopt, Forget, Delete)) for item in outcomes.get(address, ())):
            users[record.job.id] = address
    adopted = [item for items in outcomes.values() for item in items if isinstance(item, Adopt)]
    return {**users, **{adopt.job_id: adopt.address for adopt in adopted if adopt.job_id}}


def _spared(item: Outcome, users: Mapping[str, Address]) -> list[Outcome]:
    user = users.get(item.job_id or "") if isinstance(item, (Cancel, Delete)) else None
    if user is None:
        return [item]
    if isinstance(item, Delete):
        return [Forget(item.address, item.reason, item.model_id, f"{user} goes on with its job {item.job_id}")]
    return []


def _undeclared(project: Project, record: ModelRecord, seen: Observation) -> Outcome:
    address = Address("model", record.name)
    if record.lifecycle.prevent_destroy:
        return _protected(address, "is no longer declared")
    if record.lifecycle.on_removed == "delete":
        return _deletion(project, record, seen, Reason.UNDECLARED)
    goes_on = f"its job {record.job.id} goes on" if runs(phase_now(record, seen)) else ""
    return Forget(address, Reason.UNDECLARED, model_now(record, seen), goes_on)


def _deletion(project: Project, record: ModelRecord, seen: Observation, reason: Reason) -> Delete | Note:
    """The step that takes a model away at its provider."""
    address = Address("model", record.name)
    if not is_at(project, record.provider, record.recipe.get("account", "")):
        return _out_of_reach(address, record.provider)
    return Delete(
        address=address,
        provider=record.provider,
        reason=reason,
        model_id=model_now(record, seen),
        job_id=record.job.id,
        running=runs(phase_now(record, seen)),
    )


def _out_of_reach(address: Address, provider: str) -> Note:
    """The refusal to delete where nobody knows how to reach the provider."""
    return Note(
        "error",
        "Provider is not declared",
        f"{address} is to be deleted at provider {provider!r}, which the configuration does not declare any more, or "
        "declares as another service.",
        address=address,
        advice="Declare the provider as it was until this is done.",
    )


def _protected(address: Address, why: str) -> Note:
    """The refusal to take away a model under `prevent_destroy`."""
    return Note(
        "error",
        "Protected model",
        f"{address} {why}, and lifecycle.prevent_destroy keeps it.",
        address=address,
        gate="protect",
        advice="To let it go, declare it with prevent_destroy: false; where it is not declared any more, apply that "
        "first. No flag passes this.",
        rule="lifecycle.prevent_destroy",
        figure="to be taken away",
        limit="nothing while it is true",
        blocks=(address,),
    )
