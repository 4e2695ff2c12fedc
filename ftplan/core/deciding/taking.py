"""Which checkpoint a model's output is: a free change of what is trained already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ftplan.core.checkpoints import CheckpointWish, chosen, what_there_is
from ftplan.core.deciding.case import model_now, phase_now
from ftplan.core.deciding.decide import Outcome
from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.facts import Observation, Phase
from ftplan.core.plan import Note
from ftplan.core.records import ModelRecord, State
from ftplan.core.steps import Adopt, Await, Reason, Take, Train

LAST_STEP = "last step"
"""What a model is without a checkpoint of its own."""


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
    if phase_now(record, seen) not in (Phase.SUCCEEDED, None) or wish_held(record) == wish_text(wish):
        return []
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
        former_id=record.output,
        job_id=record.job.id,
    )
    if wish is None:
        return [_with(take, record.job.fine_tuned_model, None)]
    kept = seen.checkpoints.get(model.address)
    if kept is None:
        return [take]
    found = chosen(wish, kept)
    if found is None:
        return [_missing(model, wish, what_there_is(kept))]
    return [_with(take, found.model_id, found.step)]


def _with(take: Take, model_id: str | None, step: int | None) -> Take:
    return replace(take, model_id=model_id, step=step)


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
