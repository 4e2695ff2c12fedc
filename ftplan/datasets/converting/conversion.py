"""A foreign file made into rows of ours: records in, wire rows out, and every record that cannot be one named.

    conversion_sources     JSON Lines, a JSON list or CSV: records with their lines
    conversion_parquet     Parquet, the door of pyarrow
    conversion_shapes      which columns a record has, and what they mean
    conversion_turns       a conversation in somebody else's words
    conversion_pairs       preference pairs

No text is made up and none is lost without a word: columns that rows have no place for are named at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, BinaryIO

from ftplan.core.conversions import Container, Converted, Shape, Target
from ftplan.datasets.converting.pairs import preference_row
from ftplan.datasets.converting.shapes import chat_row, shape_of, unrecognised
from ftplan.datasets.converting.sources import Record, container_of, delimiter_of, records
from ftplan.datasets.converting.turns import Unfit
from ftplan.datasets.reading.compressed import plain_name
from ftplan.datasets.rows.formats import row_faults
from ftplan.errors import DatasetError, Place, Problem

LISTED_PROBLEMS = 20
MAX_DROPPED_NAMES = 100


@dataclass(frozen=True, slots=True)
class Order:
    """What to make of a file. `columns` maps our names to the file's; `container` and `shape` are None where the file
    shall tell; `system` is for rows that have no such text of their own."""

    target: Target = "chat"
    container: Container | None = None
    shape: Shape | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    system: str | None = None
    skip_broken: bool = False


def convert(file: BinaryIO, shown_path: str, order: Order, out: BinaryIO) -> Converted:
    """Writes the rows of the file to `out`. One record is in memory at a time, but for a JSON list, which is read as a
    whole. Raises DatasetError with every problem where records are broken, unless they may be left out."""
    container = order.container or container_of(file, PurePath(plain_name(shown_path)).suffix)
    made = _Making(shown_path, container, order)
    delimiter = delimiter_of(file) if container == "CSV" else ""
    for found in records(file, shown_path, container):
        row = made.row(found)
        if row is not None and (order.skip_broken or not made.broken):
            out.write(_line(row))
    return replace(made.result(), delimiter=delimiter)


class _Making:
    """Makes rows of records, all of the shape that the first one has, and keeps the account."""

    def __init__(self, path: str, container: Container, order: Order) -> None:
        self._path, self._container, self._order = path, container, order
        self._shape = order.shape
        self._dropped: dict[str, None] = {}
        self._problems: list[Problem] = []
        self.broken = self._rows = 0

    def row(self, found: Record | Problem) -> dict[str, Any] | None:
        """The row that the record becomes; None where it cannot."""
        made = found if isinstance(found, Problem) else self._made(found)
        if isinstance(made, Problem):
            self.broken += 1
            self._problems += [made] if len(self._problems) < LISTED_PROBLEMS else []
            return None
        self._rows += 1
        return made

    def result(self) -> Converted:
        if self.broken and not self._order.skip_broken:
            raise DatasetError([*self._problems, *self._unlisted()])
        if not self._rows or self._shape is None:
            detail = f"None of its {self.broken:,} records could be converted." if self.broken else "It has no records."
            raise DatasetError([*self._problems, Problem("Nothing to convert", detail, Place(self._path))])
        found = (self._container, self._shape, self._rows, self.broken)
        return Converted(*found, tuple(self._problems), tuple(self._dropped))

    def _made(self, record: Record) -> dict[str, Any] | Problem:
        values = _renamed(record.values, self._order.columns)
        if self._shape is None:
            self._shape = shape_of(values, self._order.target)
        if self._shape is None:
            # Of the file, not of this record: each further one would only repeat it.
            place = Place(self._path, None if record.numbered else record.line)
            raise DatasetError(unrecognised(record.values, self._order.target, self._order.columns, place))
        try:
            make = preference_row if self._shape == "preference" else chat_row
            row, dropped = make(values, self._shape, self._order.system)
        except Unfit as unfit:
            return unfit.at(self._path, record)
        for name in dropped if len(self._dropped) < MAX_DROPPED_NAMES else ():
            self._dropped.setdefault(name)
        return next(self._faults(row, record), row)

    def _faults(self, row: dict[str, Any], record: Record) -> Iterator[Problem]:
        """What the service would refuse in a row that could be made."""
        for fault in row_faults(row, self._order.target):
            problem = fault.at(self._path, record.line)
            if problem.severity == "error":
                yield Unfit(problem.summary, problem.detail, problem.advice).at(self._path, record)

    def _unlisted(self) -> Iterator[Problem]:
        more = self.broken - len(self._problems)
        if more:
            records = "record is" if more == 1 else "records are"
            advice = "Correct those listed and look again, or leave all of them out with -skip-broken."
            yield Problem("More records are broken", f"{more:,} more {records} broken in {self._path}.", advice=advice)


def _renamed(values: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The record with our names for the columns that were named, and without values that are null."""
    named = {theirs: ours for ours, theirs in columns.items()}
    # A column of theirs that has the name of one we were told to find elsewhere is not meant.
    kept = {key: value for key, value in values.items() if key in named or key not in columns}
    return {named.get(key, key): value for key, value in kept.items() if value is not None}


def _line(row: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can spell and UTF-8 cannot.
        return json.dumps(row, allow_nan=False).encode() + b"\n"
