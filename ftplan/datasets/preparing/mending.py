"""A clean copy of a dataset: what can be mended without guessing is mended, and everything else stays as it is."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, BinaryIO

from ftplan.datasets.reading.lines import lines
from ftplan.datasets.rows.jsonrow import BLANKS, canonical, decoded
from ftplan.datasets.rows.rules import LONG_LINE
from ftplan.errors import DatasetError, Place

KEY_ORDER = (
    *("input", "preferred_output", "non_preferred_output", "messages", "prompt", "completion"),
    *("role", "name", "content", "refusal", "tool_calls", "function_call", "tool_call_id", "weight"),
    *("id", "type", "function", "text", "image_url", "url", "detail", "arguments"),
    *("tools", "functions", "parallel_tool_calls"),
)
_PLACE: Mapping[str, int] = {key: place for place, key in enumerate(KEY_ORDER)}
# What stands in these is the user's own: a schema, an item for a grader. It is not ours to put in order.
_CLOSED = frozenset({"parameters"})


def mended(source: BinaryIO, target: BinaryIO, shown_path: str) -> dict[str, int]:
    """Writes a clean copy of `source` to `target`, and counts what was mended by the names of the rules.

    A byte order mark and carriage returns at line ends go, and so do blank lines and rows that stand in the file
    already, however they are spelled. The known keys of a row are put into one order. A line that is broken in any
    other way is copied as it is, for the checks to tell of. Holds a digest a row in memory, about 100 bytes. Raises
    DatasetError for a line too long to be looked at.
    """
    counts: Counter[str] = Counter()
    seen: set[bytes] = set()
    for number, line in lines(source, lambda chunk: None):
        if line is None:
            raise DatasetError(
                LONG_LINE.problem("It is not looked at, so it cannot be mended.", Place(shown_path, number))
            )
        clean = _without_marks(line, number, counts)
        if not clean.strip(BLANKS.encode()):
            counts["blank-line"] += 1
            continue
        row = decoded(clean)
        if isinstance(row, dict):
            digest = hashlib.blake2b(canonical(row), digest_size=16).digest()
            if digest in seen:
                counts["duplicate-rows"] += 1
                continue
            seen.add(digest)
            clean = _ordered_line(clean, counts)
        target.write(clean + b"\n")
    return dict(counts)


def _without_marks(line: bytes, number: int, counts: Counter[str]) -> bytes:
    if number == 1 and line.startswith(codecs.BOM_UTF8):
        counts["byte-order-mark"] += 1
        line = line[len(codecs.BOM_UTF8) :]
    if line.endswith(b"\r"):
        counts["carriage-return"] += 1
        line = line.rstrip(b"\r")
    return line


def _ordered_line(line: bytes, counts: Counter[str]) -> bytes:
    # Read once more without the strictness of `decoded`, which turns 1.0 into 1: the copy keeps what was written.
    written = json.loads(line)
    ordered = _ordered(written)
    if json.dumps(ordered) == json.dumps(written):
        return line
    counts["key-order"] += 1
    try:
        return json.dumps(ordered, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # half a character, which only an escape can spell
        return json.dumps(ordered).encode("ascii")


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: _PLACE.get(key, len(_PLACE)))
    return {key: value[key] if key in _CLOSED else _ordered(value[key]) for key in keys}
