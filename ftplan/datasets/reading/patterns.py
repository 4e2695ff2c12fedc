"""Which files a path with `*`, `?` or `[...]` means: the same ones in the same order on every machine.

`*`, `?` and `[...]` stand for characters of one name, `**` for folders, as many as there are or none. What begins with
a dot is meant only where the pattern says the dot. `**` does not go through links.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from ftplan.datasets.reading.walking import Entry, Ground, Refused
from ftplan.datasets.rows.faults import shown

MAX_FILES = 10_000
MAX_LOOKED_AT = 500_000
MAX_DEPTH = 100
_MAGIC = re.compile(r"[*?\[]")
_ANY_FOLDERS = "**"


def is_pattern(path: str) -> bool:
    """True where `path` has a character that stands for others."""
    return _MAGIC.search(path) is not None


def matching(ground: Ground, pattern: str) -> list[str]:
    """The paths of what `pattern` means, each once, in the order of their bytes. Folders are left out; what a link
    leads to is not looked at. Raises Refused and OSError."""
    search = _Search(ground, pattern)
    found = set(search.below("/" if pattern.startswith("/") else "", search.parts))
    return sorted(found, key=os.fsencode)


class _Search:
    """One look through the folders that a pattern leads to."""

    def __init__(self, ground: Ground, pattern: str) -> None:
        self._ground, self._pattern = ground, pattern
        components = [part for part in pattern.split("/") if part not in ("", ".")]
        # `**/**` means no more than `**`, and as the last it means every file below.
        parts = [part for part, same in groupby(components) for _ in _once(part, same)]
        self.parts = [*parts, "*"] if parts and parts[-1] == _ANY_FOLDERS else parts
        self._looked_at = self._found = 0

    def below(self, folder: str, parts: Sequence[str], depth: int = 0) -> Iterator[str]:
        """What `parts` mean in `folder`."""
        if depth > MAX_DEPTH:
            raise self._too_much(f"folders that stand deeper than {MAX_DEPTH} in each other")
        first, rest = parts[0], parts[1:]
        if first == _ANY_FOLDERS:
            yield from self.below(folder, rest, depth)
            for entry in self._entries(folder):
                if entry.is_folder and not entry.name.startswith("."):
                    yield from self.below(_joined(folder, entry.name), parts, depth + 1)
        elif rest and not is_pattern(first):
            yield from self.below(_joined(folder, first), rest, depth + 1)
        else:
            yield from self._named(folder, first, rest, depth)

    def _named(self, folder: str, part: str, rest: Sequence[str], depth: int) -> Iterator[str]:
        is_meant = _matcher(part)
        for entry in self._entries(folder):
            if not is_meant(entry.name):
                continue
            path = _joined(folder, entry.name)
            if rest and (entry.is_folder or entry.is_link):
                yield from self.below(path, rest, depth + 1)
            elif not rest and (entry.is_file or entry.is_link):
                yield self._counted(path)

    def _entries(self, folder: str) -> list[Entry]:
        try:
            found = self._ground.entries(folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror}, at {shown(folder)}") from None
        self._looked_at += len(found)
        if self._looked_at > MAX_LOOKED_AT:
            raise self._too_much(f"more than {MAX_LOOKED_AT:,} names to look at")
        # The folder of git is no data, whatever is said of it: objects of other branches lie there.
        return [entry for entry in found if entry.name.casefold() != ".git"]

    def _counted(self, path: str) -> str:
        if any(0xD800 <= ord(c) < 0xE000 for c in path):
            detail = f"{shown(self._pattern)} matches a file whose name is not UTF-8."
            raise Refused("A dataset path is unusable", detail, "Give the file another name.")
        self._found += 1
        if self._found > MAX_FILES:
            raise self._too_much(f"more than {MAX_FILES:,} files")
        return path

    def _too_much(self, what: str) -> Refused:
        detail = f"{shown(self._pattern)} leads to {what}."
        return Refused("A dataset pattern is too wide", detail, "Name the folder that holds the files.")


def _once(part: str, same: Iterable[str]) -> Iterable[str]:
    return [part] if part == _ANY_FOLDERS else list(same)


def _matcher(part: str) -> Callable[[str], bool]:
    if not is_pattern(part):
        return lambda name: name == part
    expression = re.compile(fnmatch.translate(part))
    hidden_too = part.startswith(".")
    return lambda name: (hidden_too or not name.startswith(".")) and expression.match(name) is not None


def _joined(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name
