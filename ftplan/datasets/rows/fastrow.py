"""Rows read at the speed of C: msgspec's door. What it gives is what `jsonrow` gives, which is asked in every doubt.

Costs 26 ms to import, so it is opened when a first row is read. A lone surrogate, a NaN, a number that is no
integer of 64 bits, a byte order mark, deep nesting and whatever msgspec refuses go to `jsonrow`. Keys that stand
twice, which msgspec does not see, are found by their colons.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from ftplan.datasets.rows import jsonrow
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.framing import Parts, plain_parts

OPENING_ROLES = ("system", "developer")
_Weight: TypeAlias = Literal[0, 1] | msgspec.UnsetType


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    # By name: a struct is written in the order of its fields, and the canonical form sorts its keys.
    content: str
    role: Literal["assistant", "developer", "system", "user"]
    weight: _Weight = msgspec.UNSET


class _Chat(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: list[_Message]


_PLAIN = msgspec.json.Decoder(_Chat)
_ANY = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder(order="sorted")


def plain_chat(line: bytes) -> tuple[bytes, Parts, tuple[Fault, ...]] | None:
    """The canonical form, the parts and the remarks (none) of a chat row that holds nothing but texts said in good
    order: nearly every one.

    None says nothing about the row. Anything else says that it breaks no rule and is worth no remark.
    """
    try:
        row = _PLAIN.decode(line)
    except (ValueError, RecursionError):
        return None
    messages = row.messages
    shape = _shape(tuple([message.role for message in messages]), tuple([message.weight for message in messages]))
    if shape is None:
        return None
    texts = [message.content for message in messages]
    learned = [texts[index] for index in shape.learned]
    for answer in learned:
        if not answer or answer.isspace():
            return None
    spelled = _ENCODER.encode(row)
    if _may_repeat_a_key(line, spelled):
        return None
    said = [texts[index] for index in shape.said]
    return spelled, plain_parts(shape.roles, said, learned, texts[shape.end :]), ()


class _Shape(NamedTuple):
    """Which messages of a plain chat row are learned, by their places, and which are only said; `end` is the place
    behind the last learned one."""

    roles: list[str]
    said: list[int]
    learned: list[int]
    end: int


@lru_cache(maxsize=4096)
def _shape(roles: tuple[str, ...], weights: tuple[_Weight, ...]) -> _Shape | None:
    """None for messages in an order that breaks a rule, or is worth a remark. Few orders make up most of a file."""
    said: list[int] = []
    learned: list[int] = []
    for index, (role, weight) in enumerate(zip(roles, weights, strict=True)):
        if role != "assistant" and (weight is not msgspec.UNSET or (index and role in OPENING_ROLES)):
            return None
        (learned if role == "assistant" and weight != 0 else said).append(index)
    if not learned or roles[-1] != "assistant":
        return None
    return _Shape(list(roles), said, learned, learned[-1] + 1)


def row_of(line: bytes) -> tuple[dict[str, Any], bytes] | Fault:
    """The object that `line` holds and its canonical form, or what is wrong with the line; as `jsonrow.decoded`."""
    try:
        value = _ANY.decode(line)
        if type(value) is dict and _is_certain(value):
            spelled = _ENCODER.encode(value)
            if not _may_repeat_a_key(line, spelled):
                return value, spelled
    except (ValueError, RecursionError):
        pass
    row = jsonrow.decoded(line)
    return row if isinstance(row, Fault) else (row, canonical(row))


def canonical(row: dict[str, Any]) -> bytes:
    """The one spelling of a row: keys sorted, no blanks, UTF-8, numbers as `jsonrow.decoded` reads them.

    Where a lone surrogate forbids UTF-8 it is ASCII with escapes. Two rows are spelled alike only if they are equal.
    """
    try:
        return _ENCODER.encode(row)
    except (ValueError, OverflowError):
        return jsonrow.canonical(row)


def _may_repeat_a_key(line: bytes, spelled: bytes) -> bool:
    """Whether `line` holds a member that its canonical form lacks.

    A member has a colon, and a colon in a string is written as it is or as \\u003a. Without the latter the two
    numbers of colons are equal exactly where no member was dropped.
    """
    return line.count(b":") != spelled.count(b":") or b"\\u003" in line


def _is_certain(value: object) -> bool:
    """Whether msgspec and json read every number of `value` alike, and it is not nested too deeply."""
    level: list[Any] = [value]
    for _ in range(jsonrow.MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            # By type, texts first: this looks at every value of every row that is not plain.
            kind = type(item)
            if kind is str or item is None:
                continue
            if kind is dict:
                inner += item.values()
            elif kind is list:
                inner += item
            elif kind is float or not -(2**63) <= item < 2**63:
                return False
        if not inner:
            return True
        level = inner
    return False
