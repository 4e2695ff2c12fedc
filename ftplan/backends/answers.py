"""Answers of models, kept between runs in one SQLite file of the user's, so that none is paid for twice.

It holds what models said, by hashes of what they were asked; it may be deleted at any time. What is damaged or somebody
else's is as good as none: nothing here raises.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ftplan.core.comparing.questions import Answer
from ftplan.core.keeping.plain import Misfit, from_plain, to_plain

FORMAT = 1
WAIT_SECONDS = 5.0
MOST_ANSWERS = 200_000
MOST_BYTES = 1024 * 1024

_TABLE = "create table if not exists answers (key text primary key, body text, digest text, at integer)"


class AnswersFile:
    """An `AnswerStore` in the file at `path`; with None it finds nothing and keeps nothing."""

    def __init__(self, path: Path | None, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now

    def kept_answer(self, key: str) -> Answer | None:
        """The answer to exactly this question; None where there is none to be trusted."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute("select body, digest from answers where key = ?", (key,)).fetchone()
            if row is None or _digest(key, row[0]) != row[1]:
                return None
            try:
                return from_plain(Answer, json.loads(row[0]))
            except (Misfit, ValueError, RecursionError):
                return None
        return None

    def keep_answer(self, key: str, answer: Answer) -> None:
        """Keeps an answer. One that is too long to be worth it is left out."""
        body = json.dumps(to_plain(answer), sort_keys=True)
        if len(body) > MOST_BYTES:
            return
        with self._open() as base:
            if base is not None:
                row = (key, body, _digest(key, body), int(self._now()))
                base.execute("insert or replace into answers values (?, ?, ?, ?)", row)
                _bound(base)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        """The base, None where there is none to be had. What SQLite says against it ends the block in silence."""
        base = None
        with contextlib.suppress(sqlite3.Error, OSError):
            base = _connected(self._path) if self._path is not None else None
        try:
            with contextlib.suppress(sqlite3.Error, TypeError):
                yield base
        finally:
            if base is not None:
                base.close()


def _connected(path: Path) -> sqlite3.Connection | None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would make it readable to everybody.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
    if not all(_is_own(there.lstat()) for there in (path.parent, path)):
        return None
    base = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        if not _is_current(base):
            _begun_anew(base)
    except sqlite3.Error:
        base.close()
        raise
    return base


def _is_current(base: sqlite3.Connection) -> bool:
    return bool(base.execute("pragma user_version").fetchone()[0] == FORMAT)


def _begun_anew(base: sqlite3.Connection) -> None:
    """Empties a file of another format. Only one process does it: another may have kept answers there meanwhile."""
    base.execute("begin immediate")
    if not _is_current(base):
        base.execute("drop table if exists answers")
        base.execute(_TABLE)
        base.execute(f"pragma user_version = {FORMAT}")
    base.execute("commit")


def _is_own(status: os.stat_result) -> bool:
    """Whether only this user could have written it: an answer decides which model is used."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _bound(base: sqlite3.Connection) -> None:
    """Lets go of the oldest."""
    if base.execute("select count(*) from answers").fetchone()[0] > MOST_ANSWERS:
        oldest = "select key from answers order by at, rowid limit ?"
        base.execute(f"delete from answers where key in ({oldest})", (MOST_ANSWERS // 10,))  # noqa: S608


def _digest(key: str, body: str) -> str:
    return hashlib.sha256(f"{key}\0{body}".encode("utf-8", "surrogatepass")).hexdigest()
