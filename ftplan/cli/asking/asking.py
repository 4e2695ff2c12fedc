"""Models asked on behalf of a command: which services, where answers are kept, and what it costs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ftplan.backends.answers import AnswersFile
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.signals import Stop, WakefulClock
from ftplan.core.desired import account
from ftplan.core.ports import Answers
from ftplan.core.stores import AnswerStore
from ftplan.datasets import Cache
from ftplan.datasets.preparing.heldout import Taken, held_out
from ftplan.engine.asking import Asking, Gone
from ftplan.errors import DatasetError, FtplanError, Place, Problem

ANSWERS_FILE = "answers.sqlite3"
WIDTH = 8


def answers_of_user() -> AnswersFile:
    """Where answers are kept: in the user's cache folder."""
    return AnswersFile(_path())


def asking(
    session: Session, stop: Stop, tell: Callable[[Gone], None], store: AnswerStore, *, width: int = WIDTH
) -> Asking:
    """Who asks the models of a session, and keeps what they answer in `store`."""
    able = {name: provider for name, provider in session.providers.items() if isinstance(provider, Answers)}
    accounts = {name: account(spec) for name, spec in session.project.providers.items()}
    return Asking(able, accounts, store, WakefulClock(stop), stop, tell, width=width)


def refuse_unable(session: Session, names: Sequence[str]) -> None:
    """Raises `FtplanError` where a model at one of these providers cannot be asked."""
    wrong = [name for name in dict.fromkeys(names) if not isinstance(session.provider(name, "A model is at"), Answers)]
    if wrong:
        detail = f"Models at {', '.join(wrong)} cannot be asked by ftplan."
        raise FtplanError(Problem("Models cannot be asked", detail))


def taken_rows(session: Session, dataset: str, limit: int | None, seed: int) -> Taken:
    """Rows of a declared dataset that models are asked. Raises `DatasetError` where it has none to ask."""
    with session.shelf.open(dataset) as file:
        taken = held_out(file, limit, seed)
    if not taken.rows:
        detail = f"None of the {taken.count:,} rows of dataset.{dataset} asks anything."
        raise DatasetError(Problem("Nothing to ask", detail, session.project.datasets[dataset].place))
    return taken


def unasked_problem(taken: Taken, shown: str) -> Problem | None:
    """The warning that rows were passed over, None where none was."""
    if not taken.unasked and not taken.broken:
        return None
    count = taken.unasked + taken.broken
    detail = f"{count:,} of its lines hold{'s' if count == 1 else ''} no conversation that asks anything."
    place = Place(shown, taken.first_unasked)
    return Problem("Rows were passed over", detail, place, "`ftplan dataset check` says why.", severity="warning")


def now_and_then(tell: Callable[[Gone], None]) -> Callable[[Gone], None]:
    """`tell`, about each tenth of the way."""
    last = [-1]

    def told(gone: Gone) -> None:
        tenth = 10 * gone.done // max(1, gone.total)
        if tenth != last[0]:
            last[0] = tenth
            tell(gone)

    return told


def _path(environ: Mapping[str, str] = os.environ) -> Path | None:
    known = Cache.of_user(environ).path
    return known.with_name(ANSWERS_FILE) if known is not None else None
