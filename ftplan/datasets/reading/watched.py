"""A file whose reading somebody follows."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from ftplan.datasets.reading.derived import estimated_bytes


def watched(file: BinaryIO, told: Callable[[int, int], None]) -> BinaryIO:
    """`file`, and closed with it. At each piece that is read `told` hears how many bytes were read since the beginning
    was last gone to, and about how many there are in all."""
    total = estimated_bytes(file)
    file.seek(0)
    return cast(BinaryIO, _Watched(file, lambda done: told(done, total)))


class _Watched(io.BufferedIOBase):
    """What was read is counted, and not where it stood: a table of columns is read here and there."""

    def __init__(self, file: BinaryIO, told: Callable[[int], None]) -> None:
        self._file, self._told = file, told
        self._done = 0
        # By this others see whether the file is made of several.
        self.raw: Any = getattr(file, "raw", None)

    def read(self, size: int | None = -1, /) -> bytes:
        return self._heard(self._file.read(-1 if size is None else size))

    def read1(self, size: int = -1, /) -> bytes:
        return self._heard(self._file.read(size))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if offset == 0 and whence == os.SEEK_SET:
            self._done = 0
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()

    def _heard(self, chunk: bytes) -> bytes:
        self._done += len(chunk)
        self._told(self._done)
        return chunk
