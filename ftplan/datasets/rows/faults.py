"""What can be wrong with one row, before anything is said about where the row stands."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from ftplan.datasets.rows.rule import Rule
from ftplan.datasets.rows.rules import UNKNOWN_KEY, WRONG_TYPE
from ftplan.errors import Place, Problem

SHOWN_CHARACTERS = 40
PATH_CHARACTERS = 200
UNKNOWN_KEYS_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule. Names keys, roles and types of a row, never what stands in it.

    `of_file` marks what every other line would only repeat.
    """

    rule: Rule
    detail: str = ""
    advice: str = ""
    column: int | None = None
    of_file: bool = False

    def at(self, path: str, line: int) -> Problem:
        """The problem this is on `line` of the file shown as `path`."""
        return self.rule.problem(self.detail, Place(path, line, self.column), self.advice)


def shown(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """A key or a role in quotes: cut, and with every character that does not print spelled out."""
    cut = text[:most]
    clean = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in cut)
    return f"'{clean}{'…' if len(text) > len(cut) else ''}'"


def listed(words: Collection[str]) -> str:
    """The words in alphabetical order as prose: `a, b or c`."""
    *head, last = sorted(words)
    return f"{', '.join(head)} or {last}" if head else last


def kind_of(value: object) -> str:
    """The JSON type of a decoded value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names: tuple[tuple[type, str], ...] = (
        (str, "a string"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "something else")


def nearest(word: str, known: Collection[str]) -> str:
    """The known word `word` was probably meant to be, the empty string where none comes near."""
    return _nearest(word[:100].lower(), tuple(sorted(known)))


@lru_cache(maxsize=256)  # A misspelled key stands in every row of a file.
def _nearest(word: str, known: tuple[str, ...]) -> str:
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else ""


def unknown_keys(value: Mapping[str, object], known: Set[str], where: str) -> Iterator[Fault]:
    """A fault for each of the first few keys of `value` that the published format does not have."""
    if value.keys() <= known:
        return
    for key in [key for key in value if key not in known][:UNKNOWN_KEYS_A_ROW]:
        near = nearest(key, [word for word in known if word not in value])
        yield Fault(
            UNKNOWN_KEY,
            f"{where} has the key {shown(key)}; known there: {', '.join(sorted(known))}.",
            f"Did you mean {shown(near)}?" if near else "Remove the key.",
        )


def wrong_type(where: str, value: object, wanted: str) -> Fault:
    """The fault that `where` holds another JSON type than `wanted`."""
    return Fault(WRONG_TYPE, f"{where} is {kind_of(value)}; it must be {wanted}.")
