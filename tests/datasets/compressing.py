"""Files as other people's tools write them: plain, gzip, Zstandard."""

from __future__ import annotations

import gzip
import sys
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENDINGS = ("", ".gz", ".zst")


def packed(data: bytes, ending: str) -> bytes:
    """`data` as a file whose name ends so."""
    return {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}[ending](data)


def in_members(chunks: list[bytes], ending: str) -> bytes:
    """Several compressed files in one, as `cat a.gz b.gz` makes them."""
    return b"".join(packed(chunk, ending) for chunk in chunks)


def wide_window(data: bytes) -> bytes:
    """A Zstandard file that can only be read with a gigabyte of memory."""
    parameters: dict[Any, int] = {
        zstd.CompressionParameter.window_log: 30,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    compressor = zstd.ZstdCompressor(options=parameters)
    return compressor.compress(data) + compressor.flush()


def zeros(size: int) -> bytes:
    """A Zstandard file of so many zeros."""
    compressor, block = zstd.ZstdCompressor(), bytes(16 * 1024**2)
    return b"".join([*(compressor.compress(block) for _ in range(size // len(block))), compressor.flush()])
