"""One pass over a file: lines in, hashes, counts and problems out. Memory does not grow with the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from ftplan.core.facts import DatasetFacts, Encoding, Format, TokenFacts
from ftplan.core.spec import MethodKind
from ftplan.datasets.faults import Fault
from ftplan.datasets.formats import format_used, recognised, row_faults
from ftplan.datasets.framing import Parts, parts_of
from ftplan.datasets.jsonrow import canonical, decoded, document_fault
from ftplan.datasets.lines import MAX_LINE_BYTES, lines
from ftplan.errors import Problem

LISTED_PROBLEMS = 20
FAULTS_A_ROW = 5
MEMORY_ENTRIES = 20_000
MEMORY_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a pass found. `facts` is None where `problems` are. `too_long` counts the rows over each limit."""

    facts: DatasetFacts | None
    problems: tuple[Problem, ...] = ()
    too_long: Mapping[Encoding, int] = field(default_factory=dict)


class Scan:
    """One pass over one file."""

    def __init__(
        self,
        shown_path: str,
        encodings: Collection[Encoding],
        expect: MethodKind | None,
        limits: Mapping[Encoding, int],
    ) -> None:
        self._faults = _FaultList(shown_path)
        self._expect = expect
        self._format: Format | None = None
        self._tallies = [_Tally(name, limits.get(name)) for name in sorted(set(encodings))]
        self._content = hashlib.sha256()
        self._bytes = hashlib.sha256()
        self._size = self._rows = self._with_tools = self._with_images = 0

    def over(self, file: BinaryIO) -> Scanned:
        """What the file holds from where it stands to its end."""
        for number, line in lines(file, self._saw):
            faults = self._line_faults(number, line)
            self._faults.add(number, faults)
            if any(fault.of_file for fault in faults):
                break
        problems = tuple(self._faults.problems())
        return Scanned(None if problems or self._format is None else self._facts(), problems, self._too_long())

    def _saw(self, chunk: bytes) -> None:
        self._bytes.update(chunk)
        self._size += len(chunk)

    def _line_faults(self, number: int, line: bytes | None) -> list[Fault]:
        if line is None:
            detail = f"It has more than {MAX_LINE_BYTES // 1024**2} MiB."
            return [Fault("A line is too long", detail, "Put one example on a line, and link to large images.")]
        whole = document_fault(line) if number == 1 else None
        row = whole or decoded(line)
        if isinstance(row, Fault):
            return [row]
        return self._row_faults(row)

    def _row_faults(self, row: dict[str, Any]) -> list[Fault]:
        if self._format is None:
            found = format_used(row, self._expect)
            if isinstance(found, Fault):
                return [found]
            self._format = found
        faults = list(islice(_faults_as(row, self._format), 1 if self._faults.full else FAULTS_A_ROW))
        if not faults and not self._faults:
            self._count(row, self._format)
        return faults

    def _count(self, row: dict[str, Any], format: Format) -> None:
        self._content.update(b"\n" if self._rows else b"")
        self._content.update(canonical(row))
        self._rows += 1
        parts = parts_of(row, format)
        self._with_tools += parts.has_tools
        self._with_images += parts.images > 0
        for tally in self._tallies:
            # In a file without faults the rows are the lines.
            tally.add(parts, self._rows)

    def _facts(self) -> DatasetFacts:
        assert self._format is not None
        return DatasetFacts(
            sha256=self._bytes.hexdigest(),
            content_sha256=self._content.hexdigest(),
            bytes=self._size,
            rows=self._rows,
            format=self._format,
            tokens={tally.encoding: tally.facts() for tally in self._tallies},
            rows_with_tools=self._with_tools,
            rows_with_images=self._with_images,
        )

    def _too_long(self) -> dict[Encoding, int]:
        return {tally.encoding: tally.too_long for tally in self._tallies if tally.too_long}


def _faults_as(row: Mapping[str, Any], format: Format) -> Iterator[Fault]:
    """The row's faults; one alone where the row has quite another format than the rows before it."""
    found = recognised(row)
    if found == format or (found is not None and {found, format} == {"chat", "reinforcement"}):
        return row_faults(row, format)
    other = f"has the {found} format" if found else "has no known format"
    detail = f"The rows before it have the {format} format; this one {other}."
    return iter((Fault("A row has another format than the rows before it", detail, "Use one file a format."),))


class _FaultList:
    """The first problems of a file, and how many lines had none of theirs listed."""

    def __init__(self, shown_path: str) -> None:
        self._path = shown_path
        self._listed: list[Problem] = []
        self._unlisted_lines = 0

    def __bool__(self) -> bool:
        return bool(self._listed)

    @property
    def full(self) -> bool:
        return len(self._listed) >= LISTED_PROBLEMS

    def add(self, line: int, faults: list[Fault]) -> None:
        self._unlisted_lines += bool(faults) and self.full
        room = LISTED_PROBLEMS - len(self._listed)
        self._listed += [fault.at(self._path, line) for fault in faults[:room]]

    def problems(self) -> Iterator[Problem]:
        yield from self._listed
        if self._unlisted_lines:
            lines = "line is" if self._unlisted_lines == 1 else "lines are"
            detail = f"{self._unlisted_lines:,} more {lines} wrong in {self._path}."
            yield Problem("More lines are wrong", detail, advice="Correct those listed and look again.")


class _Tally:
    """Token counts of all rows in one encoding."""

    def __init__(self, encoding: Encoding, limit: int | None) -> None:
        # Loads nothing before a first row was found right: most wrong files are wrong early.
        self.encoding = encoding
        self.too_long = 0
        self._limit = limit
        self._memory: Memory | None = None
        self._total = self._longest = self._longest_line = 0

    def add(self, parts: Parts, line: int) -> None:
        if self._memory is None:
            from ftplan.datasets.tokens import counter

            self._memory = Memory(counter(self.encoding))
        tokens = parts.framing(self.encoding)
        tokens += sum(map(self._memory.count, parts.texts))
        tokens += sum(map(self._memory.remembered, parts.repeated))
        self._total += tokens
        if tokens > self._longest:
            self._longest, self._longest_line = tokens, line
        self.too_long += self._limit is not None and tokens > self._limit

    def facts(self) -> TokenFacts:
        return TokenFacts(self._total, self._longest, self._longest_line)


class Memory:
    """Counts of texts that come again and again. It is emptied rather than let grow past `entries` or `characters`."""

    def __init__(
        self, count: Callable[[str], int], *, entries: int = MEMORY_ENTRIES, characters: int = MEMORY_CHARACTERS
    ) -> None:
        self.count = count
        self._entries, self._characters = entries, characters
        self._known: dict[str, int] = {}
        self._known_characters = 0

    def __len__(self) -> int:
        return len(self._known)

    def remembered(self, text: str) -> int:
        """What `count` gives for the text, from memory where it was asked before."""
        known = self._known.get(text)
        if known is not None:
            return known
        self._known_characters += len(text)
        if self._known_characters > self._characters or len(self._known) >= self._entries:
            self._known.clear()
            self._known_characters = len(text)
        tokens = self._known[text] = self.count(text)
        return tokens
