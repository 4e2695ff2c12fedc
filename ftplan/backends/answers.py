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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ftplan.backends.claims import Claims
from ftplan.core.comparing.questions import Answer
from ftplan.core.keeping.plain import Misfit, from_plain, to_plain
from ftplan.errors import Problem

T = TypeVar("T")

FORMAT = 2
WAIT_SECONDS = 5.0
MOST_ANSWERS = 1_000_000
BOUND_EVERY = 1_000
MOST_BYTES = 1024 * 1024

_DAMAGED, _CLAIMS = ".damaged", ".asked"
_PAID_AGAIN = "Asked again, they are paid for again."
_TABLE = "create table if not exists answers (key text primary key, body blob, digest text, at integer)"


class AnswersFile:
    """An `AnswerStore` in the file at `path`. As long as it lives it finds whatever it was given, also what could not
    be written; with None that is all, and `why` is told where nobody wished it so."""

    def __init__(self, path: Path | None, now: Callable[[], float] = time.time, *, why: str = "") -> None:
        self._path, self._now, self._nowhere = path, now, why
        self._held: dict[str, Answer] = {}
        self._claims = Claims(path.with_name(f"{path.name}{_CLAIMS}") if path is not None else None)
        self._why, self._said, self._lost, self._long, self._is_aside = why, "", 0, 0, False
        self._written = 0

    def troubles(self) -> list[Problem]:
        """Warnings of why answers are not kept, or are not found again; what was told is not told again."""
        self._write(lambda base: None)
        found, where = [], str(self._path)
        if self._is_aside:
            detail = f"{where} was no database any more. It was put aside as {where}{_DAMAGED}."
            found.append(_warning("Kept answers are damaged", detail, "What it held is asked, and paid for, again."))
        if self._lost:
            detail = f"{where}: {self._lost:,} could not be written."
            found.append(_warning("Answers were not kept", detail, _PAID_AGAIN))
        if self._long:
            detail = f"{self._long:,} of more than {MOST_BYTES:,} bytes."
            found.append(_warning("Answers were not kept", detail, f"{_PAID_AGAIN} -max-tokens bounds them."))
        if self._why not in ("", self._said):
            mend = "Mend it, or delete the file."
            if self._path is None:
                where, mend = "No folder", "Set HOME, or FTPLAN_CACHE_DIR to a folder."
            advice = f"Whatever is asked now is paid for again when it is asked again. {mend}"
            found.append(_warning("Answers cannot be kept", f"{where}: {self._why}.", advice))
        self._said, self._lost, self._long, self._is_aside = self._why, 0, 0, False
        return found

    def kept_answers(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        """The answers to exactly these questions, as far as there are any to be trusted."""
        unknown = [key for key in dict.fromkeys(keys) if key not in self._held]
        if unknown:
            self._held.update(self._done(lambda base: _found(base, unknown)) or {})
        return {key: self._held[key] for key in keys if key in self._held}

    def keep_answer(self, key: str, answer: Answer) -> None:
        """Keeps an answer. One that is too long to be worth it is not written."""
        self._held[key] = answer
        body = json.dumps(to_plain(answer), sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if self._path is None:
            return
        if len(body) > MOST_BYTES:
            self._long += 1
            return
        row = (key, body, _digest(key, body), int(self._now()))
        # Counting all there are takes its time.
        bounds, self._written = self._written % BOUND_EVERY == 0, self._written + 1
        if not self._write(lambda base: _keep(base, row, bounds)):
            self._lost += 1

    def claim(self, key: str) -> bool:
        """Whether nobody else is asking this question: until it is released, or this process ends, nobody does."""
        return self._claims.claim(key)

    def release(self, key: str) -> None:
        """Lets others ask it."""
        self._claims.release(key)

    def _write(self, change: Callable[[sqlite3.Connection], None]) -> bool:
        """Whether `change` was made. Where that puts the file aside, it is made in a new one."""

        def made(base: sqlite3.Connection) -> bool:
            base.execute("begin immediate")
            change(base)
            base.execute("commit")
            return True

        self._why = self._nowhere
        return bool(self._done(made, mending=True) or (not self._why and self._done(made, mending=True)))

    def _done(self, work: Callable[[sqlite3.Connection], T], *, mending: bool = False) -> T | None:
        """What `work` gives with the base; None where there is none to be had, or SQLite says something against it,
        which is noted. One that is damaged is put aside where that is `mending` it: whoever only reads changes
        nothing."""
        base = None
        try:
            base = _connected(self._path) if self._path is not None else None
            return None if base is None else work(base)
        except sqlite3.Error as error:
            self._why = str(error)
            # Damage alone is of just this type: what is busy, full or not to be opened has one of its own.
            if mending and type(error) is sqlite3.DatabaseError:
                self._put_aside()
        except OSError as error:
            self._why = error.strerror or str(error)
        finally:
            if base is not None:
                base.close()
        return None

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
    if not all(_is_own(status) for status in (path.parent.stat(), path.lstat())):
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


def _found(base: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Answer]:
    found = {}
    for key in keys:
        row = base.execute("select body, digest from answers where key = ?", (key,)).fetchone()
        answer = _trusted(key, *row) if row is not None else None
        if answer is not None:
            found[key] = answer
    return found


def _trusted(key: str, body: object, digest: object) -> Answer | None:
    """The answer in a row, None where it is not as it was written."""
    if not isinstance(body, bytes) or _digest(key, body) != digest:
        return None
    try:
        return from_plain(Answer, json.loads(body.decode("utf-8", "surrogatepass")))
    except (Misfit, ValueError, RecursionError):
        return None


def _keep(base: sqlite3.Connection, row: tuple[str, bytes, str, int], bounds: bool) -> None:
    base.execute("insert or replace into answers values (?, ?, ?, ?)", row)
    if bounds:
        _bound(base)


def _bound(base: sqlite3.Connection) -> None:
    """Lets go of the oldest."""
    if base.execute("select count(*) from answers").fetchone()[0] > MOST_ANSWERS:
        oldest = "select key from answers order by at, rowid limit ?"
        base.execute(f"delete from answers where key in ({oldest})", (MOST_ANSWERS // 10,))  # noqa: S608


def _digest(key: str, body: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\0" + body).hexdigest()
