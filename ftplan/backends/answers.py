"""Answers of models, kept between runs in one SQLite file of the user's, so that none is paid for twice.

It holds what models said, by hashes of what they were asked; it may be deleted at any time. What is damaged or somebody
else's is as good as none: nothing here raises, but whoever asks is told why.
"""

from __future__ import annotations

import contextlib
import errno
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
from ftplan.errors import Problem

FORMAT = 1
WAIT_SECONDS = 5.0
MOST_ANSWERS = 200_000
MOST_BYTES = 1024 * 1024

_DAMAGED = ".damaged"
_TABLE = "create table if not exists answers (key text primary key, body text, digest text, at integer)"


class AnswersFile:
    """An `AnswerStore` in the file at `path`. As long as it lives it finds whatever it was given, also what could not
    be written; with None that is all."""

    def __init__(self, path: Path | None, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now
        self._held: dict[str, Answer] = {}
        self._why, self._said, self._lost, self._is_aside = "", "", 0, False

    def troubles(self) -> list[Problem]:
        """Warnings of why answers are not kept, or are not found again; what was told is not told again."""
        self._write(lambda base: None)
        found, where = [], str(self._path)
        if self._is_aside:
            detail = f"{where} was no database any more. It was put aside as {where}{_DAMAGED}."
            found.append(_warning("Kept answers are damaged", detail, "What it held is asked, and paid for, again."))
        if self._lost:
            detail = f"{where}: {self._lost:,} could not be written."
            found.append(_warning("Answers were not kept", detail, "Asked again, they are paid for again."))
        if self._why not in ("", self._said):
            advice = "Whatever is asked now is paid for again when it is asked again. Mend it, or delete the file."
            found.append(_warning("Answers cannot be kept", f"{where}: {self._why}.", advice))
        self._said, self._lost, self._is_aside = self._why, 0, False
        return found

    def kept_answer(self, key: str) -> Answer | None:
        """The answer to exactly this question; None where there is none to be trusted."""
        if key not in self._held:
            found = self._read(key)
            if found is None:
                return None
            self._held[key] = found
        return self._held[key]

    def _read(self, key: str) -> Answer | None:
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
        """Keeps an answer. One that is too long to be worth it is not written."""
        self._held[key] = answer
        body = json.dumps(to_plain(answer), sort_keys=True)
        if len(body) > MOST_BYTES:
            return
        row = (key, body, _digest(key, body), int(self._now()))
        if not self._write(lambda base: _keep(base, row)):
            self._lost += self._path is not None

    def _write(self, change: Callable[[sqlite3.Connection], None]) -> bool:
        """Whether `change` was made. Where that puts the file aside, it is made in a new one."""
        self._why = ""
        for _ in range(2):
            with self._open(mending=True) as base:
                if base is not None:
                    base.execute("begin immediate")
                    change(base)
                    base.execute("commit")
                    return True
            if self._why:
                break
        return False

    @contextlib.contextmanager
    def _open(self, *, mending: bool = False) -> Iterator[sqlite3.Connection | None]:
        """The base, None where there is none to be had. What SQLite says against it ends the block, and is noted. One
        that is damaged is put aside where that is `mending` it: whoever only reads changes nothing."""
        base = None
        with self._noting(mending):
            base = _connected(self._path) if self._path is not None else None
        try:
            with self._noting(mending), contextlib.suppress(TypeError):
                yield base
        finally:
            if base is not None:
                base.close()

    @contextlib.contextmanager
    def _noting(self, mending: bool) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._why = str(error)
            # Damage alone is of just this type: what is busy, full or not to be opened has one of its own.
            if mending and type(error) is sqlite3.DatabaseError:
                self._put_aside()
        except OSError as error:
            self._why = error.strerror or str(error)

    def _put_aside(self) -> None:
        """Makes room for a base that is whole: in one that is damaged no answer would ever be kept again."""
        assert self._path is not None
        with contextlib.suppress(OSError):
            os.replace(self._path, f"{self._path}{_DAMAGED}")
            self._why, self._is_aside = "", True


def _connected(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would make it readable to everybody.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
    if not all(_is_own(there.lstat()) for there in (path.parent, path)):
        raise PermissionError(errno.EPERM, "others could write there")
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


def _warning(summary: str, detail: str, advice: str) -> Problem:
    return Problem(summary, detail, advice=advice, severity="warning")


def _keep(base: sqlite3.Connection, row: tuple[str, str, str, int]) -> None:
    base.execute("insert or replace into answers values (?, ?, ?, ?)", row)
    _bound(base)


def _bound(base: sqlite3.Connection) -> None:
    """Lets go of the oldest."""
    if base.execute("select count(*) from answers").fetchone()[0] > MOST_ANSWERS:
        oldest = "select key from answers order by at, rowid limit ?"
        base.execute(f"delete from answers where key in ({oldest})", (MOST_ANSWERS // 10,))  # noqa: S608


def _digest(key: str, body: str) -> str:
    return hashlib.sha256(f"{key}\0{body}".encode("utf-8", "surrogatepass")).hexdigest()
