"""The SQLite file that measurements are kept in: opened where nobody else could have written it, its tables made anew
where they are of another version."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

FORMAT = 3
WAIT_SECONDS = 2.0

_TABLES = """
create table measured (sha256 text, question text, body text, digest text, used integer,
    primary key (sha256, question));
create table files (device text, inode text, size text, mtime text, ctime text, sha256 text,
    used integer, primary key (device, inode));
create table derived (stamp text primary key, sha256 text, ends text, used integer);
create table sides (sha256 text, wish text, packed blob, digest text, used integer, primary key (sha256, wish));
create table indexes (sha256 text, wish text, body blob, used integer, primary key (sha256, wish));
"""
_NAMES = ("measured", "files", "derived", "sides", "indexes")


def connected(path: Path) -> sqlite3.Connection | None:
    """The base at `path`, made where there is none; None where it is somebody else's or cannot be had. Raises
    sqlite3.Error."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_own(path.parent.stat()):
            return None
        # SQLite would make it readable to everybody; what is no file of ours is not opened.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode) or not is_own(status):
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


def has_its_tables(base: sqlite3.Connection) -> bool:
    """Whether nothing of what a base is made with has gone."""
    rows = base.execute("select name from sqlite_master where type = 'table'").fetchall()
    return {name for (name,) in rows} >= set(_NAMES)


def bound(base: sqlite3.Connection, table: str, entries: int) -> None:
    """Lets go of what was not used for longest."""
    assert table in _NAMES
    if base.execute(f"select count(*) from {table}").fetchone()[0] > entries:  # noqa: S608 - a name of ours
        kept = f"select rowid from {table} order by used desc, rowid desc limit ?"  # noqa: S608
        base.execute(f"delete from {table} where rowid not in ({kept})", (entries * 9 // 10,))  # noqa: S608


def is_own(status: os.stat_result) -> bool:
    """Whether only this user could have written it: a measurement decides what is paid for."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
