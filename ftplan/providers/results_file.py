"""What a results file says: CSV, or base64 of CSV, read as it comes and only so far. Whatever it holds, nothing of it
raises: what cannot be read is said, and what stood before it counts."""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from ftplan.core.metrics import MOST_COLUMNS, Measured, Point, measured, read_step

LARGEST_BYTES = 32 * 1024 * 1024
LONGEST_LINE = 64 * 1024
_HEAD_BYTES = _PIECE_BYTES = 4096


class _Damaged(Exception):
    """Why it cannot be read any further."""


def read_results(chunks: Iterable[bytes]) -> tuple[Measured, tuple[str, ...]]:
    """The figures in the file that `chunks` are, and what was wrong with it in a few words each."""
    wrong: list[str] = []
    found = measured(_points(chunks, wrong))
    if found.cut:
        wrong.append("it holds more figures than are ever kept; the first ones are")
    return found, tuple(wrong)


def _points(chunks: Iterable[bytes], wrong: list[str]) -> Iterator[Point]:
    try:
        yield from _cells(csv.reader(_lines(_decoded(_bounded(chunks))), strict=True), wrong)
    except _Damaged as damage:
        wrong.append(str(damage))
    except csv.Error as error:
        wrong.append(f"it breaks off as CSV ({error})")


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    left = LARGEST_BYTES
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left < 0:
            raise _Damaged(f"it is larger than {LARGEST_BYTES >> 20} MiB, and was read so far only")


def _decoded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The CSV itself. No document says that the service encodes it in base64, which has no commas."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    if not head.strip():
        raise _Damaged("it is empty")
    whole = chain([head], chunks)
    return whole if b"," in head.strip().partition(b"\n")[0] else _from_base64(whole)


def _from_base64(chunks: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for chunk in chunks:
        left += b"".join(chunk.split())
        whole, left = left[: len(left) - len(left) % 4], left[len(left) - len(left) % 4 :]
        # Piece by piece, so that what stands before any damage is read.
        yield from (_unwrapped(whole[at : at + _PIECE_BYTES]) for at in range(0, len(whole), _PIECE_BYTES))
    if left:
        yield _unwrapped(left + b"=" * (-len(left) % 4))


def _unwrapped(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise _Damaged("it is neither CSV nor base64 of CSV, or breaks off as that") from None


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    begun = ""
    for chunk in chunks:
        *lines, begun = (begun + decoder.decode(chunk)).replace("\r\n", "\n").split("\n")
        yield from filter(None, lines)
        if len(begun) > LONGEST_LINE:
            raise _Damaged(f"it has a line of more than {LONGEST_LINE >> 10} KiB")
    yield begun.rstrip("\r")


def _cells(rows: Iterator[list[str]], wrong: list[str]) -> Iterator[Point]:
    """A point for each cell that is written; rows without a step are counted and told."""
    names = [name.strip() for name in next(rows, [])]
    at = next((place for place, name in enumerate(names) if name.lower() == "step"), None)
    if at is None:
        raise _Damaged("its first line names no column `step`")
    columns = [(place, name) for place, name in enumerate(names) if place != at][: MOST_COLUMNS + 1]
    stepless = 0
    for row in rows:
        step = read_step(row[at]) if at < len(row) else None
        if step is None:
            stepless += any(map(str.strip, row))
            continue
        yield from ((step, name, _figure(row[place])) for place, name in columns if place < len(row))
    if stepless:
        wrong.append(f"{stepless:,} of its rows have no step, and were left out")


def _figure(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None
