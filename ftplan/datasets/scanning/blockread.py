"""What one block of lines holds. Blocks can be read apart, in any order and by several processes, and added up."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from ftplan.core.facts import Encoding, Format
from ftplan.core.spec import MethodKind
from ftplan.datasets.counting.memory import Memory
from ftplan.datasets.reading.lines import MAX_LINE_BYTES, Block
from ftplan.datasets.rows.faults import Fault, shown
from ftplan.datasets.rows.formats import format_used, recognised, row_faults
from ftplan.datasets.rows.framing import MESSAGE, Parts, parts_of
from ftplan.datasets.rows.jsonrow import document_fault
from ftplan.datasets.rows.remarks import row_remarks
from ftplan.datasets.rows.rules import GRADER_FIELD, LONG_LINE, MIXED_FORMATS
from ftplan.datasets.scanning.findings import Findings

LISTED_PROBLEMS = 20
# From here on the time that a faster tokenizer saves is more than the time it takes to load.
MUCH_BYTES = 20_000_000
FAULTS_A_ROW = 5
# Of a row's sha256: enough to tell rows apart, and a third of the memory.
DIGEST_BYTES = 12

# A sound row: its canonical form, its parts, and what is worth a remark.
Row = tuple[bytes, Parts, tuple[Fault, ...]]


@dataclass(frozen=True, slots=True)
class Cut:
    """How many rows are longer than an example may be: those of which a learned answer is cut, and the others."""

    answers: int = 0
    rows: int = 0


@dataclass(slots=True)
class Tally:
    """Token counts of some rows in one encoding; `lengths` has each row by itself. `longest_line` counts from the first
    of their lines, which is 1."""

    total: int = 0
    trained: int = 0
    longest: int = 0
    longest_line: int = 0
    cut: Cut = field(default_factory=lambda: Cut())
    lengths: array[int] = field(default_factory=lambda: array("L"))

    def append(self, later: Tally, lines_before: int) -> None:
        """Adds the rows of lines that follow the first `lines_before`."""
        self.total += later.total
        self.trained += later.trained
        self.cut = Cut(self.cut.answers + later.cut.answers, self.cut.rows + later.cut.rows)
        self.lengths.extend(later.lengths)
        if later.longest > self.longest:
            self.longest, self.longest_line = later.longest, later.longest_line + lines_before


@dataclass(slots=True)
class BlockFacts:
    """What a block holds. `faults` are of the first wrong lines, enough to fill a list; `wrong` counts all of them.

    `digests` are the sha256 of the rows' canonical forms, one behind the other. Nothing is counted in a block with
    a wrong line, nor behind one. `ended` says that what is wrong is wrong with the whole file.
    """

    lines: int = 0
    rows: int = 0
    rows_with_tools: int = 0
    rows_with_images: int = 0
    digests: bytes = b""
    tallies: dict[Encoding, Tally] = field(default_factory=dict)
    faults: list[tuple[int, list[Fault]]] = field(default_factory=list)
    wrong: int = 0
    ended: bool = False
    findings: Findings = field(default_factory=Findings)

    @property
    def lists_more(self) -> bool:
        return len(self.faults) < LISTED_PROBLEMS

    def add_faults(self, line: int, faults: list[Fault]) -> bool:
        """Takes note of a wrong line; says whether there is no use in reading on."""
        self.wrong += 1
        if self.lists_more:
            self.faults.append((line, faults))
        self.ended = any(fault.of_file for fault in faults)
        return self.ended


@dataclass(slots=True)
class BlockReader:
    """Reads the blocks of one file. `format` is None until a row has shown it.

    `expected_bytes` is about how much this reader will be given. `privacy` looks for secrets and personal data;
    `item_fields` are the keys that every reinforcement row must have, since a grader reads them; `tokenizers` the files
    of encodings that have one of their own.
    """

    encodings: Collection[Encoding]
    expect: MethodKind | None
    limits: Mapping[Encoding, int]
    expected_bytes: int = 0
    privacy: bool = True
    item_fields: tuple[str, ...] = ()
    tokenizers: Mapping[Encoding, bytes] = field(default_factory=dict)
    format: Format | None = None
    _memories: dict[Encoding, Memory] = field(default_factory=dict)
    _wrong: bool = False

    def read(self, block: Block, *, opens: bool = False) -> BlockFacts:
        """What `block` holds; `opens` says that it opens the file."""
        # Opened late: a run that measures nothing does not pay for msgspec.
        from ftplan.datasets.rows.fastrow import plain_chat

        facts = BlockFacts(findings=Findings(self.privacy))
        facts.findings.block(block.data)
        rows: list[tuple[int, Parts]] = []
        digests: list[bytes] = []
        for number, line in enumerate(block.lines(), 1):
            facts.lines = number
            plain = plain_chat(line) if self.format == "chat" and line is not None else None
            read = plain or self._row(line, opens=opens and number == 1, listing=facts.lists_more)
            if isinstance(read, tuple):
                spelled, parts, remarks = read
                digests.append(hashlib.sha256(spelled).digest())
                rows.append((number, parts))
                facts.findings.row(number, remarks, digests[-1][:DIGEST_BYTES])
            elif facts.add_faults(number, read):
                break
        self._wrong = self._wrong or facts.wrong > 0
        if not self._wrong:
            facts.digests = b"".join(digests)
            self._count(facts, rows)
        return facts

    @property
    def expects_much(self) -> bool:
        """Whether there is enough to count for a tokenizer that loads slowly and counts fast."""
        return bool(self.encodings) and self.expected_bytes >= MUCH_BYTES

    def knows_format(self, opening: Block) -> bool:
        """Whether the first line of the file shows the format of all of it, so that blocks can be read apart."""
        from ftplan.datasets.rows.fastrow import row_of

        line = opening.lines()[0]
        if line is None or document_fault(line) is not None:
            return False
        found = row_of(line)
        format = None if isinstance(found, Fault) else format_used(found[0], self.expect)
        self.format = None if isinstance(format, Fault) else format
        return self.format is not None

    def _row(self, line: bytes | None, *, opens: bool, listing: bool) -> Row | list[Fault]:
        from ftplan.datasets.rows.fastrow import row_of

        if line is None:
            detail = f"It has more than {MAX_LINE_BYTES // 1024**2} MiB."
            return [Fault(LONG_LINE, detail, "Put one example on a line, and link to large images.")]
        found = (document_fault(line) if opens else None) or row_of(line)
        if isinstance(found, Fault):
            return [found]
        row, spelled = found
        if self.format is None:
            format = format_used(row, self.expect)
            if isinstance(format, Fault):
                return [format]
            self.format = format
        found_faults = chain(_faults_as(row, self.format), self._item_faults(row))
        faults = list(islice(found_faults, FAULTS_A_ROW if listing else 1))
        return faults or (spelled, parts_of(row, self.format), tuple(row_remarks(row, self.format)))

    def _item_faults(self, row: Mapping[str, Any]) -> Iterator[Fault]:
        for path in self.item_fields if self.format == "reinforcement" else ():
            if _lacks(row, path):
                yield Fault(GRADER_FIELD, f"The grader reads item.{path}, and the row has no key {shown(path)}.")

    def _count(self, facts: BlockFacts, rows: list[tuple[int, Parts]]) -> None:
        facts.rows = len(rows)
        facts.rows_with_tools = sum(parts.has_tools for _, parts in rows)
        facts.rows_with_images = sum(parts.images > 0 for _, parts in rows)
        if rows:
            facts.tallies = {encoding: self._tally(encoding, rows) for encoding in self.encodings}

    def _tally(self, encoding: Encoding, rows: list[tuple[int, Parts]]) -> Tally:
        texts: list[str] = []
        for _, parts in rows:
            texts += parts.texts
            texts += parts.learned
        known = self._memory(encoding).counts(texts)
        tokens_of = known.__getitem__
        limit = self.limits.get(encoding)
        tally = Tally()
        for line, parts in rows:
            learned = sum(map(tokens_of, parts.learned))
            tokens = learned + sum(map(tokens_of, parts.texts)) + parts.framing(encoding)
            tally.total += tokens
            tally.trained += learned
            tally.lengths.append(tokens)
            if tokens > tally.longest:
                tally.longest, tally.longest_line = tokens, line
            if limit is not None and tokens > limit:
                answers = _learned_tokens_end(parts, tokens, tokens_of) > limit
                tally.cut = Cut(tally.cut.answers + answers, tally.cut.rows + (not answers))
        return tally

    def _memory(self, encoding: Encoding) -> Memory:
        # Loads nothing before a first block was found right: most wrong files are wrong early.
        if encoding not in self._memories:
            from ftplan.datasets.counting.tokens import batch_counter

            count = batch_counter(encoding, much=self.expects_much, tokenizer=self.tokenizers.get(encoding))
            self._memories[encoding] = Memory(count)
        return self._memories[encoding]


def _lacks(row: Mapping[str, Any], path: str) -> bool:
    """Whether an object on the way of `path` has no such key. What a template reads of a text is its own affair."""
    at: Any = row
    for key in path.split("."):
        if not isinstance(at, dict):
            return False
        if key not in at:
            return True
        at = at[key]
    return False


def _learned_tokens_end(parts: Parts, tokens: int, tokens_of: Callable[[str], int]) -> int:
    """How many of a row's `tokens` there are up to the end of the last learned text; none where nothing is learned."""
    if parts.behind is None:
        return 0
    return tokens - sum(map(tokens_of, parts.behind)) - MESSAGE * parts.messages_behind


def _faults_as(row: Mapping[str, Any], format: Format) -> Iterator[Fault]:
    """The row's faults; one alone where the row has quite another format than the rows before it."""
    found = recognised(row)
    if found == format or (found is not None and {found, format} == {"chat", "reinforcement"}):
        return row_faults(row, format)
    other = f"has the {found} format" if found else "has no known format"
    detail = f"The rows before it have the {format} format; this one {other}."
    return iter((Fault(MIXED_FORMATS, detail, "Use one file a format."),))
