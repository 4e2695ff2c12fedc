"""Letting a checkpoint be what a model is used by. Nothing is trained, and nothing is changed at the service."""

from __future__ import annotations

from ftplan.core.checkpoints import Checkpoint, chosen, what_there_is
from ftplan.core.deciding.taking import wish_text
from ftplan.core.events import CheckpointTaken
from ftplan.core.handover import TakenCheckpoint
from ftplan.core.notices import StepDone, StepStarted
from ftplan.core.ports import HasCheckpoints, Provider
from ftplan.core.records import ModelRecord
from ftplan.core.steps import Take
from ftplan.engine.context import Run
from ftplan.engine.effects import Action, Record, Say, do
from ftplan.errors import FtplanError, Problem


def take(run: Run, step: Take) -> Action[None]:
    """Takes the checkpoint that is declared, or goes back to the last step. Raises `FtplanError`, with what there is,
    where no checkpoint fits."""
    yield Say(StepStarted(step.address, "Taking", step.wish))
    record, wish = run.state().models[step.address.name], run.declared(step.address).spec.checkpoint
    taken = None
    if wish is not None:
        kept = yield from do("checkpoints", lambda: _kept(run.providers[step.provider], record))
        found = chosen(wish, kept)
        if found is None:
            detail = f"{step.address} is to be the checkpoint at {wish}. {what_there_is(wish, kept)}"
            advice = "Name one that is there, or take `checkpoint` out; the model is trained and kept."
            raise FtplanError(Problem("No such checkpoint", detail, advice=advice, address=str(step.address)))
        if step.model_id not in (None, found.model_id):
            detail = f"{step.address} was planned to be {step.model_id}, and at {wish} there is {found.model_id} now."
            advice = "Plan again, and see whether that is what you want."
            raise FtplanError(Problem("Another checkpoint", detail, advice=advice, address=str(step.address)))
        figure = found.metrics.get(wish.best) if wish.best is not None else None
        taken = TakenCheckpoint(record.job.id, found.step, found.model_id, wish_text(wish), figure)
    yield Record(CheckpointTaken(step.address.name, taken))
    yield Say(StepDone(step.address, "Taking", run.state().models[step.address.name].output or ""))


def _kept(provider: Provider, record: ModelRecord) -> tuple[Checkpoint, ...]:
    kept = provider.checkpoints(record.job.id) if isinstance(provider, HasCheckpoints) else None
    return tuple(kept or ())
