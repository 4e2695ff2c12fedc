"""Measurements kept between runs, so that an unchanged file is neither read nor counted again.

One SQLite file in the user's cache folder. It holds hashes, counts and on which side of a split each row is, never text
of a dataset, and may be deleted at any time. A cache that cannot be used is as good as none: nothing here raises, and
what is damaged, somebody else's or of another version is not found.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ftplan.core.keeping.plain import Misfit, from_plain, to_plain
from ftplan.datasets.keeping.bits import packed, unpacked
from ftplan.datasets.keeping.cachefile import bound, connected, has_its_tables
from ftplan.datasets.reading.derived import Stamp, identity

T = TypeVar("T")

RULES_VERSION = 6
"""Raised whenever a rule, a count or a split of this room changes, so that what was kept before is not found."""

FOLDER_VARIABLE = "FTPLAN_CACHE_DIR"
FILE_NAME = "datasets.sqlite3"
MAX_ENTRIES = 5_000
MAX_ENTRY_BYTES = 256 * 1024
# One bit a row, and far fewer of them than there are measurements: together 200 MB at the most.
MAX_SIDES_BYTES = 2 * 1024**2
SIDES_SHARE = 50
# 32 bytes a row, of the few datasets that somebody changes just now: together 320 MB at the most.
MAX_INDEX_BYTES = 16 * 1024**2
INDEXES = 20
# A file may be written twice within one tick of a file system's clock (git calls this racy).
TICK_SECONDS = 2.0
DAY_SECONDS = 86_400


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
                bound(base, "measured", self.entries)

    def sha256_of(self, status: os.stat_result) -> str | None:
        """The hash of the bytes of the file with `status`, where it is certain that nobody wrote to it since."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute(
                "select sha256 from files where device = ? and inode = ? and size = ? and mtime = ? and ctime = ?",
                identity(status),
            ).fetchone()
            return row[0] if row else None
        return None

    def note(self, status: os.stat_result, sha256: str) -> None:
        """Notes that the file with `status`, taken before it was read, has this hash."""
        if self.now() - max(status.st_mtime, status.st_ctime) < TICK_SECONDS:
            return
        with self._open() as base:
            if base is not None:
                row = (*identity(status), sha256, int(self.now()))
                base.execute("insert or replace into files values (?, ?, ?, ?, ?, ?, ?)", row)
                bound(base, "files", self.entries)

    def derived(self, stamp: Stamp) -> tuple[str, tuple[int, ...]] | None:
        """The hash of the bytes with `stamp`, and behind which of their lines each of their files ends."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute("select sha256, ends from derived where stamp = ?", (stamp.digest,)).fetchone()
            try:
                return (row[0], from_plain(tuple[int, ...], json.loads(row[1]))) if row else None
            except (Misfit, ValueError, RecursionError):
                return None
        return None

    def note_derived(self, stamp: Stamp, sha256: str, ends: Sequence[int]) -> None:
        """Notes what `derived` is to find, for a stamp that was taken before its files were read."""
        if self.now() - stamp.touched < TICK_SECONDS:
            return
        with self._open() as base:
            if base is not None:
                row = (stamp.digest, sha256, json.dumps(list(ends)), int(self.now()))
                base.execute("insert or replace into derived values (?, ?, ?, ?)", row)
                bound(base, "derived", self.entries)

    def sides(self, sha256: str, wish: str) -> bytes | None:
        """For each line of the bytes with this hash the side it is on by a wish (a `question`), 0 or 1."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute(
                "select packed, digest from sides where sha256 = ? and wish = ?", (sha256, wish)
            ).fetchone()
            return unpacked(row[0]) if row and hashlib.sha256(row[0]).hexdigest() == row[1] else None
        return None

    def keep_sides(self, sha256: str, wish: str, sides: bytes | bytearray) -> None:
        """Keeps what `sides` is to find. What is too large to be worth it is left out."""
        body = packed(sides)
        if len(body) > MAX_SIDES_BYTES:
            return
        with self._open() as base:
            if base is not None:
                row = (sha256, wish, body, hashlib.sha256(body).hexdigest(), int(self.now()))
                base.execute("insert or replace into sides values (?, ?, ?, ?, ?)", row)
                bound(base, "sides", max(1, self.entries // SIDES_SHARE))

    def rows(self, sha256: str, wish: str) -> bytes | None:
        """The index of the rows of the bytes with this hash by a wish (a `question`). It has a seal of its own."""
        with self._open() as base:
            if base is None:
                return None
            row = base.execute("select body from indexes where sha256 = ? and wish = ?", (sha256, wish)).fetchone()
            return bytes(row[0]) if row else None
        return None

    def keep_rows(self, sha256: str, wish: str, body: bytes) -> None:
        """Keeps what `rows` is to find. What is too large to be worth it is left out."""
        if len(body) > MAX_INDEX_BYTES:
            return
        with self._open() as base:
            if base is not None:
                row = (sha256, wish, body, int(self.now()))
                base.execute("insert or replace into indexes values (?, ?, ?, ?)", row)
                bound(base, "indexes", INDEXES)

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
            return connected(self.path) if self.path is not None else None
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError:
            self._take_away()
            return None

    def _take_away_without_tables(self, base: sqlite3.Connection | None) -> None:
        with contextlib.suppress(sqlite3.Error):
            if base is not None and not has_its_tables(base):
                self._take_away()

    def _take_away(self) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
