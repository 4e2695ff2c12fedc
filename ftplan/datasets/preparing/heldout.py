"""Rows that models are held against: what each asks, and what it gives as the answer.

Which rows are taken depends on what they say and on the seed, as in a sample; they keep the order of the file.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ftplan.core.comparing.questions import HeldOut
from ftplan.core.facts import Encoding
from ftplan.datasets.counting.tokens import batch_counter
from ftplan.datasets.preparing.sampling import Source
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.formats import recognised
from ftplan.datasets.rows.framing import parts_of
from ftplan.datasets.rows.jsonrow import decoded

MOST_ROWS = 100_000
# What says how a turn is trained on is nothing to send with it.
_TRAINING_KEYS = frozenset({"weight"})


@dataclass(frozen=True, slots=True)
class Taken:
    """`rows` that can be asked, out of `count` in the file. `unasked` rows were taken and ask nothing: they have no
    messages before the answer, or are no conversation; `broken` lines hold no row. `first_unasked` is the first line of
    either kind."""

    rows: tuple[HeldOut, ...]
    count: int
    unasked: int = 0
    first_unasked: int | None = None
    broken: int = 0


def held_out(file: BinaryIO, limit: int | None, seed: int) -> Taken:
    """`limit` rows of the file, all where it is None. Memory for the rows that are taken."""
    source = Source(file, seed)
    picked = heapq.nsmallest(MOST_ROWS if limit is None else limit, source.rows())
    rows, unasked = [], []
    for _, line, raw in sorted(picked, key=lambda found: found[1]):
        row = decoded(raw)
        found = None if isinstance(row, Fault) else _held_out(line, row)
        if found is None:
            unasked.append(line)
        else:
            rows.append(found)
    first = min((line for line in (*unasked[:1], source.first_broken) if line is not None), default=None)
    return Taken(tuple(rows), source.count, len(unasked), first, source.broken)


def asked_tokens(rows: Sequence[HeldOut], encoding: Encoding, tokenizer: bytes | None = None) -> list[tuple[int, int]]:
    """Of each row the tokens that it asks and those of the answer it gives, 0 where it gives none, as a training on it
    would count them. Raises `DatasetError` where no tokenizer can be loaded."""
    count = batch_counter(encoding, tokenizer=tokenizer)

    def tokens(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> int:
        parts = parts_of({"messages": messages, "tools": tools}, "reinforcement")
        return sum(count(parts.texts)) + parts.framing(encoding)

    return [(tokens(row.messages, row.tools), tokens([row.wanted]) if row.wanted else 0) for row in rows]


def text_tokens(text: str, encoding: Encoding, tokenizer: bytes | None = None) -> int:
    """The tokens of a text by itself. Raises `DatasetError` where no tokenizer can be loaded."""
    return sum(batch_counter(encoding, tokenizer=tokenizer)([text]))


def _held_out(line: int, row: Mapping[str, Any]) -> HeldOut | None:
    """What a row asks; None where it asks nothing."""
    given = row.get("input") if recognised(row) == "preference" else row
    messages = list(_messages(given.get("messages") if isinstance(given, Mapping) else None))
    wanted = next(iter(_messages(row.get("preferred_output"))), None)
    if wanted is None and messages and messages[-1].get("role") == "assistant":
        wanted = messages.pop()
    if not messages or not isinstance(given, Mapping):
        return None
    listed = given.get("tools")
    tools = tuple(tool for tool in (listed if isinstance(listed, list) else ()) if isinstance(tool, Mapping))
    return HeldOut(line, tuple(map(_sent, messages)), wanted and _sent(wanted), row, tools)


def _messages(listed: Any) -> Iterator[Mapping[str, Any]]:
    """The messages, as long as all of them are in shape: of a row that is not, nothing is asked."""
    messages = listed if isinstance(listed, list) else []
    if all(isinstance(one, dict) and _is_message(one) for one in messages):
        yield from messages


def _is_message(message: Mapping[str, Any]) -> bool:
    content, calls = message.get("content"), message.get("tool_calls")
    parts = content if isinstance(content, list) else []
    said = content is None or isinstance(content, (str, list))
    return (
        isinstance(message.get("role"), str)
        and said
        and all(isinstance(part, dict) and isinstance(part.get("text", ""), str) for part in parts)
        and (calls is None or (isinstance(calls, list) and all(isinstance(call, dict) for call in calls)))
    )


def _sent(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key not in _TRAINING_KEYS}
