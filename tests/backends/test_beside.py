"""What is kept beside a local state: by harmless names, in a folder of its own, and in no other."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ftplan.backends.local import LocalBackend
from ftplan.core.stores import KeepsBeside
from ftplan.errors import StateError


@pytest.fixture
def backend(tmp_path: Path) -> KeepsBeside:
    return LocalBackend(tmp_path / "ftplan.state.json")


def test_what_is_kept_is_found_and_dropped_again(backend: KeepsBeside, tmp_path: Path) -> None:
    assert (backend.beside("a.rows"), backend.beside_names()) == (None, ())
    backend.keep_beside("a.rows", b"one")
    backend.keep_beside("a.rows", b"two")
    backend.keep_beside("b.rows", b"")
    assert (backend.beside("a.rows"), backend.beside_names()) == (b"two", ("a.rows", "b.rows"))
    backend.drop_beside("a.rows")
    backend.drop_beside("a.rows")
    assert (backend.beside("a.rows"), backend.beside_names()) == (None, ("b.rows",))
    assert sorted(os.listdir(tmp_path / "ftplan.state.rows")) == ["b.rows"]


def test_only_their_owner_can_read_them(backend: KeepsBeside, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        backend.keep_beside("a.rows", b"one")
    finally:
        os.umask(before)
    folder = tmp_path / "ftplan.state.rows"
    assert [stat.S_IMODE(os.stat(path).st_mode) for path in (folder, folder / "a.rows")] == [0o700, 0o600]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc/passwd", "A", "a\n", "a\0", "x" * 101, ".x"])
def test_no_name_leads_out_of_the_folder(backend: KeepsBeside, name: str) -> None:
    for act in (
        lambda: backend.keep_beside(name, b""),
        lambda: backend.beside(name),
        lambda: backend.drop_beside(name),
    ):
        with pytest.raises(ValueError, match="not a name"):
            act()


def test_a_folder_that_is_a_link_is_not_gone_into(backend: KeepsBeside, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.rows").write_bytes(b"theirs")
    (tmp_path / "ftplan.state.rows").symlink_to(other)
    assert (backend.beside("a.rows"), backend.beside_names()) == (None, ())
    backend.drop_beside("a.rows")
    with pytest.raises(StateError, match=r"cannot be kept"):
        backend.keep_beside("b.rows", b"")
    assert sorted(os.listdir(other)) == ["a.rows"]


@pytest.mark.parametrize("plant", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo, Path.mkdir])
def test_what_is_no_file_is_not_read(backend: KeepsBeside, tmp_path: Path, plant: object) -> None:
    backend.keep_beside("b.rows", b"")
    plant(tmp_path / "ftplan.state.rows" / "a.rows")  # type: ignore[operator]
    assert backend.beside("a.rows") is None
