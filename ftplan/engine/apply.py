"""Carrying out a plan: which step needs which, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ftplan.core.deciding.promoting import stands_for
from ftplan.core.desired import root_base
from ftplan.core.evaluations import approval, is_covered
from ftplan.core.events import LifecycleChanged, PromotionApproved
from ftplan.core.facts import Phase
from ftplan.core.notices import StepFailed, StepSkipped, Told
from ftplan.core.plan import Plan
from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Step, Take, Train, Upload
from ftplan.engine.actions import VERBS, action
from ftplan.engine.context import Run
from ftplan.engine.effects import Action
from ftplan.engine.ledger import Ledger
from ftplan.engine.loop import Loop, Task
from ftplan.engine.recover import recover
from ftplan.errors import FtplanError, Interrupted, Problem

Stop = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan. `failed` pairs a step with its error; `skipped` were never begun; `stopped` is the name
    of the signal that asked us to stop, `left` the steps that were not done by then."""

    done: tuple[Step, ...] = ()
    failed: tuple[tuple[Step, FtplanError], ...] = ()
    skipped: tuple[Step, ...] = ()
    stopped: str | None = None
    left: tuple[Step, ...] = ()


def apply(plan: Plan, run: Run, ledger: Ledger, stop: Stop) -> Outcome:
    """Carries out `plan`. A failed step stops only what needs it. Raises `StateUnsaved` at once."""
    for change in _lifecycle_changes(run, ledger):
        ledger.record(change)
    for approved in _approvals(plan, run, ledger):
        ledger.record(approved)
    tasks = {number: _task(run, number, plan.steps) for number in range(len(plan.steps))}
    result = Loop(run, ledger, stop, tasks, run.parallelism).drive()
    for number, because in result.skipped.items():
        if number != because:
            run.tell(StepSkipped(plan.steps[number].address, plan.steps[because].address))
    return Outcome(
        done=tuple(plan.steps[n] for n in result.done),
        failed=tuple((plan.steps[n], error) for n, error in result.failed.items()),
        skipped=tuple(plan.steps[n] for n in result.skipped),
        stopped=result.stopped,
        left=tuple(plan.steps[n] for n in result.left),
    )


def settle_intents(run: Run, ledger: Ledger, stop: Stop) -> Mapping[str, FtplanError]:
    """Settles what earlier runs left open, before anything is planned. The errors by model name, `Interrupted`
    where a signal came first; empty when all is settled."""

    def task(name: str) -> Task[str]:
        return Task(lambda: recover(run, ledger.state.intents[name]))

    tasks = {name: task(name) for name in sorted(ledger.state.intents)}
    result = Loop(run, ledger, stop, tasks).drive()
    return {**result.failed, **{name: Interrupted(_open(name)) for name in result.left}}


def _open(name: str) -> Problem:
    detail = f"Whether an earlier run started a job for model.{name} is still to be found out."
    return Problem("Interrupted", detail, address=f"model.{name}", advice="The next apply goes on looking.")


def _task(run: Run, number: int, steps: tuple[Step, ...]) -> Task[int]:
    step = steps[number]
    lane = _lane(run, step) if isinstance(step, (Train, Await)) else None
    needs = _needs(number, steps, run.state())
    return Task(lambda: _begin(run, step), needs, lane, lambda error: _tell_failure(run, step, error))


def _lane(run: Run, step: Train | Await) -> str:
    """Services bound active jobs by the base model at the root of a chain, whatever was trained in between."""
    declared = run.desired.project.models
    base = root_base(step.address.name, declared) if step.address.name in declared else ""
    return f"jobs on {run.providers[step.provider].catalog.canonical(base)} at {step.provider}"


def _begin(run: Run, step: Step) -> Action[None] | None:
    """The step's action; None for a child whose parent was only started (`-no-wait`): the next run trains it."""
    if isinstance(step, Train) and step.parent is not None and not run.wait:
        record = run.state().models.get(step.parent.name)
        if record is None or not record.job.fine_tuned_model:
            why = f"{step.address} is trained on top of {step.parent}, which is not done yet; the next apply starts it."
            run.tell(Told("Left for the next run", why, "info", step.address))
            return None
    trained = step.model if isinstance(step, Promote) else step.address if isinstance(step, Take) else None
    if trained is not None and not _has_model(run, trained):
        what = f"the checkpoint at {step.wish}" if isinstance(step, Take) else str(step.address)
        why = f"{what} has to wait until {trained} has a model; the next apply sees to it."
        run.tell(Told("Left for the next run", why, "info", step.address))
        return None
    return action(run, step)


def _has_model(run: Run, address: Address) -> bool:
    record = run.state().models.get(address.name)
    return record is not None and record.job.phase is Phase.SUCCEEDED and record.output is not None


def _needs(number: int, steps: tuple[Step, ...], state: State) -> frozenset[int]:
    """The steps that have to be done before this one."""
    step = steps[number]
    if isinstance(step, Forget) and step.address.kind == "model":
        # A job that goes to another name is let go of when it has arrived there: in between nobody would know of it.
        job = state.models[step.address.name].job.id
        return frozenset(n for n, other in enumerate(steps) if isinstance(other, Adopt) and other.job_id == job)
    if isinstance(step, Delete):
        # Applications ask for a model until its aliases have left it: where one stays, the model does.
        held = {Address("alias", name) for name, alias in state.aliases.items() if stands_for(alias.now, step)}
        return frozenset(n for n, o in enumerate(steps) if isinstance(o, (Promote, Forget)) and o.address in held)
    return frozenset(n for n, other in enumerate(steps) if n != number and _needed(other, step))


def _needed(other: Step, step: Step) -> bool:
    """Whether `step` waits for `other`: its uploads, its parent, the model whose job it shares, and the
    cancellation of its own former job."""
    if isinstance(other, Upload):
        contents = (step.recipe["training"], step.recipe.get("validation")) if isinstance(step, Train) else ()
        return isinstance(step, Train) and other.provider == step.provider and other.content_sha256 in contents
    if isinstance(other, Cancel):
        return isinstance(step, Train) and other.address == step.address
    if isinstance(other, Take):
        return isinstance(step, Promote) and other.address == step.model
    trained = step.model if isinstance(step, Promote) else step.address if isinstance(step, Take) else None
    wanted: set[Address | None] = {trained}
    if isinstance(step, (Train, Adopt)):
        wanted = {step.parent, step.shared_with if isinstance(step, Adopt) else None}
    return isinstance(other, (Train, Adopt, Await)) and other.address in wanted


def _lifecycle_changes(run: Run, ledger: Ledger) -> list[LifecycleChanged]:
    """The owner's rules that are not remembered yet: they must outlive the model's block in the YAML."""
    declared = {model.spec.name: model.spec.lifecycle for model in run.desired.models}
    return [
        LifecycleChanged(name, declared[name])
        for name, record in ledger.state.models.items()
        if name in declared and declared[name] != record.lifecycle
    ]


def _approvals(plan: Plan, run: Run, ledger: Ledger) -> Iterator[PromotionApproved]:
    """What this apply was approved for and may not come to: where jobs are not waited for, or it breaks off."""
    for step in plan.steps:
        model = run.desired.model(step.model.name) if isinstance(step, Promote) else None
        if isinstance(step, Promote) and model is not None and step.estimate is not None:
            wanted = approval(step, model.fingerprint)
            if not is_covered(wanted, ledger.state.approvals.get(step.address.name)):
                yield PromotionApproved(wanted)


def _tell_failure(run: Run, step: Step, error: FtplanError) -> None:
    if isinstance(error, Interrupted):
        return  # What was begun goes on with the next run: nothing failed.
    for problem in error.problems:
        run.tell(StepFailed(step.address, VERBS[type(step)], problem.summary, problem.detail, problem.advice))
