"""Where the sandbox keeps things: one SQLite file and, beside it, one folder of blobs.

Both appear with the first thing that must be kept. Until then every read is served from an empty database in memory,
so that looking at a sandbox leaves nothing on disk.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BUSY_SECONDS = 10.0
_TABLES = """
CREATE TABLE IF NOT EXISTS files (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, job_id TEXT, doc TEXT);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, doc TEXT);
CREATE TABLE IF NOT EXISTS parts (id TEXT PRIMARY KEY, upload_id TEXT, bytes INTEGER);
CREATE TABLE IF NOT EXISTS jobs (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, model_id TEXT UNIQUE, doc TEXT);
CREATE TABLE IF NOT EXISTS fits (job_id TEXT PRIMARY KEY, doc TEXT);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, job_id TEXT, due REAL, stored REAL, doc TEXT);
CREATE INDEX IF NOT EXISTS events_by_job ON events (job_id, due, seq);
CREATE TABLE IF NOT EXISTS checkpoints (
  id TEXT PRIMARY KEY, job_id TEXT, step INTEGER, due REAL, stored REAL, doc TEXT);
CREATE TABLE IF NOT EXISTS faults (seq INTEGER PRIMARY KEY AUTOINCREMENT, left INTEGER, doc TEXT);
CREATE TABLE IF NOT EXISTS requests (seq INTEGER PRIMARY KEY AUTOINCREMENT, doc TEXT);
"""


class Store:
    """The database, shared by all threads of this process and by other processes that open the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.blobs = path.with_name(path.name + ".files")
        self._lock = threading.RLock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.executescript(_TABLES)
        self._on_disk = False
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database to read from; makes nothing."""
        with self._lock:
            if not self._on_disk and self.path.exists():
                self._go_to_disk()
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, kept whole or not at all; makes the file when it is the first."""
        with self._lock:
            if not self._on_disk:
                self._go_to_disk()
            with self._transaction():
                yield self._db

    @contextmanager
    def noting(self) -> Iterator[sqlite3.Connection]:
        """One transaction that is not worth a file of its own: it stays in memory while there is none."""
        with self.reading(), self._transaction():
            yield self._db

    def blob(self, name: str) -> Path:
        """Where a blob lies or will lie; the folder is there afterwards."""
        _make_private(self.blobs)
        return self.blobs / name

    def close(self) -> None:
        """Gives the file back; a second call does nothing."""
        with self._lock:
            if not self._closed:
                self._db.close()
            self._closed = True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _go_to_disk(self) -> None:
        """Changes from memory to the file, taking along the only thing memory can hold: the journal."""
        _make_private(self.path.parent)
        # SQLite would create it with the umask's mode; its -wal and -shm follow the mode of the main file.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        disk = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=_BUSY_SECONDS)
        try:
            _settle(disk)
            notes = self._db.execute("SELECT doc FROM requests ORDER BY seq").fetchall()
            disk.executemany("INSERT INTO requests (doc) VALUES (?)", notes)
        except BaseException:
            disk.close()
            raise
        self._db.close()
        self._db, self._on_disk = disk, True


def _make_private(folder: Path) -> None:
    """Makes the folder and those above it for the owner alone; ``mkdir(parents=True)`` does so for the last."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _settle(disk: sqlite3.Connection) -> None:
    give_up = time.monotonic() + _BUSY_SECONDS
    # Two processes may arrive at a new file at once, and the change to WAL fails there instead of waiting its turn.
    while True:
        try:
            disk.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
    disk.execute("PRAGMA synchronous=NORMAL")
    disk.executescript("BEGIN IMMEDIATE;" + _TABLES + "COMMIT;")
