"""A folder beside a local state, for what belongs to it and can be made again."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path

from ftplan.backends.whole import write_whole
from ftplan.errors import Problem, StateError

LARGEST_FILE = 64 * 1024 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")


class BesideFolder:
    """Small files in one folder, by names of digits, lower case letters, dots and hyphens. The folder is made when
    something is first kept, for its owner alone; what is a link instead is not gone into."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, name: str, data: bytes) -> None:
        """`data` under `name`, whole or not at all. Raises `StateError`."""
        try:
            self._path.mkdir(mode=0o700, exist_ok=True)
            if not self._is_folder():
                raise NotADirectoryError(errno.ENOTDIR, "it is no folder")
            write_whole(self._path / _checked(name), data)
        except OSError as error:
            detail = f"{self._path.name}: {error.strerror or error}."
            raise StateError(Problem("What belongs to the state cannot be kept", detail)) from error

    def read(self, name: str) -> bytes | None:
        """What was kept under `name`; None where nothing was, or nothing that may be read."""
        target = self._path / _checked(name)
        if not self._is_folder():
            return None
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(LARGEST_FILE)
        finally:
            os.close(descriptor)

    def names(self) -> tuple[str, ...]:
        """What is kept."""
        if not self._is_folder():
            return ()
        try:
            return tuple(sorted(name for name in os.listdir(self._path) if _NAME.fullmatch(name)))
        except OSError:
            return ()

    def drop(self, name: str) -> None:
        """Takes away what was kept under `name`. What cannot be taken away stays."""
        target = self._path / _checked(name)
        with contextlib.suppress(OSError):
            if self._is_folder():
                target.unlink()

    def _is_folder(self) -> bool:
        try:
            return stat.S_ISDIR(self._path.lstat().st_mode)
        except OSError:
            return False


def _checked(name: str) -> str:
    """Raises ValueError for a name that could lead elsewhere."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a name to keep something under: {name!r}")
    return name
