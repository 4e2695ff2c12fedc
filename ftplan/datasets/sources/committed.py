"""Dataset files as they were committed: taken out of git's store, never out of a network.

Git is asked for nothing but objects. No filter, hook or pager of a repository runs, and what is not in the store (a
partial clone) is missing.
"""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, BinaryIO

from ftplan.datasets.reading.patterns import is_pattern
from ftplan.datasets.reading.walking import MAX_LINKS, Ground, Refused
from ftplan.datasets.rows.faults import shown
from ftplan.datasets.sources.paths import ENDINGS, open_dataset
from ftplan.errors import DatasetError, Place, Problem

LARGEST_BYTES = 8 * 1024**3
_FILES, _LINK, _SUBMODULE, _FOLDER = ("100644", "100755"), "120000", "160000", "040000"
_FETCH = "In a CI's shallow clone, fetch the branch first: git fetch origin BRANCH."
_POINTER = b"version https://git-lfs.github.com/spec/"
# A git that is older than GIT_NO_LAZY_FETCH has no transport left either.
_QUIET = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """What stands in a tree. `size` is None where it is no file, or not in the store."""

    mode: str
    object_name: str
    size: int | None = None


class Committed:
    """What was committed in the repository around `folder` as of one commit. Paths are relative to `folder`, and links
    are followed as far as they stay in it. Raises DatasetError where there is no git, no repository or no such
    revision."""

    def __init__(self, folder: Path, revision: str, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = {**environ, **_QUIET}
        self.revision = revision
        if not revision or revision.startswith("-") or any(char.isspace() or char == "\0" for char in revision):
            raise self._unusable("It is no name of a commit, a branch or a tag.")
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found.returncode != 0:
            raise self._unusable(_said(found) or "There is no such commit here.", _FETCH)
        self._commit = found.stdout.decode("ascii", "replace").strip()

    def holds(self, path: str) -> bool:
        """Whether the file at `path` is, byte for byte, what was committed. Not known of a pattern, which is False."""
        if is_pattern(path):
            return False
        try:
            # Opened here: git would follow a link to wherever it leads.
            file, _ = Ground(self._folder).file(path)
        except (Refused, OSError, ValueError):
            return False
        with file:
            entry = self._walked(path)
            # Without filters: what a repository would have run over the file is not ours to run.
            hashed = self._git("hash-object", "--no-filters", "--stdin", stdin=file)
        return entry is not None and hashed.stdout.strip() == entry.object_name.encode()

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO | None]:
        """What `path` meant, open while the block runs; None where nothing was there."""
        where = self._relative(path)
        with TemporaryDirectory(prefix="ftplan-committed-") as made:
            try:
                taken = sum([self._take(name, entry, Path(made)) for name, entry in self._meant(where)])
            except OSError as error:
                raise self._unusable(f"{shown(path)}: {error.strerror or error}.") from None
            if not taken:
                yield None
                return
            file = open_dataset(Path(made), where, place=Place(f"{path} as of {self.revision}"))
            if isinstance(file, Problem):
                raise DatasetError(file)
            with file:
                yield file

    def _relative(self, path: str) -> str:
        """`path` from the folder on, without `..`. Raises DatasetError where it leads out of it."""
        where = os.path.relpath(path, os.path.abspath(self._folder)) if os.path.isabs(path) else os.path.normpath(path)
        if where == ".." or where.startswith("../"):
            raise self._outside(path)
        return where

    def _meant(self, where: str) -> Iterator[tuple[str, _Entry]]:
        """The files that `where` may mean, by their paths."""
        entry = self._walked(where)
        if entry is not None:
            yield where, entry
        elif is_pattern(where):
            parts = PurePosixPath(where).parts
            wild = next(number for number, part in enumerate(parts) if is_pattern(part))
            folder = "/".join(parts[:wild])
            for name, below in self._below(folder):
                path = f"{folder}/{name}" if folder else name
                deep_enough = "**" in parts or len(PurePosixPath(path).parts) == len(parts)
                found = self._walked(path) if below.mode == _LINK and deep_enough else below
                if deep_enough and path.endswith(ENDINGS) and found is not None and found.mode in _FILES:
                    yield path, found

    def _walked(self, path: str) -> _Entry | None:
        """The file at `path`; None where nothing was there, or a folder."""
        entry = self._walk(path)[0]
        return entry if entry is not None and entry.mode in _FILES else None

    def _walk(self, path: str) -> tuple[_Entry | None, str]:
        """What stands at `path`, and where it stands once links are followed. The folder itself has no entry."""
        waiting, at = deque(_components(path)), list[str]()
        links, entry = 0, None
        while waiting:
            name = waiting.popleft()
            if name == "..":
                if not at:
                    raise self._outside(path)
                at.pop()
                continue
            at.append(name)
            entry = next(iter(self._listed(self._commit, "--", f"./{'/'.join(at)}").values()), None)
            if entry is None or (entry.mode in _FILES and waiting):
                return None, ""
            if entry.mode == _SUBMODULE:
                raise self._unusable(f"{shown(path)} leads into a submodule, whose files are another repository's.")
            if entry.mode == _LINK:
                links += 1
                waiting.extendleft(reversed(self._link(path, entry, links)))
                at.pop()
        return entry, "/".join(at)

    def _link(self, path: str, entry: _Entry, links: int) -> list[str]:
        if links > MAX_LINKS:
            raise self._unusable(f"{shown(path)} leads through more than {MAX_LINKS} links.")
        target = os.fsdecode(self._git("cat-file", "blob", entry.object_name).stdout)
        if target.startswith("/"):
            raise self._outside(path)
        return _components(target)

    def _below(self, folder: str) -> Iterator[tuple[str, _Entry]]:
        """Everything below `folder`, however deep."""
        entry, real = self._walk(folder)
        if entry is None and folder:
            return
        yield from self._listed("-r", "--full-tree", f"{self._commit}:./{real}").items()

    def _listed(self, *words: str) -> dict[str, _Entry]:
        """What git lists of a tree."""
        listed = self._git("ls-tree", "-l", "-z", *words)
        if listed.returncode != 0:
            raise self._unusable(_said(listed), _FETCH)
        found = {}
        for line in listed.stdout.split(b"\0"):
            head, _, name = line.partition(b"\t")
            mode, _, object_name, size = (*head.decode("ascii", "replace").split(), "", "", "", "")[:4]
            if mode:
                found[os.fsdecode(name)] = _Entry(mode, object_name, int(size) if size.isdigit() else None)
        return found

    def _take(self, name: str, entry: _Entry, folder: Path) -> int:
        """Writes one file below `folder`. Gives 1. Raises OSError."""
        parts = PurePosixPath(name).parts
        if ".." in parts or name.startswith("/"):
            raise self._outside(name)
        if entry.size is None:
            raise self._unusable(f"{shown(name)} is not in the store.", _FETCH)
        if entry.size > LARGEST_BYTES:
            raise self._unusable(f"{shown(name)} has {entry.size:,} bytes; at most {LARGEST_BYTES:,} are looked at.")
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            done = self._git("cat-file", "blob", entry.object_name, stdout=file)
        if done.returncode != 0:
            raise self._unusable(_said(done))
        with open(target, "rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise _pointer(name, self.revision)
        return 1

    def _git(
        self, *words: str, stdin: int | IO[bytes] = subprocess.DEVNULL, stdout: int | IO[bytes] = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *words]
        try:
            return subprocess.run(  # noqa: S603 - no shell, and no word of it is an option that came from outside
                command,
                cwd=self._folder,
                env=self._environ,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                check=False,
            )
        except (OSError, ValueError) as error:
            raise self._unusable(f"git cannot be run: {getattr(error, 'strerror', None) or error}.") from None

    def _outside(self, path: str) -> DatasetError:
        return self._unusable(f"{shown(path)} leads out of this folder.", "Start above it, with -chdir=DIR.")

    def _unusable(self, why: str, advice: str = "") -> DatasetError:
        return DatasetError(
            Problem("What was committed cannot be read", f"{shown(self.revision)}: {why}", advice=advice)
        )


def _pointer(name: str, revision: str) -> DatasetError:
    detail = f"{shown(name)} as of {shown(revision)} is a pointer to rows that git itself does not have."
    advice = "Check that commit out elsewhere with git lfs, and compare the two files."
    return DatasetError(Problem("A dataset is kept by Git LFS", detail, advice=advice))


def _components(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stderr or b"").decode("utf-8", "replace").strip()[:400]
