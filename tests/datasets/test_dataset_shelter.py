"""What was fetched is kept by its hash: private, whole, bounded, and never taken for what it is not."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

import pytest

from ftplan.datasets import Cache
from ftplan.datasets.reading.walking import Refused
from ftplan.datasets.sources.shelter import STALE_SECONDS, Shelter


@pytest.fixture
def shelter(tmp_path: Path) -> Shelter:
    return Shelter(Cache(tmp_path / "cache" / "datasets.sqlite3"))


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def keep(shelter: Shelter, data: bytes) -> Path:
    with shelter.draft() as draft:
        draft.write_bytes(data)
        shelter.keep(draft, sha256_of(data))
    assert shelter.folder is not None
    return shelter.folder / sha256_of(data)


def found(shelter: Shelter, data: bytes) -> bytes | None:
    file = shelter.find(sha256_of(data))
    if file is None:
        return None
    with file:
        return file.read()


def test_what_is_kept_is_found_by_every_run(shelter: Shelter) -> None:
    path = keep(shelter, b"rows")
    assert found(shelter, b"rows") == found(Shelter(shelter.cache), b"rows") == b"rows"
    assert found(shelter, b"others") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:2]] == [0o700, 0o700]


def test_a_draft_that_is_not_kept_is_gone(shelter: Shelter) -> None:
    with contextlib.suppress(KeyboardInterrupt), shelter.draft() as draft:
        draft.write_bytes(b"half")
        raise KeyboardInterrupt
    assert shelter.folder is not None
    assert list(shelter.folder.iterdir()) == []


def test_what_is_kept_already_is_not_replaced_under_its_readers(shelter: Shelter) -> None:
    path = keep(shelter, b"rows")
    before = path.stat()
    keep(Shelter(shelter.cache), b"rows")
    assert (path.stat().st_ino, path.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_what_is_damaged_is_thrown_away(shelter: Shelter) -> None:
    path = keep(shelter, b"rows")
    path.write_bytes(b"rowz")
    assert found(shelter, b"rows") is None
    assert not path.exists()
    assert keep(shelter, b"rows").read_bytes() == b"rows"


def test_a_file_that_others_may_write_or_that_is_a_link_is_not_taken(shelter: Shelter, tmp_path: Path) -> None:
    path = keep(shelter, b"rows")
    path.chmod(0o666)
    assert found(shelter, b"rows") is None
    path.unlink()
    (tmp_path / "elsewhere").write_bytes(b"rows")
    path.symlink_to(tmp_path / "elsewhere")
    assert found(shelter, b"rows") is None


def test_a_folder_that_others_may_write_is_not_used(shelter: Shelter) -> None:
    assert shelter.folder is not None
    shelter.folder.mkdir(parents=True)
    shelter.folder.chmod(0o777)
    with pytest.raises(Refused), shelter.draft():
        pass


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    shelter = Shelter(Cache(tmp_path / "datasets.sqlite3"), most_bytes=25)
    contents = [letter * 10 for letter in (b"a", b"b", b"c")]
    for age, data in enumerate(contents[:2]):
        os.utime(keep(shelter, data), (1000 + age, 1000 + age))
    assert found(shelter, contents[0]) == contents[0]  # and so it was used after the other
    keep(shelter, contents[2])
    assert [found(shelter, data) is not None for data in contents] == [True, False, True]
    assert found(shelter, b"d" * 30) is None
    assert keep(shelter, b"d" * 30).exists()
    assert [found(shelter, data) for data in contents] == [None, None, None]


def test_drafts_of_dead_runs_are_swept_out(shelter: Shelter) -> None:
    assert shelter.folder is not None
    for name, age in ((".dead.tmp", STALE_SECONDS + 60), (".living.tmp", 60)):
        room = shelter.folder / name
        room.mkdir(parents=True, mode=0o700)
        (room / "draft").write_bytes(b"half")
        then = room.stat().st_mtime - age
        os.utime(room, (then, then))
    shelter.folder.chmod(0o700)
    keep(shelter, b"rows")
    assert [path.name for path in shelter.folder.glob(".*.tmp")] == [".living.tmp"]


def test_without_a_cache_there_is_no_shelter() -> None:
    shelter = Shelter(Cache(None))
    assert found(shelter, b"rows") is None
    with pytest.raises(Refused), shelter.draft():
        pass


def test_a_file_is_not_read_again_while_nobody_wrote_to_it(shelter: Shelter) -> None:
    cache = Cache(shelter.cache.path, now=lambda: 4e9)  # long after the file was written
    path = keep(Shelter(cache), b"rows")
    assert found(Shelter(cache), b"rows") == b"rows"
    assert cache.sha256_of(path.stat()) == sha256_of(b"rows")
