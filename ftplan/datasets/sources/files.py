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

from ftplan.datasets.reading.compressed import plain_name
from ftplan.datasets.reading.patterns import is_pattern, matching
from ftplan.datasets.reading.walking import Ground, Refused
from ftplan.datasets.sources.paths import opened as opened_on
from ftplan.errors import DatasetError, DatasetUnreadable, Place, Problem, UsageError

PRIVATE, SHARED = 0o600, 0o664


def opened(path: Path) -> BinaryIO:
    """What `path` means, open for reading: a file, expanded where it is compressed, or the files that a pattern means,
    one behind the other. The caller closes it. Raises DatasetError."""
    try:
        if not is_plural(path):
            # Looked at before it is opened: opening a device can do things, and opening a pipe can take forever.
            _must_be_regular(os.stat(path), path)
        return opened_on(Ground(Path(), outside=True), str(path))
    except Refused as refused:
        raise DatasetError(Problem(refused.summary, refused.detail, Place(str(path)), refused.advice)) from None
    except (OSError, ValueError) as error:
        raise _unread(path, error) from None


def opened_as_stored(path: Path) -> BinaryIO:
    """The one file at `path`, open for reading, and not expanded. The caller closes it. Raises DatasetError."""
    try:
        return Ground(Path(), outside=True).file(str(path))[0]
    except Refused as refused:
        raise DatasetError(Problem(refused.summary, refused.detail, Place(str(path)), refused.advice)) from None
    except (OSError, ValueError) as error:
        raise _unread(path, error) from None


def opened_alone(path: Path) -> BinaryIO:
    """As `opened`, but not for what can be read by itself alone: a table of columns, a document. Raises UsageError."""
    if is_plural(path):
        detail = f"{path} means several files, and each is to be read by itself."
        raise UsageError("Not one file", detail=detail, advice="Convert one after the other.")
    return opened(path)


def is_plural(path: Path) -> bool:
    """True for a pattern, and not for a file that is called like one."""
    return is_pattern(str(path)) and not os.path.lexists(path)


def beside(path: Path, ending: str) -> Path:
    """Where to write what is made of `path`: `rows.train.jsonl` beside `rows.jsonl.gz`, with the ending `train.jsonl`.
    Raises UsageError for a pattern that means several files."""
    if is_plural(path):
        detail = f"{path} means several files, so what is made of them has no name yet."
        raise UsageError("A name is missing", detail=detail, advice="The help names the options that say where.")
    return path.parent / f"{Path(plain_name(path.name)).stem}.{ending}"


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
    mode = PRIVATE | _least_shared(source)
    with contextlib.ExitStack() as stack:
        drafts: list[_Draft] = []
        try:
            drafts += [stack.enter_context(_draft(target, mode)) for target in wanted]
            yield [draft.file for draft in drafts]
            for draft in drafts:
                draft.file.flush()
                os.fsync(draft.file.fileno())
            _publish(drafts, force)
        except DatasetUnreadable:
            raise  # of what is read, not of what is written
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
    if any(os.path.samestat(found, read) for read in _read_for(source)):
        detail = f"{target} is the file that is read."
        raise UsageError("A file would be written over itself", detail=detail, advice="Give it another name.")
    _must_be_regular(found, target)
    if not force:
        advice = "Take it away, name another one, or write over it with -force."
        raise UsageError("A file is there already", detail=f"{target} exists, and was left as it is.", advice=advice)


def _read_for(source: Path) -> list[os.stat_result]:
    """What the file system says of each file that `source` means."""
    if not is_plural(source):
        return [os.stat(source)]
    return [os.stat(path) for path in matching(Ground(Path(), outside=True), str(source))]


def _least_shared(source: Path) -> int:
    """The rights that others have on every file that is read."""
    shared = SHARED
    for status in _read_for(source):
        shared &= status.st_mode
    return shared


def _unread(path: Path, error: Exception) -> DatasetError:
    detail = f"{path}: {getattr(error, 'strerror', None) or error}."
    return DatasetError(Problem("The file cannot be read", detail, Place(str(path))))


def _must_be_regular(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
        raise DatasetError(Problem("Not a regular file", f"{path} is {what}.", Place(str(path))))
