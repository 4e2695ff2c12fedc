"""Which checkpoint a model's output is: a free change of what is trained already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ftplan.core.checkpoints import LAST_STEP, CheckpointWish, chosen, what_there_is
from ftplan.core.deciding.case import model_now, phase_now
from ftplan.core.deciding.decide import Outcome
from ftplan.core.deciding.promoting import output_now
from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.facts import Observation, Phase
from ftplan.core.plan import Note
from ftplan.core.records import ModelRecord, State
from ftplan.core.steps import Adopt, Await, Reason, Take, Train


def decide_checkpoint(
    model: DesiredModel, desired: Desired, state: State, seen: Observation, outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """The step that makes another checkpoint the output of `model`, and what is to be known of it. `outcomes` are what
    else is done about the model."""
    wish, record = model.spec.checkpoint, state.models.get(model.spec.name)
    if any(isinstance(item, (Train, Adopt, Await)) for item in outcomes):
        return [_unknown(model, wish)] if wish is not None else []
    if record is None or record.fingerprint != model.fingerprint or model_now(record, seen) is None:
        return []
    if phase_now(record, seen) not in (Phase.SUCCEEDED, None):
        return []
    if wish_held(record) == wish_text(wish):
        return _gone(model, record, seen)
    found = _settled(model, wish, record, seen)
    children = [str(other.address) for other in desired.models if other.parent == model.address]
    return [*found, *([_children(model, children)] if children and isinstance(found[0], Take) else [])]


def wish_text(wish: CheckpointWish | None) -> str:
    """A wish in words; that of none is the last step."""
    return LAST_STEP if wish is None else str(wish)


def wish_held(record: ModelRecord) -> str:
    """The wish that is fulfilled for the job that a model has now."""
    return record.taken.wish if record.taken is not None else LAST_STEP


def _unknown(model: DesiredModel, wish: CheckpointWish | None) -> Take:
    return Take(model.address, model.spec.provider, wish_text(wish), Reason.NEW)


def _settled(model: DesiredModel, wish: CheckpointWish | None, record: ModelRecord, seen: Observation) -> list[Outcome]:
    take = Take(
        address=model.address,
        provider=model.spec.provider,
        wish=wish_text(wish),
        reason=Reason.CHANGED,
        before=wish_held(record),
        former_id=output_now(record, seen),
        job_id=record.job.id,
    )
    if wish is None:
        return [replace(take, model_id=model_now(record, seen))]
    kept = seen.checkpoints.get(model.address)
    if kept is None:
        return [take]
    found = chosen(wish, kept)
    if found is None:
        return [_missing(model, wish, what_there_is(wish, kept))]
    figure = found.metrics.get(wish.best) if wish.best is not None else None
    return [replace(take, model_id=found.model_id, step=found.step, figure=figure)]


def _gone(model: DesiredModel, record: ModelRecord, seen: Observation) -> list[Outcome]:
    """What is to be known of a checkpoint that the provider has no more: applications ask for it in vain."""
    kept = seen.checkpoints.get(model.address)
    if record.taken is None or kept is None or record.taken.model_id in {one.model_id for one in kept}:
        return []
    note = Note(
        "warning",
        "Checkpoint is gone",
        f"{model.address}: {model.spec.provider} no longer has its output, {record.taken.model_id}.",
        address=model.address,
        place=model.spec.place_of("checkpoint"),
        advice="Name another, or take `checkpoint` out to use the last step; what is kept is listed by:",
        command=f"ftplan checkpoints {model.address}",
    )
    return [note]


def _missing(model: DesiredModel, wish: CheckpointWish, there: str) -> Note:
    return Note(
        "error",
        "No such checkpoint",
        f"{model.address} is to be the checkpoint at {wish}. {there}",
        address=model.address,
        place=model.spec.place_of("checkpoint"),
        advice="Services keep the last few only; what was measured is shown by:",
        command=f"ftplan checkpoints {model.address}",
    )


def _children(model: DesiredModel, children: Sequence[str]) -> Note:
    return Note(
        "info",
        "Children keep the last step",
        f"{', '.join(children)}: trained on top of all that {model.address} has learned, whichever checkpoint of it is "
        "used.",
        address=model.address,
    )
