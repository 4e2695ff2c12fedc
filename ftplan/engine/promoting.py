"""Letting an alias stand for another model, once everything that it requires is shown to hold."""

from __future__ import annotations

from ftplan.core.evaluating import EVAL_PREFIX
from ftplan.core.events import AliasMoved, AnswersBought, EvaluationDone
from ftplan.core.handover import EvalRecord, Target
from ftplan.core.notices import StepDone, StepStarted, Told
from ftplan.core.records import ModelRecord
from ftplan.core.spec import Address
from ftplan.core.steps import Promote
from ftplan.engine.context import Judge, Run
from ftplan.engine.effects import Action, Record, Say, do
from ftplan.errors import FtplanError, NotPromoted, Problem


def promote(run: Run, step: Promote) -> Action[None]:
    """Moves the alias of `step`. Every verdict is saved at once; raises `NotPromoted` where one says no, which leaves
    the alias where it is."""
    begun = run.clock.monotonic()
    record = run.state().models.get(step.model.name)
    if record is None or record.output is None:
        detail = f"{step.model} has no model that {step.address} could stand for."
        raise FtplanError(Problem("Nothing to promote", detail, advice="Plan again.", address=str(step.address)))
    yield Say(StepStarted(step.address, "Promoting", record.output))
    refused = []
    for name in step.requires:
        verdict = yield from _evaluated(run, name, record, step.address.name)
        if run.state().evaluations.get(verdict.key) != verdict:
            yield Record(EvaluationDone(verdict))
        yield Say(_told(step.address, verdict))
        if not verdict.passed:
            refused.append(verdict)
    if refused:
        raise NotPromoted([_refusal(step, verdict) for verdict in refused])
    yield Record(AliasMoved(step.address.name, target(run, record)))
    yield Say(StepDone(step.address, "Promoting", record.output, run.clock.monotonic() - begun))


def _evaluated(run: Run, name: str, record: ModelRecord, alias: str) -> Action[EvalRecord]:
    """How the model does. What was paid for is entered in the ledger, also where nothing came of it."""
    judge = run.judge
    if judge is None:
        raise LookupError(f"this run has nobody to judge {name}")
    known = run.state().aliases.get(alias)
    current = known.now if known is not None else None
    while True:
        try:
            verdict = yield from do(f"evaluate {name}", lambda: judge(name, record, current, run.state()))
        except FtplanError:
            yield from _entered(judge)
            raise
        yield from _entered(judge)
        if verdict is not None:
            return verdict


def _entered(judge: Judge) -> Action[None]:
    for entry in judge.bought():
        yield Record(AnswersBought(entry))


def target(run: Run, record: ModelRecord) -> Target:
    """What an alias stands for once it stands for the output of `record`."""
    return Target(
        model=record.name,
        provider=record.provider,
        model_id=record.output or "",
        job_id=record.job.id,
        fingerprint=record.fingerprint,
        since=run.moment(),
        who=run.origin.who,
    )


def _told(address: Address, verdict: EvalRecord) -> Told:
    rehearsed = " (a rehearsal)" if verdict.rehearsal else ""
    word = "passed" if verdict.passed else "failed"
    return Told(f"{EVAL_PREFIX}{verdict.name} {word}{rehearsed}", "; ".join(verdict.said), "info", address)


def _refusal(step: Promote, verdict: EvalRecord) -> Problem:
    said, stays = "; ".join(verdict.said), f"stays at {step.former_id}" if step.former_id else "stands for nothing yet"
    return Problem(
        "Not promoted",
        f"{EVAL_PREFIX}{verdict.name} says no to {verdict.model_id}: {said}. {step.address} {stays}; the "
        f"model is trained, and kept as {step.model}.",
        # A step that failed has no command of its own beside its advice.
        advice=f"What it answered is shown, at no cost again, by: ftplan compare {step.model} -eval={verdict.name}",
        address=str(step.address),
        rule=f"{EVAL_PREFIX}{verdict.name}",
    )
