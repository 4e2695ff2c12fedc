"""A few rows of a file, picked by chance and yet the same ones each time, and taken apart for a reader.

Which rows are picked depends on what they say and on the seed, so that a file in another order gives the same ones.
Lines that hold no row are passed over and counted: a look at a file must be possible before it is right.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from ftplan.core.samples import Sample, SampledRow, Turn
from ftplan.datasets.preparing.prompts import digest
from ftplan.datasets.reading.lines import lines
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.jsonrow import canonical, decoded
from ftplan.errors import DatasetError

_CONVERSATIONS = ("messages", "input", "preferred_output", "non_preferred_output", "prompt", "completion")
_Picked = tuple[bytes, int, bytes]


def sample(file: BinaryIO, count: int, seed: int) -> tuple[Sample, list[bytes]]:
    """`count` rows of the file, or all it has, and their lines as they stand there. Memory for `count` rows."""
    source = Source(file, seed)
    picked = sorted(heapq.nsmallest(count, source.rows()), key=lambda found: found[1])
    count_tokens = _counter()
    rows = tuple(_taken_apart(line, raw, count_tokens) for _, line, raw in picked)
    return Sample(rows, source.count, source.broken, source.first_broken), [raw for _, _, raw in picked]


class Source:
    """Reads the rows of a file once, each with its rank, and counts the lines that hold none."""

    def __init__(self, file: BinaryIO, seed: int) -> None:
        self._file, self._seed = file, str(seed).encode()
        self.count = self.broken = 0
        self.first_broken: int | None = None

    def rows(self) -> Iterator[_Picked]:
        self._file.seek(0)
        for number, line in lines(self._file, lambda chunk: None):
            row = None if line is None else decoded(line)
            if line is None or row is None or isinstance(row, Fault):
                self.broken += 1
                self.first_broken = self.first_broken or number
                continue
            self.count += 1
            yield digest(b"sample", self._seed, canonical(row)), number, line


def _counter() -> Callable[[Sequence[str]], int] | None:
    """A function that counts the tokens of texts for today's models; None where no tokenizer can be had."""
    from ftplan.datasets.counting.tokens import counts

    try:
        counts([""], "o200k_base")
    except DatasetError:
        return None
    return lambda texts: sum(counts(texts, "o200k_base"))


def _taken_apart(line: int, raw: bytes, count: Callable[[Sequence[str]], int] | None) -> SampledRow:
    row = decoded(raw)
    assert not isinstance(row, Fault)
    turns = tuple(_turn(part, message, count) for part, message in _messages(row))
    given = row.get("input")
    inner = given if isinstance(given, dict) else row
    tools = sum(len(found) for key in ("tools", "functions") if isinstance(found := inner.get(key), list))
    known = {*_CONVERSATIONS, "tools", "functions", "parallel_tool_calls"} if turns else set()
    other = {key: value for key, value in row.items() if key not in known}
    return SampledRow(line, _format(row) if turns else None, turns, tools, other, row)


def _format(row: Mapping[str, Any]) -> str | None:
    from ftplan.datasets.rows.formats import recognised

    return recognised(row)


def _messages(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each message with the part of the row it stands in; what is no message is left out."""
    given = row.get("input")
    for part, held in (
        ("", row.get("messages")),
        ("input", given.get("messages") if isinstance(given, dict) else None),
        ("preferred", row.get("preferred_output")),
        ("non-preferred", row.get("non_preferred_output")),
    ):
        yield from (
            (part, message) for message in (held if isinstance(held, list) else ()) if isinstance(message, dict)
        )
    for key in ("prompt", "completion"):
        if isinstance(row.get(key), str):
            yield "", {"role": key, "content": row[key]}


def _turn(part: str, message: Mapping[str, Any], count: Callable[[Sequence[str]], int] | None) -> Turn:
    content = message.get("content")
    pieces = content if isinstance(content, list) else []
    texts = [piece["text"] for piece in pieces if isinstance(piece, dict) and isinstance(piece.get("text"), str)]
    text = content if isinstance(content, str) else "\n".join(texts)
    calls = tuple(_calls(message))
    said = [text, *(part for call in calls for part in call)]
    return Turn(
        role=str(message.get("role", "no role")),
        text=text,
        part=part,
        tokens=None if count is None else count(said),
        images=sum(isinstance(piece, dict) and "image_url" in piece for piece in pieces),
        calls=calls,
    )


def _calls(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = message.get("tool_calls")
    found = [call.get("function") for call in listed if isinstance(call, dict)] if isinstance(listed, list) else []
    for called in (*found, message.get("function_call")):
        if isinstance(called, dict):
            yield str(called.get("name", "")), str(called.get("arguments", ""))
