"""Models asked on behalf of a command: at which services, where answers are kept, and whether they can be asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from ftplan.backends.answers import AnswersFile
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.signals import Stop, WakefulClock
from ftplan.core.catalog import BaseModel
from ftplan.core.comparing.questions import HeldOut
from ftplan.core.desired import encoding_of
from ftplan.core.ports import Answers
from ftplan.core.stores import AnswerStore
from ftplan.datasets import Cache
from ftplan.datasets.keeping.cache import FOLDER_VARIABLE
from ftplan.datasets.preparing.heldout import asked_tokens
from ftplan.engine.asking import Asking
from ftplan.engine.inquiry import Gone
from ftplan.errors import FtplanError, Problem
from ftplan.providers.connection import asked_at

ANSWERS_FILE = "answers.sqlite3"
WIDTH = 8


def answers_of_user(environ: Mapping[str, str] = os.environ) -> AnswersFile:
    """Where answers are kept: in the user's cache folder."""
    known = Cache.of_user(environ).path
    if known is not None:
        return AnswersFile(known.with_name(ANSWERS_FILE))
    emptied = environ.get(FOLDER_VARIABLE) is not None
    return AnswersFile(None, why=f"{FOLDER_VARIABLE} is empty" if emptied else "HOME is not set")


def asking(
    session: Session,
    stop: Stop,
    store: AnswerStore,
    *,
    tell: Callable[[Gone], None] = lambda gone: None,
    waits: Callable[[Problem], None] = lambda problem: None,
    width: int = WIDTH,
) -> Asking:
    """Who asks the models of a session, and keeps what they answer in `store`."""
    able = {name: provider for name, provider in session.providers.items() if isinstance(provider, Answers)}
    accounts = {name: asked_at(spec, os.environ) for name, spec in session.project.providers.items()}
    return Asking(able, accounts, store, WakefulClock(stop), stop, tell, waits, width=width)


def refuse_unable(session: Session, names: Iterable[str], why: str = "A model is at") -> None:
    """Raises `FtplanError` where a model at one of these providers cannot be asked; `why` says what for."""
    wrong = [name for name in dict.fromkeys(names) if not isinstance(session.provider(name, why), Answers)]
    if wrong:
        detail = f"Models at {', '.join(wrong)} cannot be asked by ftplan."
        raise FtplanError(Problem("Models cannot be asked", detail))


def row_tokens(session: Session, rows: Sequence[HeldOut], base: BaseModel | None) -> list[tuple[int, int]]:
    """What `rows` ask and what they want, in tokens of the models that are tuned on `base`."""
    encoding = encoding_of(base)
    return asked_tokens(rows, encoding, session.tokenizers.get(encoding))
