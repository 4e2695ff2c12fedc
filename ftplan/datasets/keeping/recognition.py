"""The hash of a dataset without reading it, where it is certain that nobody wrote to its files since it was taken."""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO

from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.reading.derived import derived_of
from ftplan.datasets.reading.lines import CHUNK_BYTES


def sha256_of(file: BinaryIO, cache: Cache) -> str:
    """The SHA-256 of all of a file, remembered or, where it has to be, read. Raises OSError."""
    # Looked at before the file is read: what is written to it meanwhile gives it another look.
    status = _status(file)
    known = _remembered(file, status, cache)
    if known is not None:
        return known
    sha256 = _read(file)
    derived = derived_of(file)
    if derived is not None:
        cache.note_derived(derived.stamp, sha256, derived.line_ends())
    elif status is not None:
        cache.note(status, sha256)
    return sha256


def _remembered(file: BinaryIO, status: os.stat_result | None, cache: Cache) -> str | None:
    derived = derived_of(file)
    if derived is None:
        return cache.sha256_of(status) if status is not None else None
    known = cache.derived(derived.stamp)
    if known is None:
        return None
    derived.know(known[1])
    return known[0]


def _status(file: BinaryIO) -> os.stat_result | None:
    """What the file system says of the file; None for one that is in no file system."""
    try:
        return os.fstat(file.fileno())
    except (OSError, AttributeError):
        return None


def _read(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
