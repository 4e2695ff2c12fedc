"""The lines of a file, one after the other or in blocks of whole lines, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 8 * 1024 * 1024
# So small that a block, its rows and their canonical form stay in a processor's cache together.
BLOCK_BYTES = 1024 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines as they stand in the file, or one that is too long to be held: then `data` is empty."""

    data: bytes
    overlong: bool = False

    def lines(self) -> list[bytes | None]:
        """The lines without their line feeds; None for the one that is too long."""
        if self.overlong:
            return [None]
        pieces: list[bytes | None] = []
        pieces += self.data.split(b"\n")
        if not pieces[-1]:
            pieces.pop()
        return pieces


def blocks(
    file: BinaryIO, seen: Callable[[bytes], object], *, size: int = BLOCK_BYTES, longest: int = MAX_LINE_BYTES
) -> Iterator[Block]:
    """The file in blocks of about `size` bytes, cut behind line feeds, or longer where one line is.

    A line of more than `longest` bytes is a block by itself. `seen` is handed every byte of the file in order, such
    as the `update` of a hash. A line feed at the end of the file ends the last line and starts no further one.
    """
    begun: list[bytes] = []
    held = 0
    while chunk := file.read(min(size, longest)):
        seen(chunk)
        end = chunk.rfind(b"\n") + 1
        if end:
            first = chunk.find(b"\n")
            if held + first > longest:
                yield Block(b"", overlong=True)
                begun, chunk, end = [], chunk[first + 1 :], end - first - 1
            if end:
                yield Block(b"".join([*begun, chunk[:end]]))
            begun, held, chunk = [], 0, chunk[end:]
        held += len(chunk)
        # Of a line that is too long nothing is kept but how long it is.
        begun = [*begun, chunk] if held <= longest else []
    if held:
        yield Block(b"", overlong=True) if held > longest else Block(b"".join(begun))


def lines(
    file: BinaryIO, seen: Callable[[bytes], object], *, longest: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number from 1, without its line feed; None for a line of more than `longest` bytes.

    `seen` is called as by `blocks`.
    """
    number = 0
    for block in blocks(file, seen, longest=longest):
        for line in block.lines():
            number += 1
            yield number, line
