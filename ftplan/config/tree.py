"""A document with positions: plain values, and for each of them where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ftplan.config.redact import HIDDEN, looks_secret, redacted
from ftplan.errors import Place

Path = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, both from 1

EXCERPT_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Tree:
    """One YAML document: `value` (dict, list, str, int, float, bool, None) and the marks of what is in it.

    `values` and `keys` map a path to where the value and its key stand. Once variables are filled in, `drawn` names
    the variables a value was made of, `sensitive` the paths whose value must not be shown, and `unresolved` those
    whose variable has no value (already reported; nothing more is to be said about them).
    """

    file: str
    lines: Sequence[str]
    value: Any
    values: Mapping[Path, Mark] = field(default_factory=dict)
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    drawn: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    sensitive: frozenset[Path] = frozenset()
    unresolved: frozenset[Path] = frozenset()
    private_lines: frozenset[int] = frozenset()

    def get(self, *path: str | int) -> Any:
        """The value at `path`, None where there is none (or where something on the way is no collection)."""
        value = self.value
        for part in path:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def mapping(self, *path: str | int) -> dict[str, Any]:
        """The mapping at `path`, empty where something else or nothing stands there."""
        value = self.get(*path)
        return value if isinstance(value, dict) else {}

    def text(self, *path: str | int) -> str | None:
        """The text at `path`, None where it is no text or its variable has no value."""
        value = self.get(*path)
        return value if isinstance(value, str) and path not in self.unresolved else None

    def place(self, path: Path) -> Place:
        """Where to point for `path`: a single value itself, the key of a mapping or a list, else what holds it."""
        while path and path not in self.values:
            path = path[:-1]
        mark = self.values.get(path, (1, 1))
        if isinstance(self.get(*path), (dict, list)):
            mark = self.keys.get(path, mark)
        return self.place_at(mark)

    def key_place(self, path: Path) -> Place:
        """Where the key of `path` stands; for an item of a list the item."""
        return self.place_at(self.keys[path]) if path in self.keys else self.place(path)

    def place_at(self, mark: Mark) -> Place:
        line, column = mark
        shown = HIDDEN if line in self.private_lines else excerpt(self.lines, line, column)
        return Place(self.file, line, column, shown)


def excerpt(lines: Sequence[str], line: int, column: int) -> str:
    """Line number `line` as it may be shown: secrets hidden, cut to about 160 characters around `column`."""
    whole = lines[line - 1] if 0 < line <= len(lines) else ""
    if len(whole) <= EXCERPT_LENGTH:
        return redacted(whole).rstrip()
    # Hide before cutting: half a key is still half a key. A window of it is enough to look at.
    start = max(0, min(column - 1 - EXCERPT_LENGTH // 2, len(whole) - EXCERPT_LENGTH))
    shown = redacted(whole[:20_000])[start : start + EXCERPT_LENGTH]
    return ("…" if start else "") + shown + ("…" if start + EXCERPT_LENGTH < len(whole) else "")


def dotted(path: Path) -> str:
    """`path` as a user would write it: `models.bot.lifecycle.ignore_changes[0]`; the file itself has no name."""
    text = ""
    for part in path:
        word = HIDDEN if isinstance(part, str) and looks_secret(part) else part
        text += f"[{word}]" if isinstance(word, int) else f".{word}" if text else word
    return text or "the file"


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every single value under `value` with its path, in the order of writing."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value
