"""Rows that stand in two files. A model tested on what it was taught looks better than it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ftplan.datasets.reading.lines import lines
from ftplan.datasets.rows.rules import SHARED_ROWS
from ftplan.errors import Place, Problem

Places = tuple[Callable[[int], Place], Callable[[int], Place]]

DIGEST_BYTES = 16
LISTED_LINES = 5


@dataclass(frozen=True, slots=True)
class Shared:
    """How many rows two files share, and the first of their lines, as (validation, training)."""

    rows: int = 0
    lines: tuple[tuple[int, int], ...] = ()

    def problems(self, training_path: str, validation_path: str, places: Places | None = None) -> list[Problem]:
        """One warning where there are any. `places` says where a line of the validation data and one of the training
        data stand, where these are made of several files."""
        if not self.rows:
            return []
        first = self.lines[0][0]
        if places is None:
            place = Place(validation_path, first)
            shown = "on line " + ", ".join(f"{ours} (training line {theirs})" for ours, theirs in self.lines)
        else:
            place = places[0](first)
            shown = ", ".join(f"{places[0](ours)} (training {places[1](theirs)})" for ours, theirs in self.lines)
        more = ", …" if self.rows > len(self.lines) else ""
        stand = "1 row stands" if self.rows == 1 else f"{self.rows:,} rows stand"
        detail = (
            f"{stand} in {training_path} as well as in {validation_path}, {shown}{more}. "
            "What is measured on them says nothing about new input."
        )
        return [SHARED_ROWS.problem(detail, place, "Take these rows out of one of the two files.")]


def shared_rows(training: BinaryIO, validation: BinaryIO) -> Shared:
    """The rows of `validation` that stand in `training` too, however they are formatted.

    Lines that hold no row are passed over: measuring the file names them. Of the validation file a digest a row is
    held in memory, about 100 bytes; of the training file nothing. Raises OSError where a file cannot be read.
    """
    first_lines: dict[bytes, int] = {}
    unmet: dict[bytes, int] = {}
    for line, digest in _digests(validation):
        first_lines.setdefault(digest, line)
        unmet[digest] = unmet.get(digest, 0) + 1
    pairs: list[tuple[int, int]] = []
    rows = 0
    for line, digest in _digests(training):
        if count := unmet.pop(digest, 0):
            rows += count
            pairs.append((first_lines[digest], line))
            # Only the first few by the validation file's order are shown.
            pairs = sorted(pairs)[:LISTED_LINES]
    return Shared(rows, tuple(pairs))


def _digests(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    # Opened late: a plan that finds the answer kept does not pay for msgspec.
    from ftplan.datasets.rows.fastrow import row_of

    file.seek(0)
    for number, line in lines(file, lambda chunk: None):
        found = row_of(line) if line is not None else None
        if isinstance(found, tuple):
            yield number, hashlib.blake2b(found[1], digest_size=DIGEST_BYTES).digest()
