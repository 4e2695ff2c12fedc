"""Files that a user names on a command line: read wherever they are, written whole or not at all.

What is written lies beside its target under another name until all of it is on the disk. It is as private as the
file it was made of, and takes a name that is taken only where that was asked for.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ftplan.errors import DatasetError, Place, Problem, UsageError

PRIVATE, SHARED = 0o600, 0o664


def opened(path: Path) -> BinaryIO:
    """The file at `path`, open for reading; the caller closes it. Raises DatasetError."""
    try:
        # Looked at before it is opened: opening a device can do things, and opening a pipe can take forever.
        _must_be_regular(os.stat(path), path)
        return open(path, "rb")
    except (OSError, ValueError) as error:
        detail = f"{path}: {getattr(error, 'strerror', None) or error}."
        raise DatasetError(Problem("The file cannot be read", detail, Place(str(path)))) from None


@contextlib.contextmanager
def whole_files(targets: Sequence[Path], source: Path, *, force: bool) -> Iterator[list[BinaryIO]]:
    """A file to write into for each target, made of `source`. They get their names together when the block ends, and
    none of them does when it raises. Raises UsageError for a target that must not be written, DatasetError for one
    that cannot be."""
    wanted = [Path(os.path.realpath(target)) for target in targets]
    for target, real in zip(targets, wanted, strict=True):
        _must_be_free(target, real, source, force)
    if len(set(wanted)) < len(wanted):
        raise UsageError("Two files have one name", detail=f"Both would be written to {targets[0]}.")
    mode = PRIVATE | (os.stat(source).st_mode & SHARED)
    with contextlib.ExitStack() as stack:
        drafts: list[_Draft] = []
        try:
            drafts += [stack.enter_context(_draft(target, mode)) for target in wanted]
            yield [draft.file for draft in drafts]
            for draft in drafts:
                draft.file.flush()
                os.fsync(draft.file.fileno())
            _publish(drafts, force)
        except OSError as error:
            names = ", ".join(str(target) for target in targets)
            raise DatasetError(Problem("File not written", f"{names}: {error.strerror or error}.")) from error


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file under the name it has until it is whole."""

    file: BinaryIO
    name: Path
    target: Path


@contextlib.contextmanager
def _draft(target: Path, mode: int) -> Iterator[_Draft]:
    name = target.with_name(f".{secrets.token_hex(6)}.tmp")
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
    try:
        with open(descriptor, "wb", buffering=1024 * 1024) as file:
            os.fchmod(descriptor, mode)
            yield _Draft(file, name, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _publish(drafts: Sequence[_Draft], force: bool) -> None:
    """Give every draft its name; where one cannot have it, take those back that did not stand there before."""
    given: list[Path] = []
    try:
        for draft in drafts:
            if force:
                os.replace(draft.name, draft.target)
            else:
                _take_name(draft)
                given.append(draft.target)
    except OSError:
        for target in given:
            os.unlink(target)
        raise
    for folder in {draft.target.parent for draft in drafts}:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_name(draft: _Draft) -> None:
    try:
        # A link, unlike a rename, fails where somebody else has just taken the name.
        os.link(draft.name, draft.target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links.
        os.replace(draft.name, draft.target)


def _must_be_free(target: Path, real: Path, source: Path, force: bool) -> None:
    try:
        found = os.stat(real)
    except OSError:
        return  # Nothing is there; whether it can be written, the writing tells.
    if os.path.samestat(found, os.stat(source)):
        detail = f"{target} is the file that is read."
        raise UsageError("A file would be written over itself", detail=detail, advice="Give it another name.")
    _must_be_regular(found, target)
    if not force:
        advice = "Take it away, name another one, or write over it with -force."
        raise UsageError("A file is there already", detail=f"{target} exists, and was left as it is.", advice=advice)


def _must_be_regular(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
        raise DatasetError(Problem("Not a regular file", f"{path} is {what}.", Place(str(path))))
