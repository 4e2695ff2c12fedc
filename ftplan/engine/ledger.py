"""The one writer of the state: a fact is folded in and saved, and only then told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from ftplan.core.events import Event, Fact, JobSeen, JobStarted
from ftplan.core.fold import fold
from ftplan.core.keeping.codec import encode_state
from ftplan.core.keeping.integrity import integrity_faults
from ftplan.core.records import State
from ftplan.core.stores import Backend
from ftplan.errors import Problem, StateConflict, StateDamaged, StateError, StateUnsaved


class Ledger:
    """Holds the state as last saved. Every save is a compare-and-swap on the tag of our own last write or read, so
    a run whose lock was broken writes nothing over its successor. `from_nothing`: there was no state to begin with."""

    def __init__(
        self,
        backend: Backend,
        state: State,
        tag: str | None,
        tell: Callable[[Event], None],
        rescue: Callable[[bytes], str],
    ) -> None:
        self.state = state
        self.from_nothing = tag is None
        self._backend = backend
        self._tag = tag
        self._tell = tell
        self._rescue = rescue

    def record(self, *facts: Fact) -> None:
        """Saves `facts` in one write, then tells them. Raises `StateUnsaved`, after writing an emergency copy, when
        they cannot be saved: what was bought must be known to somebody."""
        changed = replace(reduce(fold, facts, self.state), serial=self.state.serial + 1)
        data = encode_state(changed)
        try:
            _check(changed)
            self._tag = self._backend.save(data, self._tag)
        except StateError as error:
            raise self._unsaved(data, error, facts) from error
        self.state = changed
        for fact in facts:
            self._tell(fact)

    def _unsaved(self, data: bytes, error: StateError, facts: Sequence[Fact]) -> StateUnsaved:
        try:
            copy = self._rescue(data)
        except OSError:
            copy = ""
        kept = f"What happened up to now is kept in {copy}." if copy else "No emergency copy could be written either."
        why = "; ".join(problem.detail or problem.summary for problem in error.problems)
        problem = Problem(
            "State not saved",
            f"{self._backend.where()} could not be written: {why} {kept}{_jobs_of(facts)}",
            advice=_ADVICE.get(type(error), _NO_ROOM),
        )
        unsaved = StateUnsaved(problem)
        unsaved.copy = copy
        return unsaved


def _jobs_of(facts: Sequence[Fact]) -> str:
    """The jobs that `facts` tell of: where no copy could be written either, this message is all that names them."""
    jobs = [f"model.{fact.name} ({fact.job.id})" for fact in facts if isinstance(fact, (JobStarted, JobSeen))]
    return f" Jobs it is about: {', '.join(jobs)}." if jobs else ""


def _check(state: State) -> None:
    """Raises `StateDamaged` for a state that cannot be true. Only a defect of ours brings one about."""
    faults = integrity_faults(state)
    if faults:
        told = f"this is a defect in ftplan, which was about to save what cannot be true: {'; '.join(faults)}."
        raise StateDamaged(Problem("A defect in ftplan", told))


_FENCED = (
    "Another run has written the state meanwhile: this one stops and writes nothing more. Jobs it started go on; the "
    "next apply finds them by their marks and pays nothing twice."
)
_NO_ROOM = (
    "Make the state writable, then run apply again. Jobs that were started go on; the next apply finds them by their "
    "marks and pays nothing twice."
)
_DEFECT = (
    "Please report it. What was saved before is as it was; jobs that were started go on, and the next apply finds them "
    "by their marks."
)
_ADVICE = {StateConflict: _FENCED, StateDamaged: _DEFECT}
