"""A dataset's path opened: only regular files, and only below the project's root unless the user said otherwise.

A path is a file, or a pattern that means several; each may be compressed. What comes back are the bytes as they will be
sent: expanded, and one file behind the other. A plain file comes back open, so that what is hashed is what is sent;
where bytes are made of files, these are opened at each reading, and refused where they are not what they were.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ftplan.core.remote_path import is_remote, listed_schemes
from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.reading.compressed import compression_of
from ftplan.datasets.reading.derived import identity, stream
from ftplan.datasets.reading.joined import Joined, changed, found_parts
from ftplan.datasets.reading.patterns import is_pattern, matching
from ftplan.datasets.reading.walking import Files, Ground, Refused, leaves_project
from ftplan.datasets.rows.faults import nearest, shown
from ftplan.datasets.sources.pinned import Pin, Remote, Supply, Unpinned
from ftplan.errors import DatasetError, Place, Problem

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def open_dataset(
    root: Path,
    relative: str,
    *,
    allow_outside: bool = False,
    place: Place | None = None,
    pin: Pin | None = None,
    supply: Supply | None = None,
) -> BinaryIO | Problem:
    """What `relative` means below `root`, open for reading, or why there is none. The caller closes it.

    `allow_outside` permits absolute paths, `..` and links that lead anywhere. `place` is where the path was written.
    What is stored has to have the digest of `pin`. With it, and a `supply` to take it from, `relative` may be an
    address at a storage service.
    """
    try:
        if pin is not None and supply is not None and is_remote(relative):
            return _expanded(Remote(supply, pin), supply.stored(relative, pin), relative)
        _spelling(relative, allow_outside)
        return opened(Ground(root, allow_outside), relative, pin, supply.shelter.cache if supply else None)
    except Unpinned as refused:
        return Problem(refused.summary, refused.detail, pin.place if pin else place, refused.advice)
    except Refused as refused:
        return Problem(refused.summary, refused.detail, place or Place(relative), refused.advice)
    except DatasetError as error:
        return replace(error.problems[0], place=place or Place(relative))
    except OSError as error:
        return _failed(root, relative, error, place)


def opened(ground: Ground, path: str, pin: Pin | None = None, cache: Cache | None = None) -> BinaryIO:
    """The bytes that `path` means on `ground`; a file that is pinned is hashed, or known to `cache`. Raises Refused and
    OSError."""
    try:
        file, _ = ground.file(path)
    except (FileNotFoundError, NotADirectoryError):
        # A file may be called like a pattern, and then it is what is meant.
        if pin is not None or not is_pattern(path):
            raise
        return _joined(ground, path)
    try:
        if pin is not None:
            pin.hold(file, path, cache or Cache(None))
        return _expanded(ground, file, path)
    except BaseException:
        file.close()
        raise


def _expanded(files: Files, file: BinaryIO, path: str) -> BinaryIO:
    """An open file as it is, or what is in it where its name says that it is compressed."""
    if compression_of(path) is None:
        return file
    with file:
        status = os.fstat(file.fileno())
    parts = found_parts(files, [path])
    if [identity(part.status) for part in parts] != [identity(status)]:
        raise changed(path)
    return stream(Joined(files, parts))


def _joined(ground: Ground, path: str) -> BinaryIO:
    parts = found_parts(ground, matching(ground, path))
    if not parts:
        near = _neighbour(ground.root, path)
        advice = f"Did you mean {shown(near)}?" if near else "Paths start at the folder of the configuration."
        raise Refused("A dataset pattern matches no file", f"No file is meant by {shown(path)}.", advice)
    return stream(Joined(ground, parts))


def _spelling(relative: str, allow_outside: bool) -> None:
    if not relative or any(c in relative for c in "\0\\") or any(0xD800 <= ord(c) < 0xE000 for c in relative):
        detail = f"{shown(relative)} is empty, or has a backslash or a character no path can have."
        raise Refused("A dataset path is unusable", detail, "Write it with forward slashes.")
    if _SCHEME.match(relative):
        detail = f"{shown(relative)} names a drive or a network address."
        advice = f"Datasets are local files, or begin with {listed_schemes()} and are pinned."
        raise Refused("A dataset path is unusable", detail, advice)
    if not allow_outside and (relative.startswith("/") or ".." in relative.split("/")):
        raise leaves_project(relative)


def _failed(root: Path, relative: str, error: OSError, place: Place | None) -> Problem:
    where = place or Place(relative)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        near = _neighbour(root, relative)
        advice = f"Did you mean {shown(near)}?" if near else "Paths start at the folder of the configuration."
        return Problem("A dataset file is missing", f"{shown(relative)} does not exist.", where, advice)
    detail = f"{shown(relative)}: {error.strerror or type(error).__name__}."
    return Problem("A dataset cannot be opened", detail, where)


def _neighbour(root: Path, relative: str) -> str:
    """A JSON Lines file in the root, or one folder below it, whose path reads like `relative`."""
    with contextlib.suppress(OSError):
        found = [path for folder in ("", "*/") for ending in ENDINGS for path in root.glob(f"{folder}*{ending}")]
        return nearest(relative, [str(path.relative_to(root)) for path in found])
    return ""
