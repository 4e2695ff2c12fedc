"""Files and folders below a root, reached one component at a time from an open folder.

A configuration can come from somebody else's pull request, and what it names is uploaded. So every link met on the way
is read and walked in the same manner: there is no moment between the check and the opening, and no way out.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ftplan.datasets.rows.faults import shown

MAX_LINKS = 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Refused(Exception):
    """Why a path is not opened."""

    def __init__(self, summary: str, detail: str, advice: str = "") -> None:
        super().__init__(summary)
        self.summary, self.detail, self.advice = summary, detail, advice


class Irregular(Refused):
    """It leads to something that is no regular file."""

    def __init__(self, what: str) -> None:
        super().__init__("A dataset is not a regular file", f"The path leads to {what}.", "Name a JSON Lines file.")


def leaves_project(relative: str) -> Refused:
    """The refusal of a path that leads out of the root."""
    return Refused(
        "A dataset path leaves the project",
        f"{shown(relative)} leads out of the folder of the configuration, and its content would be uploaded.",
        "Keep the file inside the project, or allow paths outside of it with -allow-outside.",
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder. A link is neither a folder nor a file: where it leads is found out by walking there."""

    name: str
    is_folder: bool
    is_link: bool
    is_file: bool


class Files(Protocol):
    """What files are opened from by their paths."""

    def file(self, path: str) -> tuple[BinaryIO, bool]:
        """The file at `path`, and whether a link was followed to it. Raises Refused and OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """Where paths start. `outside` permits absolute paths, `..` and links that lead anywhere."""

    root: Path
    outside: bool = False

    def file(self, path: str) -> tuple[BinaryIO, bool]:
        """The regular file at `path`, open for reading, and whether a link was followed to it. The caller closes it.
        Raises Refused and OSError."""
        if self.outside:
            whole = os.path.join(self.root, path)
            return _opened(whole, None, os.stat(whole)), os.path.islink(whole)
        with _walk(self.root) as folders:
            walk = _Walk(folders, path)
            name, status = walk.to_file()
            return _opened(name, folders[-1], status), walk.links > 0

    def entries(self, folder: str) -> list[Entry]:
        """What is in a folder, in no order. Raises Refused and OSError."""
        if self.outside:
            with os.scandir(os.path.join(self.root, folder)) as found:
                return [_entry(one) for one in found]
        with _walk(self.root) as folders:
            _Walk(folders, folder).to_folder()
            with os.scandir(folders[-1]) as found:
                return [_entry(one) for one in found]


def _entry(found: os.DirEntry[str]) -> Entry:
    is_link = found.is_symlink()
    return Entry(
        found.name, not is_link and found.is_dir(follow_symlinks=False), is_link, not is_link and found.is_file()
    )


@contextlib.contextmanager
def _walk(root: Path) -> Iterator[list[int]]:
    """The open folders from the root down to where a walk stands; all are closed at its end."""
    folders = [os.open(root, _FOLDER)]
    try:
        yield folders
    finally:
        for folder in folders:
            os.close(folder)


class _Walk:
    """One way down. `folders` are open, the last is where it stands."""

    def __init__(self, folders: list[int], path: str) -> None:
        self._folders, self._path = folders, path
        self._waiting = deque(_components(path))
        self.links = 0

    def to_file(self) -> tuple[str, os.stat_result]:
        """The name, in the last folder, of what the path leads to, and what it is: neither a link nor a folder."""
        while self._waiting:
            name = self._waiting.popleft()
            status = self._step(name)
            if status is not None and self._waiting:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if status is not None:
                return name, status
        raise Irregular("a folder")

    def to_folder(self) -> None:
        """Walks until the last of the open folders is the one that the path leads to."""
        while self._waiting:
            if self._step(self._waiting.popleft()) is not None:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    def _step(self, name: str) -> os.stat_result | None:
        """Goes one component on; what it is, where there is no going into it."""
        if name == "..":
            if len(self._folders) == 1:
                raise leaves_project(self._path)
            os.close(self._folders.pop())
            return None
        status = os.stat(name, dir_fd=self._folders[-1], follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            self._waiting.extendleft(reversed(self._link(name)))
        elif stat.S_ISDIR(status.st_mode):
            self._folders.append(os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=self._folders[-1]))
        else:
            return status
        return None

    def _link(self, name: str) -> list[str]:
        self.links += 1
        if self.links > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = os.readlink(name, dir_fd=self._folders[-1])
        if target.startswith("/"):
            raise leaves_project(self._path)
        return _components(target)


def _components(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _opened(name: str, folder: int | None, status: os.stat_result) -> BinaryIO:
    # Looked at before it is opened, since opening a device can do things; and again after, since it can be swapped.
    _must_be_regular(status)
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
        raise Irregular("a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device")
