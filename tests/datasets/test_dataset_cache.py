"""A kept measurement is as good as a new one, and a bad one is as good as none."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftplan.datasets import Cache, Demands, Measured, measure

ROW = {"messages": [{"role": "user", "content": "open sesame"}, {"role": "assistant", "content": "a"}]}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "deep" / "datasets.sqlite3")


class Read(io.BytesIO):
    """A file that counts how often it was read to its end: once to be hashed, and once more to be scanned."""

    ends = 0

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.ends += not chunk
        return chunk


def take(cache: Cache, data: bytes, **options: Any) -> tuple[Measured, bool]:
    """The measurement, and whether the file was scanned and not just hashed."""
    file = Read(data)
    demands = Demands(**{"min_rows": 1, "good_rows": 0, **options})
    result = measure(file, "train.jsonl", ["o200k_base"], demands, cache=cache)
    assert file.ends in (1, 2)
    return result, file.ends == 2


def rows_of(cache: Cache, table: str) -> list[tuple[Any, ...]]:
    if cache.path is None or not cache.path.exists():
        return []
    with sqlite3.connect(cache.path) as base:
        return base.execute(f"select * from {table}").fetchall()


def test_a_known_file_is_not_scanned_again_and_gives_the_same(cache, jsonl) -> None:
    data = jsonl(ROW, ROW)
    (first, scanned), (second, again) = take(cache, data), take(cache, data)
    assert (scanned, again) == (True, False)
    assert first == second
    assert [problem.rule for problem in second.problems] == ["duplicate-rows"]


def test_too_few_rows_are_refused_from_the_cache_too(cache, jsonl) -> None:
    assert take(cache, jsonl(ROW))[0].facts is not None
    result, scanned = take(cache, jsonl(ROW), min_rows=10)
    assert (result.facts, scanned) == (None, False)


@pytest.mark.parametrize("change", [{"method": "supervised"}, {"longest": {"o200k_base": 6}}, {"privacy": False}])
def test_another_question_is_another_entry(change: dict[str, Any], cache, jsonl) -> None:
    take(cache, jsonl(ROW))
    assert take(cache, jsonl(ROW), **change)[1]
    assert len(rows_of(cache, "measured")) == 2


def test_another_rules_version_finds_nothing(cache, jsonl) -> None:
    take(cache, jsonl(ROW))
    assert take(Cache(cache.path, rules=cache.rules + 1), jsonl(ROW))[1]


def test_a_file_with_errors_is_not_kept(cache, jsonl) -> None:
    take(cache, jsonl(ROW, b"{"))
    assert rows_of(cache, "measured") == []


def test_the_file_is_private_and_holds_no_text(cache, jsonl) -> None:
    take(cache, jsonl(ROW))
    assert stat.S_IMODE(cache.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.path.parent.stat().st_mode) == 0o700
    assert b"sesame" not in cache.path.read_bytes()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "no database": lambda path: path.write_bytes(b"hello" * 2000),
    "gone": lambda path: path.unlink(),
    "another format": lambda path: sqlite3.connect(path).execute("pragma user_version = 99"),
    "without its tables": lambda path: sqlite3.connect(path).executescript("drop table measured; drop table files"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_cache_is_as_good_as_none_and_is_begun_anew(name: str, cache, jsonl) -> None:
    expected, _ = take(cache, jsonl(ROW))
    DAMAGE[name](cache.path)
    assert take(cache, jsonl(ROW)) == (expected, True)
    take(cache, jsonl(ROW))
    assert take(cache, jsonl(ROW)) == (expected, False)


@pytest.mark.parametrize(
    "change", ["replace(body, '\"rows\": 1', '\"rows\": 2')", "'[]'", "'{'", "replace(body, 'rows', 'x')"]
)
def test_a_changed_entry_is_not_believed(change: str, cache, jsonl) -> None:
    expected, _ = take(cache, jsonl(ROW))
    with sqlite3.connect(cache.path) as base:
        base.execute(f"update measured set body = {change}")
    assert take(cache, jsonl(ROW)) == (expected, True)


def test_what_others_could_write_is_not_believed(cache, jsonl, monkeypatch) -> None:
    take(cache, jsonl(ROW))
    cache.path.chmod(0o666)
    assert take(cache, jsonl(ROW))[1]
    cache.path.chmod(0o600)
    cache.path.parent.chmod(0o777)
    assert take(cache, jsonl(ROW))[1]
    cache.path.parent.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 123_456)
    assert take(cache, jsonl(ROW))[1]


def test_a_link_is_not_followed(cache, jsonl, tmp_path) -> None:
    take(cache, jsonl(ROW))
    cache.path.rename(tmp_path / "elsewhere")
    cache.path.symlink_to(tmp_path / "elsewhere")
    assert take(cache, jsonl(ROW))[1]


def test_a_cache_that_cannot_be_written_is_as_good_as_none(tmp_path, jsonl) -> None:
    (tmp_path / "file").write_text("")
    assert take(Cache(tmp_path / "file" / "x.sqlite3"), jsonl(ROW))[0].facts is not None
    assert take(Cache(None), jsonl(ROW))[0].facts is not None


def test_the_least_used_entries_make_room(cache) -> None:
    small = replace(cache, entries=10)
    for number in range(25):
        small.keep(f"{number:064}", "q", [number])
        assert len(rows_of(cache, "measured")) <= 10
    assert small.found(f"{24:064}", "q", tuple[int, ...]) == (24,)


class Watched(io.FileIO):
    """A file that counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(-1 if size is None else size) or b""


def reads_of(cache: Cache, path: Path) -> int:
    with Watched(path) as file:
        assert measure(file, path.name, ["o200k_base"], Demands(min_rows=1, good_rows=0), cache=cache).facts is not None
        return file.reads


def test_a_file_that_nobody_touched_is_not_even_read(cache, tmp_path, jsonl) -> None:
    later = replace(cache, now=lambda: time.time() + 10)
    path = tmp_path / "train.jsonl"
    path.write_bytes(jsonl(ROW))
    assert reads_of(later, path) > 0
    assert reads_of(later, path) == 0


@pytest.mark.parametrize("change", ["appended", "rewritten", "replaced", "another time"])
def test_a_file_that_was_touched_is_read_again(change: str, cache, tmp_path, jsonl) -> None:
    later = replace(cache, now=lambda: time.time() + 10)
    path = tmp_path / "train.jsonl"
    path.write_bytes(jsonl(ROW))
    before = path.stat()
    reads_of(later, path)
    if change == "appended":
        path.write_bytes(jsonl(ROW) * 2)
    elif change == "rewritten":
        path.write_bytes(jsonl(ROW).replace(b"sesame", b"SESAME"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "replaced":
        (tmp_path / "new").write_bytes(jsonl(ROW))
        os.replace(tmp_path / "new", path)
    else:
        os.utime(path, ns=(1, 1))
    assert reads_of(later, path) > 0


def test_a_file_written_a_moment_ago_is_not_trusted_by_its_times(cache, tmp_path, jsonl) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(jsonl(ROW))
    reads_of(cache, path)
    assert rows_of(cache, "files") == []
    assert reads_of(cache, path) > 0


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.cache/ftplan/datasets.sqlite3"),
        ({"HOME": "/home/ann", "XDG_CACHE_HOME": "/cache"}, "/cache/ftplan/datasets.sqlite3"),
        ({"HOME": "/home/ann", "XDG_CACHE_HOME": "relative"}, "/home/ann/.cache/ftplan/datasets.sqlite3"),
        ({"HOME": "/home/ann", "FTPLAN_CACHE_DIR": "/mine"}, "/mine/datasets.sqlite3"),
        ({"HOME": "/home/ann", "FTPLAN_CACHE_DIR": ""}, None),
        ({}, None),
    ],
)
def test_the_place_comes_from_the_environment(environment: dict[str, str], path: str | None) -> None:
    assert Cache.of_user(environment).path == (Path(path) if path else None)


WRITER = """
import sys
from pathlib import Path
from ftplan.datasets import Cache
cache = Cache(Path(sys.argv[1]))
for number in range(50):
    cache.keep(f"{sys.argv[2]}{number:063}", "q", [number])
    assert cache.found(f"{sys.argv[2]}{number:063}", "q", tuple[int, ...]) == (number,)
"""


def test_several_processes_keep_and_find_at_once(cache) -> None:
    command = [sys.executable, "-c", WRITER, str(cache.path)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(rows_of(cache, "measured")) == 200
