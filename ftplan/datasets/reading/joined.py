"""Files one behind the other, expanded where they are compressed, read as the one JSON Lines file they make up."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ftplan.datasets.reading.compressed import (
    CHUNK_BYTES,
    MOST_TIMES,
    Compression,
    allowed_bytes,
    compression_of,
    expanded,
)
from ftplan.datasets.reading.derived import Derived, Stamp, identity
from ftplan.datasets.reading.walking import Files, Irregular, Refused
from ftplan.datasets.rows.faults import shown
from ftplan.errors import DatasetUnreadable, Place, Problem

# What JSON Lines are usually compressed to, for estimates.
USUAL_TIMES = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files, as it was when the stream was opened."""

    path: str
    status: os.stat_result
    compression: Compression | None

    @property
    def estimated_bytes(self) -> int:
        return self.status.st_size * (USUAL_TIMES if self.compression else 1)


def found_parts(ground: Files, paths: Sequence[str]) -> list[Part]:
    """The regular files at `paths`, in that order. What a link leads to and what stands there anyway count once.
    Raises Refused."""
    parts: list[tuple[Part, bool]] = []
    for path in paths:
        try:
            file, linked = ground.file(path)
        except Irregular:
            continue  # a link to a folder, or what became one
        except OSError as error:
            raise Refused("A dataset cannot be opened", f"{shown(path)}: {error.strerror}.") from None
        with file:
            parts.append((Part(path, os.fstat(file.fileno()), compression_of(path)), linked))
    # Two names for one file that are no links are two: stores of data share files whose content is equal.
    met = {_node(part) for part, linked in parts if not linked}
    kept: list[Part] = []
    for part, linked in parts:
        if not (linked and _node(part) in met):
            kept.append(part)
        met.add(_node(part))
    return kept


def _node(part: Part) -> tuple[int, int]:
    return part.status.st_dev, part.status.st_ino


class Joined(Derived):
    """The files one behind the other. Each begins on a line of its own."""

    def __init__(self, ground: Files, parts: Sequence[Part]) -> None:
        super().__init__(Stamp.of((part.path, part.status) for part in parts), sum(p.estimated_bytes for p in parts))
        self._ground, self._parts = ground, parts
        self._ends: list[int] = []  # behind which line each of the first files ends
        self._lines_read = 0

    def chunks(self) -> Iterator[bytes]:
        limit = _Limit(self._parts)
        feeds, unfinished = 0, False
        for number, part in enumerate(self._parts):
            for count, chunk in enumerate(self._bytes_of(part, limit)):
                if unfinished and count == 0:
                    feeds += 1
                    yield b"\n"
                feeds += chunk.count(b"\n")
                unfinished = not chunk.endswith(b"\n")
                self._lines_read = max(self._lines_read, feeds)
                yield chunk
            if number == len(self._ends):
                self._ends.append(feeds + unfinished)

    def place(self, line: int) -> Place:
        if line > self._lines_read and len(self._ends) < len(self._parts):
            for _ in self.chunks():
                pass
        number = min(bisect_left(self._ends, line), len(self._parts) - 1)
        return Place(self._parts[number].path, line - (self._ends[number - 1] if number else 0))

    def line_ends(self) -> Sequence[int]:
        return tuple(self._ends) if len(self._ends) == len(self._parts) else ()

    def know(self, line_ends: Sequence[int]) -> None:
        if len(line_ends) == len(self._parts):
            self._ends = list(line_ends)

    def _bytes_of(self, part: Part, limit: _Limit) -> Iterator[bytes]:
        with self._opened(part) as file:
            if part.compression is None:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
                return
            for chunk in expanded(file, part.compression, part.path):
                limit.spend(len(chunk), part.path)
                yield chunk

    def _opened(self, part: Part) -> BinaryIO:
        """Opened anew for each reading, so that a thousand files are not open at once."""
        try:
            file, _ = self._ground.file(part.path)
        except (Refused, OSError):
            raise changed(part.path) from None
        if identity(os.fstat(file.fileno())) != identity(part.status):
            file.close()
            raise changed(part.path)
        return file


class _Limit:
    """How much may still come out of the compressed files of one stream."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._compressed = sum(part.status.st_size for part in parts if part.compression)
        self._made = 0

    def spend(self, size: int, path: str) -> None:
        self._made += size
        if self._made <= allowed_bytes(self._compressed):
            return
        detail = (
            f"More than {self._made:,} bytes come out of {self._compressed:,}. Beyond 1 GiB, what expands more than "
            f"{MOST_TIMES} times is taken for an attack."
        )
        advice = "If it is none, declare the expanded file."
        raise DatasetUnreadable(Problem("A compressed dataset expands beyond all measure", detail, Place(path), advice))


def changed(path: str) -> DatasetUnreadable:
    """The error of a file that is not what it was."""
    detail = f"{path} was written to, replaced or taken away between two readings."
    return DatasetUnreadable(
        Problem("The dataset changed while it was read", detail, Place(path), "Run the command again.")
    )
