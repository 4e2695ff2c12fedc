"""Files that were fetched, kept by their SHA-256 beside the measurements, so that each is fetched once.

Only this user can write there, a file gets its name when it is whole, and it is held against that name whenever it is
used: what was tampered with, or damaged, is thrown away. Several processes may use one shelter. It is bounded: what was
not used for longest goes first. It may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ftplan.datasets.keeping.cache import FOLDER_VARIABLE, Cache
from ftplan.datasets.keeping.cachefile import is_own
from ftplan.datasets.keeping.recognition import sha256_of
from ftplan.datasets.reading.derived import identity
from ftplan.datasets.reading.walking import Refused

FOLDER = "fetched"
DEFAULT_BYTES = 20 * 1000**3
# Nothing is being fetched for so long.
STALE_SECONDS = 7 * 86_400
_KEPT = re.compile(r"[0-9a-f]{64}")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Shelter:
    """The folder beside `cache`, which knows the hashes of the files in it; without a cache there is none. All of them
    together have `most_bytes` at most."""

    cache: Cache
    most_bytes: int = DEFAULT_BYTES
    _verified: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def folder(self) -> Path | None:
        return self.cache.path.parent / FOLDER if self.cache.path is not None else None

    def find(self, sha256: str) -> BinaryIO | None:
        """The file with this hash, open for reading, where it is here. The caller closes it."""
        if self.folder is None:
            return None
        try:
            file = self._opened(self.folder / sha256)
        except OSError:
            return None
        try:
            if self._is_whole(file, sha256):
                _mark_used(self.folder / sha256)
                return file
        except BaseException:
            file.close()
            raise
        file.close()
        _remove(self.folder / sha256)
        return None

    @contextlib.contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty file to write into; what is not kept is gone afterwards. Raises Refused and OSError."""
        if self.folder is None:
            advice = f"Let {FOLDER_VARIABLE} name a folder, or leave it out."
            raise Refused("A remote dataset cannot be kept", "There is no cache folder.", advice)
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not is_own(self.folder.stat()):
            detail = f"{self.folder} is somebody else's, or others may write there."
            raise Refused("A remote dataset cannot be kept", detail, "Take it away, or make it your own.")
        # In a folder of its own: what is still being written when it is given up finds no place to begin anew.
        room = self.folder / f".{secrets.token_hex(8)}.tmp"
        room.mkdir(mode=0o700)
        try:
            path = room / "draft"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            yield path
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def keep(self, draft: Path, sha256: str) -> None:
        """Gives a draft that is whole the name it is kept by: its hash. Raises OSError."""
        assert self.folder is not None
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        with self._alone(self.folder):
            held = self.find(sha256)
            if held is not None:
                held.close()  # another process may be reading it: it is not replaced
                return
            os.replace(draft, self.folder / sha256)
            self._verified[sha256] = identity(os.lstat(self.folder / sha256))
            self._make_room(self.folder, sha256)

    @contextlib.contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        """The time in which no other process gives names here."""
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _opened(self, path: Path) -> BinaryIO:
        descriptor = os.open(path, _READ)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not is_own(status):
            os.close(descriptor)
            raise PermissionError(f"{path} is no file of this user")
        return open(descriptor, "rb")

    def _is_whole(self, file: BinaryIO, sha256: str) -> bool:
        status = identity(os.fstat(file.fileno()))
        if self._verified.get(sha256) != status:
            if sha256_of(file, self.cache) != sha256:
                return False
            self._verified[sha256] = status
        file.seek(0)
        return True

    def _make_room(self, folder: Path, newest: str) -> None:
        found: list[tuple[float, str, int]] = []
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                status = path.lstat()
                if _KEPT.fullmatch(path.name):
                    found.append((_last_used(path, status), path.name, status.st_size))
                elif path.suffix == ".tmp" and time.time() - status.st_mtime > STALE_SECONDS:
                    shutil.rmtree(path)
        total = sum(size for _, _, size in found)
        for _, name, size in sorted(found):
            if total > self.most_bytes and name != newest:
                _remove(folder / name)
                _remove(_mark(folder / name))
                total -= size


def _mark(path: Path) -> Path:
    # Beside the file: whoever touches the file itself has it hashed anew.
    return path.with_suffix(".used")


def _mark_used(path: Path) -> None:
    with contextlib.suppress(OSError):
        _mark(path).touch(mode=0o600)


def _last_used(path: Path, status: os.stat_result) -> float:
    try:
        return max(status.st_mtime, _mark(path).stat().st_mtime)
    except OSError:
        return status.st_mtime


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
