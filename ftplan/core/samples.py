"""A row of a dataset taken apart for a reader: who speaks, how much, and what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `part` says which part of the row it stands in where rows have several; `tokens` is None where
    nothing can count them. `calls` are the tools it calls with the arguments, as written."""

    role: str
    text: str
    part: str = ""
    tokens: int | None = None
    images: int = 0
    calls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SampledRow:
    """One row. `other` holds the keys that are no conversation, `row` all of it."""

    line: int
    format: str | None
    turns: tuple[Turn, ...]
    tools: int = 0
    other: Mapping[str, Any] = field(default_factory=dict)
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a file, in its order. `broken` lines of it hold no row, the first of them `first_broken`."""

    rows: tuple[SampledRow, ...]
    of: int
    broken: int = 0
    first_broken: int | None = None
