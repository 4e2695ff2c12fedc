"""A dataset file measured: what it is, or everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from ftplan.core.facts import DatasetFacts, Encoding
from ftplan.core.spec import MethodKind
from ftplan.datasets.cache import Cache
from ftplan.datasets.lines import CHUNK_BYTES
from ftplan.datasets.scan import Scan, Scanned
from ftplan.errors import Place, Problem

MIN_ROWS = 10
MAX_ROWS_WITH_IMAGES = 50_000


@dataclass(frozen=True, slots=True)
class Measured:
    """`facts` is None exactly where one of `problems` is an error; warnings leave it."""

    facts: DatasetFacts | None
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def measure(
    file: BinaryIO,
    shown_path: str,
    encodings: Collection[Encoding] = (),
    *,
    expect: MethodKind | None = None,
    min_rows: int = MIN_ROWS,
    max_example_tokens: int | Mapping[Encoding, int] | None = None,
    cache: Cache | None = None,
) -> Measured:
    """What an open file holds, counted in each of `encodings`, and held to the rules of method `expect`.

    Reads the file once from its start, and in constant memory; `shown_path` is how messages name it. With
    `max_example_tokens` a row longer than that gives a warning. With a `cache` the bytes are hashed first, and
    nothing else is done where the cache knows them. Raises DatasetError only where no tokenizer can be loaded.
    """
    limits = _limits(max_example_tokens, encodings)
    try:
        scanned = _scanned(file, shown_path, encodings, expect, limits, cache)
    except OSError as error:
        return Measured(None, (_unreadable(shown_path, error),))
    problems = (*scanned.problems, *_use_problems(scanned, shown_path, min_rows, limits))
    wrong = any(problem.severity == "error" for problem in problems)
    return Measured(None if wrong else scanned.facts, problems)


def _limits(limit: int | Mapping[Encoding, int] | None, encodings: Collection[Encoding]) -> dict[Encoding, int]:
    if limit is None:
        return {}
    if isinstance(limit, int):
        return dict.fromkeys(encodings, limit)
    return {encoding: limit[encoding] for encoding in encodings if encoding in limit}


def _scanned(
    file: BinaryIO,
    shown_path: str,
    encodings: Collection[Encoding],
    expect: MethodKind | None,
    limits: Mapping[Encoding, int],
    cache: Cache | None,
) -> Scanned:
    file.seek(0)
    if cache is None:
        return Scan(shown_path, encodings, expect, limits).over(file)
    sha256 = _sha256(file)
    key = cache.key_of(encodings, expect, limits)
    known = cache.found(sha256, key)
    if known is not None:
        return Scanned(known.facts, (), known.too_long)
    file.seek(0)
    scanned = Scan(shown_path, encodings, expect, limits).over(file)
    # A file that changed between the two readings is kept under what was counted.
    if scanned.facts is not None:
        cache.keep(scanned.facts.sha256, key, scanned.facts, scanned.too_long)
    return scanned


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _use_problems(
    scanned: Scanned, shown_path: str, min_rows: int, limits: Mapping[Encoding, int]
) -> Iterator[Problem]:
    place = Place(shown_path)
    facts = scanned.facts
    if facts is None:
        if not scanned.problems:
            yield Problem("The dataset is empty", f"{shown_path} has no rows.", place, "Is it the right file?")
        return
    if facts.rows < min_rows:
        rows = "1 row" if facts.rows == 1 else f"{facts.rows} rows"
        detail = f"{shown_path} has {rows}; a job needs at least {min_rows}."
        advice = "Add rows; the provider would accept the file and fail the job."
        yield Problem("The dataset has too few rows", detail, place, advice)
    if facts.rows_with_images > MAX_ROWS_WITH_IMAGES:
        detail = f"{facts.rows_with_images:,} rows hold images; {MAX_ROWS_WITH_IMAGES:,} are allowed in one file."
        yield Problem("The dataset has too many rows with images", detail, place)
    for encoding, count in scanned.too_long.items():
        yield _cut_short(facts, encoding, count, limits[encoding], shown_path)


def _cut_short(facts: DatasetFacts, encoding: Encoding, count: int, limit: int, shown_path: str) -> Problem:
    longest = facts.tokens[encoding]
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    return Problem(
        "Rows are longer than the model takes",
        f"{rows} more than {limit:,} tokens ({encoding}); the longest has {longest.longest:,}. The provider cuts "
        "the end off without a word, and the end is the answer.",
        Place(shown_path, longest.longest_line),
        "Shorten or split these rows.",
        severity="warning",
    )


def _unreadable(shown_path: str, error: OSError) -> Problem:
    detail = f"Reading {shown_path} failed: {error.strerror or type(error).__name__}."
    return Problem("The dataset cannot be read", detail, Place(shown_path))
