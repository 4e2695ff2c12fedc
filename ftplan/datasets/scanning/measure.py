"""A dataset file measured: what it is, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from ftplan.core.facts import DatasetFacts, Encoding
from ftplan.core.spec import MethodKind
from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.keeping.recognition import sha256_of
from ftplan.datasets.reading.derived import estimated_bytes
from ftplan.datasets.rows.rules import (
    CUT_ANSWER,
    CUT_ROW,
    EMPTY,
    FEW_ROWS,
    FILE_SIZE,
    IMAGE_MODEL,
    MANY_IMAGE_ROWS,
    MANY_ROWS,
    TOO_FEW_ROWS,
)
from ftplan.datasets.scanning.blockread import BlockReader, Cut
from ftplan.datasets.scanning.places import located, told
from ftplan.datasets.scanning.scan import Scan, Scanned
from ftplan.errors import DatasetUnreadable, Place, Problem

if TYPE_CHECKING:
    from ftplan.datasets.scanning.shards import Machines

MIN_ROWS = 10
GOOD_ROWS = 50
# What OpenAI publishes for its other models; for the gpt-4.1 family it names no limit.
PRESUMED_EXAMPLE_TOKENS = 65_536
MAX_ROWS_WITH_IMAGES = 50_000
# A process takes about 150 ms to start and to load a tokenizer, in which another reads as much.
SHARE_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """`facts` is None exactly where one of `problems` is an error; warnings leave it."""

    facts: DatasetFacts | None
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


@dataclass(frozen=True, slots=True)
class Demands:
    """What a file is held to beside the rules of its rows.

    From `good_rows` on no more are advised. `longest` are the tokens of an example beyond which the service is known
    to cut, `presumed` the same where nothing is published; `item_fields` the keys that a grader reads; `privacy` looks
    for secrets and personal data. `without_images` are the base models that no images are documented for.
    """

    method: MethodKind | None = None
    min_rows: int = MIN_ROWS
    good_rows: int = GOOD_ROWS
    max_rows: int | None = None
    longest: Mapping[Encoding, int] = field(default_factory=dict)
    presumed: Mapping[Encoding, int] = field(default_factory=dict)
    item_fields: tuple[str, ...] = ()
    privacy: bool = True
    max_bytes: int | None = None
    max_image_rows: int | None = MAX_ROWS_WITH_IMAGES
    without_images: tuple[str, ...] = ()

    @property
    def limits(self) -> dict[Encoding, int]:
        """Of two limits the one that is known."""
        return {**self.presumed, **self.longest}


def measure(
    file: BinaryIO,
    shown_path: str,
    encodings: Collection[Encoding] = (),
    demands: Demands | None = None,
    *,
    cache: Cache | None = None,
    processes: int = 1,
    machines: Machines | None = None,
    tokenizers: Mapping[Encoding, bytes] | None = None,
) -> Measured:
    """What an open file holds, counted in each of `encodings`, and held to `demands`.

    Reads the file once from its start, and in constant memory; `shown_path` is how messages name it. With a `cache`
    the bytes are hashed first, and nothing else is done where the cache knows them; where it knows the file by its
    times and its place on the disk, not even that. `processes` share the work where the file is large enough to gain
    by it, and `machines` do all of it where it is more than one shard; the result is the same. `tokenizers` are the
    files of encodings that have one of their own. Raises DatasetError only where no tokenizer can be loaded, or where
    the machines fail.
    """
    demands = demands or Demands()
    reader = BlockReader(
        encodings,
        demands.method,
        demands.limits,
        privacy=demands.privacy,
        item_fields=demands.item_fields,
        tokenizers=tokenizers or {},
    )
    try:
        scan = _scan_of(file, shown_path, reader, processes, machines)
        scanned = scan() if cache is None else _cached(file, scan, cache, _question(cache, reader))
        told_of = [*scanned.problems, *_use_problems(scanned, shown_path, demands)]
        remarked = [told(remark, file, shown_path) for remark in scanned.remarks]
        problems = (*(located(problem, file, shown_path) for problem in told_of), *remarked)
    except OSError as error:
        return Measured(None, _unreadable(shown_path, error))
    wrong = any(problem.severity == "error" for problem in problems)
    return Measured(None if wrong else scanned.facts, problems)


def _scan_of(
    file: BinaryIO, shown_path: str, reader: BlockReader, processes: int, machines: Machines | None
) -> Callable[[], Scanned]:
    size = estimated_bytes(file)
    shares = max(1, min(processes, size // SHARE_BYTES))
    elsewhere = machines if machines is not None and size > machines.shard_bytes else None
    reader.expected_bytes = size // shares if elsewhere is None else elsewhere.shard_bytes

    def scan() -> Scanned:
        file.seek(0)
        return Scan(shown_path, reader, processes=shares, machines=elsewhere).over(file)

    return scan


def _question(cache: Cache, reader: BlockReader) -> str:
    return cache.question(
        sorted(set(reader.encodings)), reader.expect, sorted(reader.limits.items()), reader.item_fields, reader.privacy
    )


def _cached(file: BinaryIO, scan: Callable[[], Scanned], cache: Cache, question: str) -> Scanned:
    sha256 = sha256_of(file, cache)
    known = cache.found(sha256, question, Scanned)
    if known is not None:
        return known
    scanned = scan()
    # A file that changed between the two readings is kept under what was counted.
    if scanned.facts is not None:
        cache.keep(scanned.facts.sha256, question, scanned)
    return scanned


def _use_problems(scanned: Scanned, shown_path: str, demands: Demands) -> Iterator[Problem]:
    place, facts = Place(shown_path), scanned.facts
    if facts is None:
        if not scanned.problems:
            yield EMPTY.problem(f"{shown_path} has no rows.", place, "Is it the right file?")
        return
    rows = "1 row" if facts.rows == 1 else f"{facts.rows:,} rows"
    if facts.rows < demands.min_rows:
        detail = f"{shown_path} has {rows}; a job needs at least {demands.min_rows}."
        yield TOO_FEW_ROWS.problem(detail, place, "Add rows; the provider would accept the file and fail the job.")
    elif facts.rows < demands.good_rows:
        detail = f"{shown_path} has {rows}. OpenAI sees clear improvements from {GOOD_ROWS} to 100 good ones."
        yield FEW_ROWS.problem(detail, place, "Add rows, or silence this where they are enough.")
    if demands.max_rows is not None and facts.rows > demands.max_rows:
        detail = f"{shown_path} has {rows}; {demands.max_rows:,} are allowed for this use."
        yield MANY_ROWS.problem(detail, place, "Leave some out: `ftplan dataset sample -out=FILE` picks some.")
    if demands.max_bytes is not None and facts.bytes > demands.max_bytes:
        detail = f"{shown_path} has {facts.bytes:,} bytes; the provider takes {demands.max_bytes:,} at most in a file."
        yield FILE_SIZE.problem(detail, place, "Leave rows out, or link to images instead of holding them.")
    yield from _image_problems(facts, place, demands)
    for encoding, cut in scanned.too_long.items():
        yield from _cut_short(facts, encoding, cut, demands, shown_path)


def _image_problems(facts: DatasetFacts, place: Place, demands: Demands) -> Iterator[Problem]:
    rows = facts.rows_with_images
    if demands.max_image_rows is not None and rows > demands.max_image_rows:
        detail = f"{rows:,} rows hold images; {demands.max_image_rows:,} are allowed in one file."
        yield MANY_IMAGE_ROWS.problem(detail, place, "Leave some out: `ftplan dataset sample -out=FILE` picks some.")
    if rows and demands.without_images:
        holding = "1 row holds images" if rows == 1 else f"{rows:,} rows hold images"
        detail = f"{holding}, and none are documented for {', '.join(demands.without_images)}."
        yield IMAGE_MODEL.problem(detail, place, "Train a model that takes images, or silence this where it is known.")


def _cut_short(
    facts: DatasetFacts, encoding: Encoding, cut: Cut, demands: Demands, shown_path: str
) -> Iterator[Problem]:
    longest, limit = facts.tokens[encoding], demands.limits[encoding]
    place = Place(shown_path, longest.longest_line)
    lost = longest.longest - limit
    more = (
        f"more than {limit:,} tokens ({encoding}); the longest has {longest.longest:,}, its last {lost:,} beyond that."
    )
    certain = encoding in demands.longest
    if cut.answers and certain:
        rows = "1 row has" if cut.answers == 1 else f"{cut.answers:,} rows have"
        detail = f"{rows} {more} The provider cuts the end off without a word, and the end is the answer."
        yield CUT_ANSWER.problem(detail, place, "Shorten or split these rows.")
    others = cut.rows if certain else cut.rows + cut.answers
    if others:
        rows = "1 row has" if others == 1 else f"{others:,} rows have"
        known = "The provider cuts the end off." if certain else "No limit is published for it; others end here."
        yield CUT_ROW.problem(f"{rows} {more} {known}", place, "Shorten or split these rows.")


def _unreadable(shown_path: str, error: OSError) -> tuple[Problem, ...]:
    if isinstance(error, DatasetUnreadable):
        return tuple(error.problems)
    detail = f"Reading {shown_path} failed: {error.strerror or type(error).__name__}."
    return (Problem("The dataset cannot be read", detail, Place(shown_path)),)
