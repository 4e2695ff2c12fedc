"""The lines of a file, one read after the other, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

CHUNK_BYTES = 8 * 1024 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024


def lines(
    file: BinaryIO, seen: Callable[[bytes], object], *, longest: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number from 1, without its line feed; None for a line of more than `longest` bytes.

    `seen` is handed every byte of the file in order, such as the `update` of a hash. A line feed at the end of
    the file ends the last line and starts no further one.
    """
    number, carry, skipping = 0, b"", False
    while chunk := file.read(CHUNK_BYTES):
        seen(chunk)
        pieces = chunk.split(b"\n")
        pieces[0] = carry + pieces[0]
        carry = pieces.pop()
        for piece in pieces:
            number += 1
            yield number, None if skipping or len(piece) > longest else piece
            skipping = False
        if len(carry) > longest:
            carry, skipping = b"", True
    if carry or skipping:
        yield number + 1, None if skipping else carry
