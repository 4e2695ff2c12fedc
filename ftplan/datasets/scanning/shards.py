"""A file cut into shards that are read apart, maybe by other machines, and what they hold put together in its order.

Who reads a shard opens the file by its path and says the hash of what it read. The same bytes are hashed here: only
where both agree is it the same file, all of it and nothing twice. What others cannot open, such as bytes that are made
of several files, is handed to them as it is hashed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, islice
from typing import BinaryIO, Protocol

from ftplan.datasets.reading.derived import derived_of
from ftplan.datasets.reading.lines import BLOCK_BYTES, CHUNK_BYTES, Block, blocks
from ftplan.datasets.scanning.blockread import BlockFacts, BlockReader
from ftplan.errors import DatasetError, DatasetUnreadable, Problem

SHARD_BYTES = 64 * 1024 * 1024
# What is handed over is held in memory, here and there.
HANDED_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shard:
    """Lines of the file at `path`: those behind the first line feed that stands at `start` or later, or the first line
    of all, to the one that ends at `stop` or later. A line that is longer than a shard leaves the next ones empty."""

    path: str
    start: int
    stop: int | None


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in a shard: in the bytes of the file from `begin` to `end`, which have this `sha256`. `unread`
    says why there is nothing; `problems` are such that nobody else could do better."""

    blocks: tuple[BlockFacts, ...] = ()
    begin: int = 0
    end: int = 0
    sha256: bytes = b""
    unread: str = ""
    problems: tuple[Problem, ...] = ()


Share = Shard | Block
Work = Callable[[Share], Read]


class Machines(Protocol):
    """Who reads shards. `shard_bytes` is how large they are made, `at_once` how many are handed over together."""

    shard_bytes: int

    @property
    def at_once(self) -> int: ...

    def read(self, work: Work, shares: Sequence[Share]) -> Generator[Read, None, None]:
        """What `work` says of each share, in their order. Closing it calls off what is not done. Raises DatasetError
        where the machines fail."""
        ...


def read_spread(
    file: BinaryIO, seen: Callable[[bytes], object], reader: BlockReader, machines: Machines
) -> Iterator[BlockFacts]:
    """What the blocks of all of `file` hold, in order, as `reader` would have found, whose format must be known.

    `seen` is handed every byte in order. Raises DatasetUnreadable where the machines read other bytes than are seen
    here.
    """
    work = ShardReader(reader)
    path = path_of(file)
    shards = cut(path, os.fstat(file.fileno()).st_size, machines.shard_bytes) if path is not None else []
    if shards:
        with closing(machines.read(work, shards)) as results:
            first = next(results)
            # What the first of them cannot open, the others may not find either: it is no shared storage.
            if not first.unread:
                yield from _checked(file, seen, work, zip(shards, chain([first], results), strict=True))
                return
    file.seek(0)
    yield from _handed_over(file, seen, work, machines)


def path_of(file: BinaryIO) -> str | None:
    """Where others find an open file, as far as this machine can tell; None for what stands in no file as it is."""
    if derived_of(file) is not None:
        return None
    try:
        descriptor = file.fileno()
        status = os.fstat(descriptor)
    except OSError:
        return None
    for name in (_opened_as(descriptor), getattr(getattr(file, "raw", None), "name", None)):
        if isinstance(name, str) and _is(status, name):
            return os.path.realpath(name)
    return None


def cut(path: str, size: int, shard_bytes: int) -> list[Shard]:
    """The shards of a file of `size` bytes. The last one has whatever comes."""
    starts = range(0, size, shard_bytes)
    return [Shard(path, start, start + shard_bytes if start != starts[-1] else None) for start in starts]


@dataclass(frozen=True, slots=True)
class ShardReader:
    """What is done to a shard, wherever that is."""

    reader: BlockReader

    def __call__(self, share: Share) -> Read:
        try:
            if isinstance(share, Block):
                return self._handed(share)
            with open(share.path, "rb", buffering=0) as file:
                return self.over(file, share)
        except DatasetError as error:
            return Read(problems=tuple(error.problems))
        except OSError as error:
            return Read(unread=error.strerror or type(error).__name__)

    def over(self, file: BinaryIO, shard: Shard) -> Read:
        """What the shard of an open file holds. Raises OSError and DatasetError."""
        lines = _Lines(file, shard)
        hashed = hashlib.sha256()
        found: list[BlockFacts] = []
        for block in blocks(lines, hashed.update, size=BLOCK_BYTES):  # type: ignore[arg-type]  # reads, and no more
            found.append(self.reader.read(block))
            if found[-1].ended:
                break
        return Read(tuple(found), lines.begin, lines.end, hashed.digest())

    def _handed(self, block: Block) -> Read:
        pieces = [block] if block.overlong else blocks(BytesIO(block.data), len, size=BLOCK_BYTES)
        return Read(tuple(self.reader.read(piece) for piece in pieces))


class _Lines:
    """The bytes of a shard, read like a file: from `begin` to the `end` that was reached."""

    def __init__(self, file: BinaryIO, shard: Shard) -> None:
        self._file, self._stop = file, shard.stop
        begin = 0 if shard.start == 0 else _behind_line(file, shard.start, shard.stop)
        self._over = begin is None
        self.begin = self.end = shard.start if begin is None else begin
        file.seek(self.begin)

    def read(self, size: int) -> bytes:
        if self._over:
            return b""
        chunk = self._file.read(size)
        if self._stop is not None and self.end + len(chunk) > self._stop:
            last = chunk.find(b"\n", max(0, self._stop - self.end))
            if last >= 0:
                chunk, self._over = chunk[: last + 1], True
        self.end += len(chunk)
        return chunk


def _behind_line(file: BinaryIO, start: int, stop: int | None) -> int | None:
    """The place behind the first line feed from `start` on; None where there is none before `stop`."""
    file.seek(start)
    while stop is None or start < stop:
        chunk = file.read(CHUNK_BYTES if stop is None else min(CHUNK_BYTES, stop - start))
        at = chunk.find(b"\n")
        if at >= 0:
            return start + at + 1
        if not chunk:
            return None
        start += len(chunk)
    return None


def _checked(
    file: BinaryIO, seen: Callable[[bytes], object], work: ShardReader, results: Iterator[tuple[Shard, Read]]
) -> Iterator[BlockFacts]:
    at = 0
    file.seek(at)
    for shard, found in results:
        if found.unread:
            # Not every machine sees the file: what this one could not read is read here.
            found = work.over(file, shard)
            file.seek(at)
        if _sound(found).end > found.begin:
            if found.begin != at or _hashed(file, found.end - at, seen) != found.sha256:
                raise _changed()
            at = found.end
            yield from found.blocks
    if file.read(1):
        raise _changed()


def _hashed(file: BinaryIO, size: int, seen: Callable[[bytes], object]) -> bytes:
    hashed = hashlib.sha256()
    while size > 0 and (chunk := file.read(min(size, BLOCK_BYTES))):
        hashed.update(chunk)
        seen(chunk)
        size -= len(chunk)
    return hashed.digest()


def _handed_over(
    file: BinaryIO, seen: Callable[[bytes], object], work: ShardReader, machines: Machines
) -> Iterator[BlockFacts]:
    source = blocks(file, seen, size=min(HANDED_BYTES, machines.shard_bytes))
    while some := list(islice(source, machines.at_once)):
        with closing(machines.read(work, some)) as results:
            for found in results:
                yield from _sound(found).blocks


def _sound(found: Read) -> Read:
    if found.problems:
        raise DatasetError(found.problems)
    return found


def _changed() -> DatasetUnreadable:
    detail = "Others read other bytes of it than were hashed here."
    advice = "Measure it again when nobody writes to it. Every machine has to see the same file."
    return DatasetUnreadable(Problem("The dataset changed while it was read", detail, advice=advice))


def _opened_as(descriptor: int) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None


def _is(status: os.stat_result, name: str) -> bool:
    try:
        return os.path.samestat(status, os.stat(name))
    except OSError:
        return False
