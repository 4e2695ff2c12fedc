"""Rows that stand in two files. A model tested on what it was taught looks better than it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from ftplan.datasets.faults import Fault
from ftplan.datasets.jsonrow import canonical, decoded
from ftplan.datasets.lines import lines
from ftplan.errors import Place, Problem

DIGEST_BYTES = 16
LISTED_LINES = 5


def overlap_problems(
    training: BinaryIO, validation: BinaryIO, training_path: str, validation_path: str
) -> list[Problem]:
    """One warning where rows of `validation` stand in `training` too, however they are formatted; else nothing.

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
    return [_overlap(rows, pairs, training_path, validation_path)] if rows else []


def _digests(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    for number, line in lines(file, lambda chunk: None):
        row = Fault("") if line is None else decoded(line)
        if not isinstance(row, Fault):
            yield number, hashlib.blake2b(canonical(row), digest_size=DIGEST_BYTES).digest()


def _overlap(rows: int, pairs: list[tuple[int, int]], training_path: str, validation_path: str) -> Problem:
    shown = ", ".join(f"{ours} (training line {theirs})" for ours, theirs in pairs)
    more = ", …" if rows > len(pairs) else ""
    stand = "1 row stands" if rows == 1 else f"{rows:,} rows stand"
    return Problem(
        "Validation rows stand in the training data",
        f"{stand} in {training_path} as well as in {validation_path}, on line {shown}{more}. "
        "What is measured on them says nothing about new input.",
        Place(validation_path, pairs[0][0]),
        "Take these rows out of one of the two files.",
        severity="warning",
    )
