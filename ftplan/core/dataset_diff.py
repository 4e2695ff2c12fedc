"""What changed in a dataset, as values: counts, and where the changed rows stand. What they say is there only where
somebody asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RowChangeKind = Literal["added", "removed", "edited"]
LISTED_ROWS = 20
"""So many changed rows are listed by their lines; all of them are counted."""


@dataclass(frozen=True, slots=True)
class DiffSide:
    """One side of a diff. What could not be counted is None: tokens where the encoding is another one, rows that are
    `over_limit` where no limit is known, rows `shared` with the dataset it is validated with, or trained with, where
    there is none.

    `roles` are messages by role; `tools` the tools that rows offer or call, by name, with a digest of their definition;
    `duplicates` are rows that stand in it a second time or more often.
    """

    rows: int
    tokens: int | None = None
    longest: int | None = None
    over_limit: int | None = None
    duplicates: int = 0
    shared: int | None = None
    roles: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextChange:
    """One text of a row, before and after, cut and masked; None where that side has none. `where` is its place in the
    row, such as `messages[1].content`, and who says it."""

    where: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that changed. Lines count from 1. `texts` are empty unless they were asked for."""

    kind: RowChangeKind
    old_line: int | None = None
    new_line: int | None = None
    old_tokens: int | None = None
    new_tokens: int | None = None
    texts: tuple[TextChange, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """Two contents of one dataset, row by row: a row is its canonical form, whatever its spelling.

    `old` and `new` say what was compared. `before` is None where nothing is remembered of the old rows; then only
    `after` is known. `moved` are rows of both sides that stand in another order; they are part of `unchanged`. `rows`
    are the first `LISTED_ROWS` changed ones, by line. `encoding` is what tokens were counted in, `limit` the most an
    example may have.
    """

    old: str
    new: str
    before: DiffSide | None
    after: DiffSide
    unchanged: int = 0
    moved: int = 0
    added: int = 0
    removed: int = 0
    edited: int = 0
    encoding: str = ""
    limit: int | None = None
    rows: tuple[RowChange, ...] = ()

    @property
    def changed(self) -> int:
        """How many rows were added, removed or edited."""
        return self.added + self.removed + self.edited
