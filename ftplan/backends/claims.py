"""Questions that a process is asking just now, so that no other one pays for the same answer."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from pathlib import Path

_MOST_PLACES = 2**62


class Claims:
    """Each claim is a lock on one byte of the file at `path`, which stays empty: the system lets go of it with the
    process, however that ends. Where no lock can be had (no path, no right, a filesystem without) everything may be
    claimed: two may pay for the same then, and nobody is kept from asking."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor: int | None = None

    def claim(self, name: str) -> bool:
        """Whether it is ours now; also where it was."""
        descriptor = self._opened()
        if descriptor is None:
            return True
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(name))
        except (BlockingIOError, PermissionError):
            # https://pubs.opengroup.org/onlinepubs/9699919799/functions/fcntl.html: EAGAIN or EACCES, both mean held.
            return False
        except OSError:
            return True
        return True

    def release(self, name: str) -> None:
        """Lets go of it."""
        if self._descriptor is not None:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, _place(name))
            except OSError:
                return

    def _opened(self) -> int | None:
        """The file, open for as long as this process lives: closing it would let go of every claim."""
        if self._descriptor is None and self._path is not None:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._descriptor = _regular(os.open(self._path, flags, 0o600))
            except OSError:
                self._path = None
        return self._descriptor


def _regular(descriptor: int) -> int | None:
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _place(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % _MOST_PLACES
