"""Bytes that stand in no file as they are, but are made of files: opened, read and read again like one.

A reader sees an ordinary file. What it cannot have is a length: that is known once everything was made.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from ftplan.errors import Place

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Raised whenever other bytes are made of the same files.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a stream is made of: a digest of the identities of its files and of what is done to them. `touched` is when
    the youngest of them was last written to or moved, in seconds since the epoch."""

    digest: str
    touched: float

    def made_into(self, *what: Any) -> Stamp:
        """The stamp of what is made of this."""
        return Stamp(_digest([VERSION, self.digest, *what]), self.touched)

    @staticmethod
    def of(files: Iterable[tuple[str, os.stat_result]]) -> Stamp:
        """The stamp of files, by their paths, one behind the other."""
        known = list(files)
        touched = max((max(status.st_mtime, status.st_ctime) for _, status in known), default=0.0)
        return Stamp(_digest([VERSION, [[path, *identity(status)] for path, status in known]]), touched)


def identity(status: os.stat_result) -> tuple[str, ...]:
    """What tells a file from all others, and from itself once it was written to."""
    # The change time cannot be set by hand: it tells of a rewrite whose modification time was set back. As text, since
    # an inode may be larger than the largest number of a database.
    told = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return tuple(map(str, told))


class Derived(io.RawIOBase):
    """The raw side of such bytes. A kind of them says what they are in `chunks`, and where a line is from in `place`.

    Any position can be gone to; what lies before it is made, and thrown away. `estimated_bytes` is about how many
    there are.
    """

    def __init__(self, stamp: Stamp, estimated_bytes: int) -> None:
        self.stamp, self.estimated_bytes = stamp, estimated_bytes
        self._coming: Iterator[bytes] | None = None
        self._chunk = memoryview(b"")
        self._position = 0
        self._failure: BaseException | None = None

    @abstractmethod
    def chunks(self) -> Iterator[bytes]:
        """All the bytes, from the first one on, each time it is called. Raises DatasetUnreadable and OSError."""

    @abstractmethod
    def place(self, line: int) -> Place:
        """Where a line of these bytes stands in the files."""

    def line_ends(self) -> Sequence[int]:
        """What `place` needs and only a reading tells; what `know` takes when the same is opened again."""
        return ()

    def know(self, line_ends: Sequence[int]) -> None:
        """Spares the reading that `line_ends` came of."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        target = memoryview(buffer).cast("B")
        chunk = self._next_chunk()
        size = min(len(target), len(chunk))
        target[:size] = chunk[:size]
        self._chunk = chunk[size:]
        self._position += size
        return size

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            self._skip(None)
        target = offset + (0 if whence == io.SEEK_SET else self._position)
        if target < 0:
            raise ValueError(f"negative seek value {target}")
        if target < self._position or target == 0:
            self._begin_anew()
        self._skip(target)
        return self._position

    def close(self) -> None:
        self._begin_anew()
        super().close()

    def _next_chunk(self) -> memoryview:
        """The rest of the last chunk, or another one that is not empty, or an empty one at the end."""
        if self._failure is not None:
            raise self._failure  # what broke off has not come to its end
        if self._coming is None:
            self._coming = self.chunks()
        try:
            while not self._chunk:
                self._chunk = memoryview(next(self._coming))
        except StopIteration:
            return memoryview(b"")
        except BaseException as error:
            self._failure = error
            raise
        return self._chunk

    def _skip(self, target: int | None) -> None:
        while (target is None or self._position < target) and (chunk := self._next_chunk()):
            size = len(chunk) if target is None else min(len(chunk), target - self._position)
            self._chunk = chunk[size:]
            self._position += size

    def _begin_anew(self) -> None:
        coming, self._coming = self._coming, None
        self._chunk, self._position, self._failure = memoryview(b""), 0, None
        close = getattr(coming, "close", None)
        if close is not None:
            close()  # and with it the file that it is reading


def stream(raw: Derived) -> BinaryIO:
    """`raw` as the file that readers take it for."""
    return io.BufferedReader(raw, io.DEFAULT_BUFFER_SIZE)


def derived_of(file: BinaryIO) -> Derived | None:
    """What `file` is made by; None for a file that stands in a file system."""
    raw = getattr(file, "raw", None)
    return raw if isinstance(raw, Derived) else None


def estimated_bytes(file: BinaryIO) -> int:
    """About how much can be read of a file."""
    derived = derived_of(file)
    return file.seek(0, os.SEEK_END) if derived is None else derived.estimated_bytes


def _digest(told: Any) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
