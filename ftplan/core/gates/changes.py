"""The gates about how much one run changes: models that are trained again, and what is deleted at a provider.

The thresholds are octoDNS's: three tenths, once there are ten to speak of (octodns.provider.plan).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ftplan.core.bounds import Changes, Threshold
from ftplan.core.gates.refusal import NO_DESTROY, Refusal, Word, judged
from ftplan.core.plan import Mode, Note
from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.core.steps import Cancel, Delete, Step, Train

LEAST_MODELS = 10


def change_notes(steps: Sequence[Step], state: State, changes: Changes, word: Word, mode: Mode) -> list[Note]:
    """What is said against replacing or deleting so much. Who asks for a destroy has said how much is to go."""
    replaced = [s.address for s in steps if isinstance(s, Train) and s.address.name in state.models]
    deleted = [s.address for s in steps if isinstance(s, Delete) and s.address.kind == "model"]
    managed = len(state.models)
    refusals = [
        *_too_many("max_replaced", replaced, managed, changes.max_replaced),
        *_too_many("max_deleted", [] if mode == "destroy" else deleted, managed, changes.max_deleted),
        *(_destroyed(steps) if word.no_destroy else ()),
    ]
    return judged(refusals, word)


def _too_many(
    key: Literal["max_replaced", "max_deleted"], addresses: Sequence[Address], managed: int, threshold: Threshold
) -> Iterator[Refusal]:
    count = len(addresses)
    if threshold.models is not None:
        exceeded, limit = count > threshold.models, str(threshold)
    else:
        share = threshold.share or 0
        exceeded, limit = managed >= LEAST_MODELS and count > share * managed, f"{threshold} of {managed}"
    if exceeded:
        verb = "trains again" if key == "max_replaced" else "deletes"
        what = f"The plan {verb} {count} of {managed} managed models"
        advice = "Look whether a shared dataset or a variable changed by mistake; -target takes a part at a time."
        figure = f"{count} of {managed}"
        yield Refusal(
            "changes", f"changes.{key}", "Too many changes", what, figure, limit, tuple(addresses), advice=advice
        )


def _destroyed(steps: Sequence[Step]) -> Iterator[Refusal]:
    lost = tuple(dict.fromkeys(step.address for step in steps if isinstance(step, (Delete, Cancel))))
    if lost:
        figure = "1 thing" if len(lost) == 1 else f"{len(lost)} things"
        what = f"The plan deletes or cancels {figure} at a provider: {', '.join(map(str, lost[:8]))}"
        what += f" and {len(lost) - 8} more" if len(lost) > 8 else ""
        advice = "Leave them out with -exclude, keep them by lifecycle.on_removed: forget, or run without -no-destroy."
        yield Refusal("changes", NO_DESTROY, "Nothing may be destroyed", what, figure, "none", lost, advice=advice)
