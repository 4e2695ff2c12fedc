"""Compressed files read as what is in them: gzip, and Zstandard (the door of backports.zstd).

Nothing is held but a chunk and what the format needs to look back on: 32 KiB, or up to 128 MiB for Zstandard.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO, Literal

from ftplan.errors import DatasetUnreadable, Place, Problem

Compression = Literal["gzip", "zstd"]

CHUNK_BYTES = 1024 * 1024
# No gzip file expands more than a thousandfold, a Zstandard file of zeros thirty thousandfold. Rows that repeat a
# prompt of 30,000 characters came to 107 and 425; a gigabyte of them is more than two services take in one file.
MOST_TIMES = 500
FREE_BYTES = 1024**3
_SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}


def compression_of(path: str) -> Compression | None:
    """How the file at `path` is compressed, by the end of its name."""
    return next((kind for suffix, kind in _SUFFIXES.items() if path.lower().endswith(suffix)), None)


def plain_name(path: str) -> str:
    """The name that the file at `path` has once it is expanded."""
    return path if compression_of(path) is None else path.rpartition(".")[0]


def expanded(file: BinaryIO, kind: Compression, path: str) -> Iterator[bytes]:
    """What is in a compressed file, in chunks; `path` is how messages name it. Raises DatasetUnreadable where the file
    is damaged or cut off, or where something stands behind its end."""
    try:
        if not file.read(1):
            raise EOFError  # the gzip of Python takes it for a file of no bytes; no compressor writes that
        file.seek(0)
        yield from _of_gzip(file, path) if kind == "gzip" else _of_zstd(file, path)
    except EOFError:
        advice = "Was it copied or written to its end? Make it anew."
        raise _unreadable(
            path, "A compressed dataset is cut off", "It ends where more should follow.", advice
        ) from None


def allowed_bytes(compressed: int) -> int:
    """How much may come out of compressed files of so many bytes together."""
    return max(FREE_BYTES, MOST_TIMES * compressed)


def _of_gzip(file: BinaryIO, path: str) -> Iterator[bytes]:
    import gzip
    import zlib

    begun = False
    try:
        with gzip.GzipFile(fileobj=file) as reader:
            while chunk := reader.read(CHUNK_BYTES):
                begun = True
                yield chunk
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "gzip", str(error), begun=begun) from None


def _of_zstd(file: BinaryIO, path: str) -> Iterator[bytes]:
    # Takes 10 ms to load.
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    begun = False
    try:
        with zstd.ZstdFile(file) as reader:
            while chunk := reader.read(CHUNK_BYTES):
                begun = True
                yield chunk
    except zstd.ZstdError as error:
        raise _damaged(path, "Zstandard", str(error).rpartition(": ")[2], begun=begun) from None


def _damaged(path: str, format: str, said: str, *, begun: bool) -> DatasetUnreadable:
    where = "Behind its beginning it is" if begun else "It is"
    detail = f"{where} no {format} file that can be read: {said}."
    return _unreadable(
        path, "A compressed dataset is damaged", detail, "Make it anew, or give it the name of what it is."
    )


def _unreadable(path: str, summary: str, detail: str, advice: str) -> DatasetUnreadable:
    return DatasetUnreadable(Problem(summary, detail, Place(path), advice))
