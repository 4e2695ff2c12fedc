"""Datasets parted in two as they are read: each half a file by itself, though neither is written anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress, count, islice
from typing import BinaryIO

from ftplan.core.spec import Half
from ftplan.datasets.keeping.cache import RULES_VERSION, Cache
from ftplan.datasets.keeping.recognition import sha256_of
from ftplan.datasets.preparing.halves import Wish, split, told_apart
from ftplan.datasets.reading.derived import Derived, Stamp, derived_of, estimated_bytes, stream
from ftplan.datasets.reading.lines import BLOCK_BYTES
from ftplan.datasets.scanning.places import located, place_of
from ftplan.errors import DatasetError, DatasetUnreadable, Place

_FLIPPED = bytes.maketrans(b"\0\1", b"\1\0")


@dataclass(frozen=True, slots=True)
class Sides:
    """For each line of the bytes with the hash `sha256` whether it is for validation."""

    of_line: bytes
    sha256: str


@dataclass(slots=True)
class Parting:
    """Parts each dataset once a run, and never where the cache knows its sides. Also what cannot be parted is
    remembered: the second half is not read for the same answer."""

    cache: Cache
    _known: dict[tuple[str, Wish], Sides | DatasetUnreadable] = field(default_factory=dict)

    def half(self, source: BinaryIO, shown_path: str, half: Half) -> BinaryIO:
        """One half of an open dataset, which is closed with it. Nothing is read before the half is."""
        wish = Wish(half.split.validation, half.split.seed, half.split.stratify, half.split.together)
        return stream(_HalfStream(source, shown_path, wish, half.side == "validation", self))

    def sides(self, source: BinaryIO, stamp: Stamp, shown_path: str, wish: Wish) -> Sides:
        """Raises DatasetUnreadable where the dataset cannot be parted or read."""
        key = (stamp.digest, wish)
        if key not in self._known:
            try:
                self._known[key] = self._found(source, shown_path, wish)
            except DatasetUnreadable as error:
                self._known[key] = error
            except DatasetError as error:
                self._known[key] = DatasetUnreadable(located(p, source, shown_path) for p in error.problems)
        known = self._known[key]
        if isinstance(known, DatasetUnreadable):
            raise known
        return known

    def _found(self, source: BinaryIO, shown_path: str, wish: Wish) -> Sides:
        question = self.cache.question("sides", str(wish.share), wish.seed, wish.stratify, wish.together)
        if self.cache.path is not None:
            sha256 = sha256_of(source, self.cache)
            kept = self.cache.sides(sha256, question)
            if kept is not None:
                return Sides(kept, sha256)
        _, sides, sha256 = split(source, shown_path, wish)
        self.cache.keep_sides(sha256, question, sides)
        return Sides(bytes(sides), sha256)


class _HalfStream(Derived):
    """The lines of one side, each as it stands in the source."""

    def __init__(self, source: BinaryIO, shown_path: str, wish: Wish, validates: bool, parting: Parting) -> None:
        made = ("half", RULES_VERSION, str(wish.share), wish.seed, wish.stratify, wish.together, validates)
        self._source_stamp = _stamp_of(source, shown_path)
        share = wish.share if validates else 1 - wish.share
        super().__init__(self._source_stamp.made_into(*made), int(estimated_bytes(source) * share))
        self._source, self._path, self._wish = source, shown_path, wish
        self._validates, self._parting = validates, parting

    def chunks(self) -> Iterator[bytes]:
        sides = self._sides()
        held: list[bytes] = []
        size = 0
        for side, line in told_apart(self._source, sides.of_line, sides.sha256):
            if side != self._validates:
                continue
            held.append(line)
            size += len(line)
            if size >= BLOCK_BYTES:
                yield b"".join(held)
                held, size = [], 0
        if held:
            yield b"".join(held)

    def place(self, line: int) -> Place:
        sides = self._sides().of_line
        own = sides if self._validates else sides.translate(_FLIPPED)
        return place_of(self._source, self._path, next(islice(compress(count(1), own), line - 1, None), line))

    def close(self) -> None:
        super().close()
        self._source.close()

    def _sides(self) -> Sides:
        return self._parting.sides(self._source, self._source_stamp, self._path, self._wish)


def _stamp_of(source: BinaryIO, shown_path: str) -> Stamp:
    derived = derived_of(source)
    return Stamp.of([(shown_path, os.fstat(source.fileno()))]) if derived is None else derived.stamp
