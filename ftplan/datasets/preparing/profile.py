"""What a dataset looks like: how long its rows are, who speaks in them and how much, and which tools they call."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ftplan.core.facts import Encoding, Format
from ftplan.core.spec import MethodKind
from ftplan.datasets.counting.memory import Memory
from ftplan.datasets.counting.tokens import batch_counter
from ftplan.datasets.reading.derived import estimated_bytes
from ftplan.datasets.reading.lines import lines
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.formats import format_used, row_faults
from ftplan.datasets.rows.framing import parts_of
from ftplan.datasets.rows.rules import LONG_LINE
from ftplan.datasets.rows.speakers import called, speakers
from ftplan.datasets.scanning.blockread import MUCH_BYTES
from ftplan.errors import DatasetError

LONGEST = 5
FRAMING = "framing and tools"


@dataclass(slots=True)
class Profile:
    """`lengths` are the tokens of each row in the order of the file, `turns` how many messages rows have and how many
    rows have so many, `by_role` all tokens by who says them (what belongs to nobody under `FRAMING`), `longest` the
    longest rows as (tokens, line), longest first."""

    encoding: Encoding
    format: Format | None = None
    bytes: int = 0
    lengths: array[int] = field(default_factory=lambda: array("L"))
    by_role: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    tools: Counter[str] = field(default_factory=Counter)
    longest: list[tuple[int, int]] = field(default_factory=list)
    rows_with_tools: int = 0
    rows_with_images: int = 0

    @property
    def rows(self) -> int:
        return len(self.lengths)

    @property
    def tokens(self) -> int:
        return sum(self.lengths)

    def percentiles(self, wanted: Sequence[int]) -> dict[int, int]:
        """The length that so many per cent of the rows do not exceed (nearest rank); empty where there are no rows."""
        ranked = sorted(self.lengths)
        last = len(ranked) - 1
        return {percent: ranked[max(0, -(-percent * len(ranked) // 100) - 1)] for percent in wanted if last >= 0}

    def share_of_longest(self, fraction: float) -> float:
        """How much of all tokens the longest `fraction` of the rows holds; at least one row is looked at."""
        count = max(1, int(len(self.lengths) * fraction))
        return sum(heapq.nlargest(count, self.lengths)) / max(1, self.tokens)


def profiled(
    file: BinaryIO,
    shown_path: str,
    encoding: Encoding,
    method: MethodKind | None = None,
    tokenizer: bytes | None = None,
) -> Profile:
    """What the rows of `file` look like. Raises DatasetError at the first row that is broken:
    figures over half a file would pass for those of the whole."""
    profile = Profile(encoding)
    # A system prompt and its tools stand in every row.
    much = estimated_bytes(file) >= MUCH_BYTES
    file.seek(0)
    memory = Memory(batch_counter(encoding, much=much, tokenizer=tokenizer))

    def seen(chunk: bytes) -> None:
        profile.bytes += len(chunk)

    for number, line in lines(file, seen):
        row = _sound(profile, line, method)
        if isinstance(row, Fault):
            raise DatasetError(row.at(shown_path, number))
        assert profile.format is not None
        _add(profile, row, number, memory, profile.format)
    profile.longest = [(tokens, -line) for tokens, line in sorted(profile.longest, reverse=True)]
    return profile


def _sound(profile: Profile, line: bytes | None, method: MethodKind | None) -> dict[str, Any] | Fault:
    from ftplan.datasets.rows.fastrow import row_of

    read = row_of(line) if line is not None else Fault(LONG_LINE)
    if isinstance(read, Fault):
        return read
    row = read[0]
    if profile.format is None:
        found = format_used(row, method)
        if isinstance(found, Fault):
            return found
        profile.format = found
    return next(row_faults(row, profile.format), row)


def _add(profile: Profile, row: Mapping[str, Any], line: int, memory: Memory, format: Format) -> None:
    parts, spoken = parts_of(row, format), list(speakers(row, format))
    texts = [*parts.texts, *parts.learned]
    tokens_of = memory.counts([*texts, *(text for _, said in spoken for text in said)]).__getitem__
    total = parts.framing(profile.encoding) + sum(map(tokens_of, texts))
    profile.lengths.append(total)
    said = 0
    for role, words in spoken:
        tokens = sum(map(tokens_of, words))
        profile.by_role[role] += tokens
        profile.messages[role] += 1
        said += tokens
    profile.by_role[FRAMING] += total - said
    profile.turns[len(spoken)] += 1
    profile.tools.update(called(row, format))
    profile.rows_with_tools += parts.has_tools
    profile.rows_with_images += parts.images > 0
    heapq.heappush(profile.longest, (total, -line))
    if len(profile.longest) > LONGEST:
        heapq.heappop(profile.longest)
