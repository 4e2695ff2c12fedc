"""A dataset's path opened: only a regular file, and only below the project's root unless the user said otherwise.

A configuration can come from somebody else's pull request, and what it names is uploaded. So the path is walked one
component at a time from an open folder, and every link met on the way is read and walked in the same manner: there
is no moment between the check and the opening. The file comes back open, so that what is hashed is what is sent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections import deque
from pathlib import Path
from typing import BinaryIO

from ftplan.datasets.faults import nearest, shown
from ftplan.errors import Place, Problem

MAX_LINKS = 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class _Refused(Exception):
    """Why a path is not opened."""

    def __init__(self, summary: str, detail: str, advice: str = "") -> None:
        super().__init__(summary)
        self.summary, self.detail, self.advice = summary, detail, advice


def open_dataset(
    root: Path, relative: str, *, allow_outside: bool = False, place: Place | None = None
) -> BinaryIO | Problem:
    """The file at `relative` below `root`, open for reading, or why there is none. The caller closes it.

    `allow_outside` permits absolute paths, `..` and links that lead anywhere. `place` is where the path was written.
    """
    try:
        _spelling(relative, allow_outside)
        if allow_outside:
            return _opened(os.path.join(root, relative), None)
        return _below(root, relative)
    except _Refused as refused:
        return Problem(refused.summary, refused.detail, place or Place(relative), refused.advice)
    except OSError as error:
        return _failed(root, relative, error, place)


def _spelling(relative: str, allow_outside: bool) -> None:
    if not relative or any(c in relative for c in "\0\\") or any(0xD800 <= ord(c) < 0xE000 for c in relative):
        detail = f"{shown(relative)} is empty, or has a backslash or a character no path can have."
        raise _Refused("A dataset path is unusable", detail, "Write it with forward slashes.")
    if _SCHEME.match(relative):
        detail = f"{shown(relative)} names a drive or a network address."
        raise _Refused("A dataset path is unusable", detail, "Datasets are local files; fetch it first.")
    if not allow_outside and (relative.startswith("/") or ".." in relative.split("/")):
        raise _outside(relative)


def _outside(relative: str) -> _Refused:
    return _Refused(
        "A dataset path leaves the project",
        f"{shown(relative)} leads out of the folder of the configuration, and its content would be uploaded.",
        "Keep the file inside the project, or allow paths outside of it with -allow-outside.",
    )


def _below(root: Path, relative: str) -> BinaryIO:
    folders = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        return _walked(folders, relative)
    finally:
        for folder in folders:
            os.close(folder)


def _walked(folders: list[int], relative: str) -> BinaryIO:
    """Walk to the file; `folders` are the open folders from the root down to where the walk stands."""
    waiting = deque(_components(relative))
    links = 0
    while waiting:
        name = waiting.popleft()
        if name == "..":
            if len(folders) == 1:
                raise _outside(relative)
            os.close(folders.pop())
            continue
        status = os.stat(name, dir_fd=folders[-1], follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            links += 1
            waiting.extendleft(reversed(_link(name, folders[-1], links, relative)))
        elif stat.S_ISDIR(status.st_mode) and waiting:
            folders.append(os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=folders[-1]))
        elif waiting:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        else:
            return _opened(name, folders[-1], status)
    raise _irregular("a folder")


def _components(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _link(name: str, folder: int, links: int, relative: str) -> list[str]:
    if links > MAX_LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    target = os.readlink(name, dir_fd=folder)
    if target.startswith("/"):
        raise _outside(relative)
    return _components(target)


def _opened(name: str, folder: int | None, status: os.stat_result | None = None) -> BinaryIO:
    # Looked at before it is opened, since opening a device can do things; and again after, since it can be swapped.
    _must_be_regular(status or os.stat(name))
    flags = _OPEN if folder is not None else _OPEN & ~os.O_NOFOLLOW
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        _must_be_regular(os.fstat(descriptor))
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _must_be_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _irregular("a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device")


def _irregular(what: str) -> _Refused:
    return _Refused("A dataset is not a regular file", f"The path leads to {what}.", "Name a JSON Lines file.")


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
        files = [str(path.relative_to(root)) for pattern in ("*.jsonl", "*/*.jsonl") for path in root.glob(pattern)]
        return nearest(relative, files)
    return ""
