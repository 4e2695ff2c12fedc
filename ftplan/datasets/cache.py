"""Measurements kept between runs, so that an unchanged file is neither read nor counted again.

One SQLite file in the user's cache folder. It holds hashes and counts, never text of a dataset, and may be deleted at
any time. A cache that cannot be used is as good as none: nothing here raises, and what is damaged, somebody else's or
of another version is not found.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ftplan.core.plain import Misfit, from_plain, to_plain

T = TypeVar("T")

RULES_VERSION = 4
"""Raised whenever a rule or a count of this room changes, so that older measurements are not found any more."""

FOLDER_VARIABLE = "FTPLAN_CACHE_DIR"
FILE_NAME = "datasets.sqlite3"
FORMAT = 1
MAX_ENTRIES = 5_000
MAX_ENTRY_BYTES = 256 * 1024
WAIT_SECONDS = 2.0
# A file may be written twice within one tick of a file system's clock (git calls this racy).
TICK_SECONDS = 2.0
DAY_SECONDS = 86_400

_TABLES = """
create table measured (sha256 text, question text, body text, digest text, used integer,
    primary key (sha256, question));
create table files (device text, inode text, size text, mtime text, ctime text, sha256 text,
    used integer, primary key (device, inode));
"""
_TABLES_THERE = "select count(*) from sqlite_master where type = 'table' and name in ('measured', 'files')"
_COUNTED = {"measured": "select count(*) from measured", "files": "select count(*) from files"}
_TRIMMED = {
    "measured": "delete from measured where rowid not in "
    "(select rowid from measured order by used desc, rowid desc limit ?)",
    "files": "delete from files where rowid not in (select rowid from files order by used desc, rowid desc limit ?)",
}


@dataclass(frozen=True, slots=True)
class Cache:
    """Measurements in the file at `path`, by the rules of one version; with None it finds nothing and keeps nothing.
    It holds up to `entries` of them; `now` is the time in seconds."""

    path: Path | None
    rules: int = RULES_VERSION
    entries: int = MAX_ENTRIES
    now: Callable[[], float] = time.time

    @staticmethod
    def of_user(environment: Mapping[str, str]) -> Cache:
        """The cache in the user's cache folder. FTPLAN_CACHE_DIR names another one; empty, it turns caching off."""
        named = environment.get(FOLDER_VARIABLE)
        if named is not None:
            return Cache(Path(named) / FILE_NAME if named else None)
        # The XDG specification: a path that is not absolute is to be ignored.
        root = environment.get("XDG_CACHE_HOME", "")
        home = environment.get("HOME", "")
        if not os.path.isabs(root):
            root = os.path.join(home, ".cache") if os.path.isabs(home) else ""
        return Cache(Path(root) / "ftplan" / FILE_NAME if root else None)

    def question(self, *asked: Any) -> str:
        """What was asked, as 16 hexadecimal digits: the same dataset gives another answer to another question."""
        return _digest(json.dumps([self.rules, to_plain(asked)], sort_keys=True))[:16]

    def found(self, sha256: str, question: str, kind: type[T]) -> T | None:
        """The answer that was kept for a dataset, as a value of `kind`; None where there is none to be trusted."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute(
                "select body, digest, used from measured where sha256 = ? and question = ?", (sha256, question)
            ).fetchone()
            if row is None or _digest(row[0]) != row[1]:
                return None
            if self.now() - row[2] > DAY_SECONDS:
                base.execute("update measured set used = ? where sha256 = ?", (int(self.now()), sha256))
            try:
                return from_plain(kind, json.loads(row[0]))
            except (Misfit, ValueError, RecursionError):
                return None
        return None

    def keep(self, sha256: str, question: str, answer: Any) -> None:
        """Keeps an answer that had no errors. What is too large to be worth it is left out."""
        body = json.dumps(to_plain(answer), sort_keys=True)
        if len(body) > MAX_ENTRY_BYTES:
            return
        with self._open() as base:
            if base is not None:
                row = (sha256, question, body, _digest(body), int(self.now()))
                base.execute("insert or replace into measured values (?, ?, ?, ?, ?)", row)
                _bound(base, "measured", self.entries)

    def sha256_of(self, status: os.stat_result) -> str | None:
        """The hash of the bytes of the file with `status`, where it is certain that nobody wrote to it since."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute(
                "select sha256 from files where device = ? and inode = ? and size = ? and mtime = ? and ctime = ?",
                _identity(status),
            ).fetchone()
            return row[0] if row else None
        return None

    def note(self, status: os.stat_result, sha256: str) -> None:
        """Notes that the file with `status`, taken before it was read, has this hash."""
        if self.now() - max(status.st_mtime, status.st_ctime) < TICK_SECONDS:
            return
        with self._open() as base:
            if base is not None:
                row = (*_identity(status), sha256, int(self.now()))
                base.execute("insert or replace into files values (?, ?, ?, ?, ?, ?, ?)", row)
                _bound(base, "files", self.entries)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        """The open base, None where it cannot be used. A base that turns out to be damaged is taken away."""
        base = self._connected()
        try:
            yield base
        except sqlite3.OperationalError:  # locked for too long, no room, no rights, no table
            self._take_away_without_tables(base)
        except sqlite3.DatabaseError:
            self._take_away()
        finally:
            if base is not None:
                base.close()

    def _connected(self) -> sqlite3.Connection | None:
        try:
            return _connected(self.path) if self.path is not None else None
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError:
            self._take_away()
            return None

    def _take_away_without_tables(self, base: sqlite3.Connection | None) -> None:
        with contextlib.suppress(sqlite3.Error):
            if base is not None and base.execute(_TABLES_THERE).fetchone()[0] < len(_COUNTED):
                self._take_away()

    def _take_away(self) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()


def _connected(path: Path) -> sqlite3.Connection | None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_own(path.parent.stat()):
            return None
        # SQLite would make it readable to everybody; what is no file of ours is not opened.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode) or not _is_own(status):
        return None
    base = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        _prepare(base)
    except BaseException:
        base.close()
        raise
    return base


def _prepare(base: sqlite3.Connection) -> None:
    if base.execute("pragma user_version").fetchone()[0] == FORMAT:
        return
    base.execute("begin immediate")
    if base.execute("pragma user_version").fetchone()[0] != FORMAT:
        for (name,) in base.execute("select name from sqlite_master where type = 'table'").fetchall():
            base.execute(f'drop table "{name}"')
        for statement in filter(None, map(str.strip, _TABLES.split(";"))):
            base.execute(statement)
        base.execute(f"pragma user_version = {FORMAT}")
    base.execute("commit")


def _bound(base: sqlite3.Connection, table: str, entries: int) -> None:
    """Lets go of what was not used for longest."""
    if base.execute(_COUNTED[table]).fetchone()[0] > entries:
        base.execute(_TRIMMED[table], (entries * 9 // 10,))


def _identity(status: os.stat_result) -> tuple[str, ...]:
    # The change time cannot be set by hand: it tells of a rewrite whose modification time was set back. As text, since
    # an inode may be larger than the largest number here.
    told = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return tuple(map(str, told))


def _is_own(status: os.stat_result) -> bool:
    """Whether only this user could have written it: a measurement decides what is paid for."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
