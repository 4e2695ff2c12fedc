"""One pass over a file: blocks in, hashes, counts and problems out. Memory does not grow with the file."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from ftplan.core.facts import DatasetFacts, Encoding, TokenFacts
from ftplan.datasets.reading.lines import BLOCK_BYTES, blocks
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.rules import UNBALANCED
from ftplan.datasets.scanning.blockread import LISTED_PROBLEMS, BlockFacts, BlockReader, Cut, Tally
from ftplan.datasets.scanning.findings import Findings, Remark
from ftplan.errors import Problem

if TYPE_CHECKING:
    from ftplan.datasets.scanning.shards import Machines

UNBALANCED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a pass found: `facts` and how many rows are over each limit, or `problems`, or neither: no row. `remarks`
    are about all of its rows, so a file with a broken one has none."""

    facts: DatasetFacts | None
    problems: tuple[Problem, ...] = ()
    too_long: Mapping[Encoding, Cut] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


class Scan:
    """One pass over one file, by so many processes, or by other `machines`."""

    def __init__(
        self,
        shown_path: str,
        reader: BlockReader,
        *,
        processes: int = 1,
        block: int = BLOCK_BYTES,
        machines: Machines | None = None,
    ) -> None:
        self._reader = reader
        self._processes = processes
        self._machines = machines
        self._block = block
        self._faults = _FaultList(shown_path)
        self._findings = Findings(reader.privacy)
        self._tallies = {encoding: Tally() for encoding in sorted(set(reader.encodings))}
        self._content = hashlib.sha256()
        self._bytes = hashlib.sha256()
        self._size = self._lines = self._rows = self._with_tools = self._with_images = 0

    def over(self, file: BinaryIO) -> Scanned:
        """What the file holds from where it stands, which for other machines is its beginning, to its end."""
        for facts in self._blocks(file):
            self._take(facts)
            if facts.ended:
                break
        problems = tuple(self._faults.problems())
        if problems or not self._rows:
            return Scanned(None, problems)
        return Scanned(self._facts(), (), self._too_long(), (*self._findings.remarks(), *self._unbalanced()))

    def _blocks(self, file: BinaryIO) -> Iterator[BlockFacts]:
        if self._machines is not None and self._shows_format(file):
            from ftplan.datasets.scanning.shards import read_spread

            yield from read_spread(file, self._saw, self._reader, self._machines)
            return
        source = blocks(file, self._saw, size=self._block)
        first = next(source, None)
        if first is None:
            return
        if self._processes > 1 and self._reader.knows_format(first):
            from ftplan.datasets.scanning.workers import read_apart

            yield from read_apart(chain([first], source), self._reader, self._processes)
            return
        yield self._reader.read(first, opens=True)
        for block in source:
            yield self._reader.read(block)

    def _shows_format(self, file: BinaryIO) -> bool:
        opening = next(blocks(file, len, size=self._block), None)
        file.seek(0)
        return opening is not None and self._reader.knows_format(opening)

    def _saw(self, chunk: bytes) -> None:
        self._bytes.update(chunk)
        self._size += len(chunk)

    def _take(self, facts: BlockFacts) -> None:
        for line, faults in facts.faults:
            self._faults.add(line + self._lines, faults)
        self._faults.add_unlisted(facts.wrong - len(facts.faults))
        self._findings.append(facts.findings, self._lines)
        self._content.update(facts.digests)
        for encoding, tally in facts.tallies.items():
            self._tallies[encoding].append(tally, self._lines)
        self._rows += facts.rows
        self._with_tools += facts.rows_with_tools
        self._with_images += facts.rows_with_images
        self._lines += facts.lines

    def _facts(self) -> DatasetFacts:
        assert self._reader.format is not None
        return DatasetFacts(
            sha256=self._bytes.hexdigest(),
            content_sha256=self._content.hexdigest(),
            bytes=self._size,
            rows=self._rows,
            format=self._reader.format,
            tokens={encoding: self._tokens(encoding, tally) for encoding, tally in self._tallies.items()},
            rows_with_tools=self._with_tools,
            rows_with_images=self._with_images,
        )

    def _tokens(self, encoding: Encoding, tally: Tally) -> TokenFacts:
        limit = self._reader.limits.get(encoding)
        over = () if limit is None or tally.longest <= limit else tally.lengths
        beyond = sum(tokens - limit for tokens in over if limit is not None and tokens > limit)
        return TokenFacts(tally.total, tally.longest, tally.longest_line, tally.trained, limit, beyond)

    def _too_long(self) -> dict[Encoding, Cut]:
        return {encoding: tally.cut for encoding, tally in self._tallies.items() if tally.cut != Cut()}

    def _unbalanced(self) -> Iterator[Remark]:
        """A remark where a hundredth of the rows holds half of the tokens, in the first encoding that tells."""
        for encoding, tally in self._tallies.items():
            few = len(tally.lengths) // 100
            share = sum(heapq.nlargest(few, tally.lengths)) / max(1, tally.total)
            if few and share >= UNBALANCED_SHARE:
                said = f"the longest {few:,} of {self._rows:,} rows hold {share:.0%} of the tokens ({encoding})"
                yield Remark(UNBALANCED.name, 1, (tally.longest_line,), (said,))
                return


class _FaultList:
    """The first problems of a file, and how many lines had none of theirs listed."""

    def __init__(self, shown_path: str) -> None:
        self._path = shown_path
        self._listed: list[Problem] = []
        self._unlisted_lines = 0

    @property
    def full(self) -> bool:
        return len(self._listed) >= LISTED_PROBLEMS

    def add(self, line: int, faults: list[Fault]) -> None:
        self._unlisted_lines += bool(faults) and self.full
        room = LISTED_PROBLEMS - len(self._listed)
        self._listed += [fault.at(self._path, line) for fault in faults[:room]]

    def add_unlisted(self, lines: int) -> None:
        self._unlisted_lines += lines

    def problems(self) -> Iterator[Problem]:
        yield from self._listed
        if self._unlisted_lines:
            lines = "line is" if self._unlisted_lines == 1 else "lines are"
            detail = f"{self._unlisted_lines:,} more {lines} wrong in {self._path}."
            yield Problem("More lines are wrong", detail, advice="Correct those listed and look again.")
