"""The state as a run writes it, and beside it the file that applications read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ftplan.cli.opening.aliases_file import write_aliases
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.console import Console
from ftplan.core.events import Event
from ftplan.core.records import State
from ftplan.engine.ledger import Ledger


@contextmanager
def recording(
    console: Console,
    session: Session,
    state: State,
    tag: str | None,
    tell: Callable[[Event], None] = lambda event: None,
) -> Iterator[Ledger]:
    """Who keeps the facts of this run, from `state` on. At its end, and where it broke off after a write, the aliases
    file says what the state does."""
    ledger = Ledger(session.backend, state, tag, tell, session.backend.rescue)
    try:
        yield ledger
    except BaseException:
        if ledger.state is not state:
            console.problems(write_aliases(session.project.root, ledger.state))
        raise
    console.problems(write_aliases(session.project.root, ledger.state))
