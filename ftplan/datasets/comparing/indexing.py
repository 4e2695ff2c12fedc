"""A dataset read once more, for what is kept of its rows."""

from __future__ import annotations

import hashlib
import marshal
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ftplan.core.facts import Encoding, Format
from ftplan.datasets.comparing.rowindex import DIGEST_BYTES, RowIndex
from ftplan.datasets.comparing.sketch import Sketcher
from ftplan.datasets.counting.memory import Memory
from ftplan.datasets.counting.tokens import batch_counter
from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.keeping.recognition import sha256_of
from ftplan.datasets.reading.derived import estimated_bytes
from ftplan.datasets.reading.lines import Block, blocks
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.formats import recognised
from ftplan.datasets.rows.framing import Parts, parts_of
from ftplan.datasets.rows.rules import LONG_LINE
from ftplan.datasets.rows.speakers import called, offered, speakers
from ftplan.datasets.rows.tools import PLAIN_VALUES
from ftplan.datasets.scanning.blockread import MUCH_BYTES
from ftplan.errors import DatasetError

# What a tool is defined as may differ from row to row; so many forms of one are told apart.
MOST_FORMS = 64
# Of roles, and of tools: whoever has more of them wants to fill a page.
MOST_NAMES = 200
_TOOL_DIGITS = 12


def index_rows(
    file: BinaryIO,
    shown_path: str,
    encoding: Encoding | None,
    *,
    tokenizers: Mapping[Encoding, bytes] | None = None,
    cache: Cache | None = None,
) -> RowIndex:
    """The index of all rows of an open file, read from its start; with a `cache` it is read once only. Raises
    DatasetError at the first line that is no JSON object: rows are told by their lines."""
    if cache is None:
        return _indexed(file, shown_path, encoding, tokenizers or {})
    sha256, wish = sha256_of(file, cache), cache.question("rows", encoding)
    kept = cache.rows(sha256, wish)
    known = RowIndex.decode(kept) if kept is not None else None
    if known is None:
        known = _indexed(file, shown_path, encoding, tokenizers or {})
        cache.keep_rows(sha256, wish, known.encode())
    return known


def _indexed(
    file: BinaryIO, shown_path: str, encoding: Encoding | None, tokenizers: Mapping[Encoding, bytes]
) -> RowIndex:
    much = estimated_bytes(file) >= MUCH_BYTES
    memory = Memory(batch_counter(encoding, much=much, tokenizer=tokenizers.get(encoding))) if encoding else None
    reading = _Reading(shown_path, encoding or "", memory)
    file.seek(0)
    for block in blocks(file, len):
        reading.add(block)
    return reading.index()


@dataclass(slots=True)
class _Reading:
    """An index being made."""

    shown_path: str
    encoding: Encoding
    memory: Memory | None
    digests: list[bytes] = field(default_factory=list)
    sketches: list[bytes] = field(default_factory=list)
    tokens: array[int] = field(default_factory=lambda: array("L"))
    roles: Counter[str] = field(default_factory=Counter)
    forms: dict[str, set[str]] = field(default_factory=dict)
    sketcher: Sketcher = field(default_factory=Sketcher)
    spelled: dict[bytes, tuple[str, str]] = field(default_factory=dict)

    def add(self, block: Block) -> None:
        parts = [self._parts(row) for row in self._rows(block)]
        if self.memory is None:
            self.tokens.extend([0] * len(parts))
            return
        tokens_of = self.memory.counts(text for one in parts for text in (*one.texts, *one.learned)).__getitem__
        for one in parts:
            counted = sum(map(tokens_of, one.texts)) + sum(map(tokens_of, one.learned))
            self.tokens.append(counted + one.framing(self.encoding))

    def index(self) -> RowIndex:
        tools = {
            name: hashlib.sha256("".join(sorted(forms)).encode()).hexdigest()[:_TOOL_DIGITS] if forms else ""
            for name, forms in self.forms.items()
        }
        return RowIndex(
            b"".join(self.digests), self.tokens, b"".join(self.sketches), self.encoding, dict(self.roles), tools
        )

    def _rows(self, block: Block) -> Iterator[dict[str, Any]]:
        from ftplan.datasets.rows.fastrow import row_of

        for line in block.lines():
            found = row_of(line) if line is not None else Fault(LONG_LINE)
            if isinstance(found, Fault):
                raise DatasetError(found.at(self.shown_path, len(self.digests) + 1))
            row, canonical = found
            self.digests.append(hashlib.sha256(canonical).digest()[:DIGEST_BYTES])
            yield row

    def _parts(self, row: dict[str, Any]) -> Parts:
        """What is counted of a row. One that breaks the rules of its format, which is told elsewhere, is all text."""
        try:
            format = recognised(row)
            if format is None:
                return self._plain(row)
            parts, spoken = parts_of(row, format), list(speakers(row, format))
            sketch = self.sketcher.sketch(text for _, texts in spoken for text in texts)
            self._note_tools(row, format)
        except (KeyError, TypeError, AttributeError, ValueError):
            return self._plain(row)
        for role, _ in spoken:
            if isinstance(role, str) and (role in self.roles or len(self.roles) < MOST_NAMES):
                self.roles[role] += 1
        self.sketches.append(sketch)
        return parts

    def _plain(self, row: dict[str, Any]) -> Parts:
        texts = list(_texts(row))
        self.sketches.append(self.sketcher.sketch(texts))
        return Parts(texts)

    def _note_tools(self, row: Mapping[str, Any], format: Format) -> None:
        for defined in offered(row, format):
            function = dict(defined)
            spelling = marshal.dumps(function, PLAIN_VALUES)
            name, form = self.spelled.get(spelling) or self._spell(spelling, function)
            forms = self._forms_of(name)
            if len(forms) < MOST_FORMS:
                forms.add(form)
        for name in called(row, format):
            self._forms_of(str(name))

    def _forms_of(self, name: str) -> set[str]:
        return self.forms.setdefault(name, set()) if name in self.forms or len(self.forms) < MOST_NAMES else set()

    def _spell(self, spelling: bytes, function: dict[str, Any]) -> tuple[str, str]:
        from ftplan.datasets.rows.fastrow import canonical

        if len(self.spelled) >= 1000:
            self.spelled.clear()
        made = str(function["name"]), hashlib.sha256(canonical(function)).hexdigest()
        self.spelled[spelling] = made
        return made


def _texts(value: object) -> Iterator[str]:
    """Every string of a row; JSON as deep as it may be is not too deep for this."""
    level = [value]
    while level:
        inner: list[object] = []
        for item in level:
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = inner
