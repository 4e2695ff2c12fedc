"""The state as a run keeps it that only looks on: locked for the moment of a write, and not while it waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from ftplan.backends.locks import describe
from ftplan.backends.presence import is_gone
from ftplan.cli.opening.locking import locked
from ftplan.cli.opening.recording import recording
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request
from ftplan.core.events import Event, Fact, FiguresKept, JobSeen
from ftplan.core.fold import fold
from ftplan.core.records import State
from ftplan.engine.ledger import Ledger
from ftplan.errors import LockHeld


class OnlookersLedger(Ledger):
    """Keeps what is seen of jobs. Whoever applies, cancels or pauses meanwhile finds the lock free; while one of them
    holds it, what is seen is told and kept back, and saved when the lock is free again."""

    def __init__(
        self, console: Console, session: Session, request: Request, state: State, tell: Callable[[Event], None]
    ) -> None:
        super().__init__(session.backend, state, None, tell, session.backend.rescue)
        self._console, self._session, self._request = console, session, request
        self._hears = tell
        self._kept_back: dict[str, JobSeen] = {}
        self._has_said = False

    def begin(self) -> None:
        """Says so where another run holds the lock from the start."""
        holder = self._session.backend.holder()
        if holder is not None and not is_gone(holder):
            self._say(describe(holder))

    def record(self, *facts: Fact) -> None:
        """Tells `facts`, and saves them if nobody holds the lock."""
        for fact in facts:
            if not isinstance(fact, JobSeen):
                raise TypeError(f"an onlooker has nothing to do with {type(fact).__name__}")
            self._kept_back[fact.name] = fact
        self.state = reduce(fold, facts, self.state)
        self.save()
        for fact in facts:
            self._hears(fact)

    def save(self) -> bool:
        """Whether everything that was seen is in the state by now."""
        if not self._kept_back:
            return True
        try:
            with locked(self._console, self._session, self._request, "watch"):
                self._save_news()
        except LockHeld as held:
            self._say(held.problems[0].detail)
            return False
        self._kept_back.clear()
        return True

    def keep(self, *figures: FiguresKept) -> None:
        """Saves what was measured in jobs that are over, if nobody holds the lock: the next apply has it as well."""
        try:
            with locked(self._console, self._session, self._request, "watch"):
                state, tag = self._session.load_state()
                with recording(self._console, self._session, state, tag) as ledger:
                    ledger.record(*figures)
        except LockHeld as held:
            self._say(held.problems[0].detail)

    def _save_news(self) -> None:
        state, tag = self._session.load_state()
        news = [fact for fact in self._kept_back.values() if _is_news(state, fact)]
        if news:
            with recording(self._console, self._session, state, tag) as ledger:
                ledger.record(*news)

    def _say(self, who: str) -> None:
        if not self._has_said:
            self._has_said = True
            self._console.note(f"Watching without writing while the state is locked. {who}")


def _is_news(state: State, fact: JobSeen) -> bool:
    """Whether `state` does not hold `fact` yet. Others may have written meanwhile: the model may have another job or
    none, and a job that is over does not run again."""
    record = state.models.get(fact.name)
    if record is None or record.job.id != fact.job.id or record.job == fact.job:
        return False
    return fact.job.phase.settled or not record.job.phase.settled
