"""The one writer of the state: a fact is folded in and saved, and only then told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ftplan.core.codec import encode_state
from ftplan.core.events import Event, Fact
from ftplan.core.fold import fold
from ftplan.core.ports import Backend
from ftplan.core.records import State
from ftplan.errors import Problem, StateConflict, StateError, StateUnsaved


class Ledger:
    """Holds the state as last saved. Every save is a compare-and-swap on the tag of our own last write or read, so
    a run whose lock was broken writes nothing over its successor."""

    def __init__(
        self,
        backend: Backend,
        state: State,
        tag: str | None,
        tell: Callable[[Event], None],
        rescue: Callable[[bytes], str],
    ) -> None:
        self.state = state
        self._backend = backend
        self._tag = tag
        self._tell = tell
        self._rescue = rescue

    def record(self, fact: Fact) -> None:
        """Saves `fact`, then tells it. Raises `StateUnsaved`, after writing an emergency copy, when it cannot be
        saved: what was bought must be known to somebody."""
        changed = fold(self.state, fact)
        changed = replace(changed, serial=self.state.serial + 1)
        data = encode_state(changed)
        try:
            self._tag = self._backend.save(data, self._tag)
        except StateError as error:
            raise self._unsaved(data, error) from error
        self.state = changed
        self._tell(fact)

    def _unsaved(self, data: bytes, error: StateError) -> StateUnsaved:
        try:
            copy = self._rescue(data)
        except OSError:
            copy = ""
        kept = f"What happened up to now is kept in {copy}." if copy else "No emergency copy could be written either."
        why = "; ".join(problem.detail or problem.summary for problem in error.problems)
        problem = Problem(
            "State not saved",
            f"{self._backend.where()} could not be written: {why} {kept}",
            advice=_FENCED if isinstance(error, StateConflict) else _NO_ROOM,
        )
        unsaved = StateUnsaved(problem)
        unsaved.copy = copy
        return unsaved


_FENCED = (
    "Another run has written the state meanwhile: this one stops and writes nothing more. Jobs it started go on; the "
    "next apply finds them by their marks and pays nothing twice."
)
_NO_ROOM = (
    "Make the state writable, then run apply again. Jobs that were started go on; the next apply finds them by their "
    "marks and pays nothing twice."
)
