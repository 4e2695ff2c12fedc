"""One line of a JSON Lines file as a value, read strictly, and the one way to write that value back.

Stricter than RFC 8259 asks for, because providers are: no byte order mark, no duplicate keys, no NaN. Numbers
that are equal are read as equal (`1.0`, `1e0` and `1` are all 1), so that re-formatting cannot change a meaning.
"""

from __future__ import annotations

import codecs
import json
import math
from collections import Counter
from typing import Any, NoReturn

from ftplan.datasets.rows.faults import Fault, kind_of, shown
from ftplan.datasets.rows.rules import (
    BAD_JSON,
    BAD_UTF8,
    BLANK_LINE,
    BYTE_ORDER_MARK,
    DEEP_NESTING,
    NOT_A_NUMBER,
    NOT_AN_OBJECT,
    NUMBER_RANGE,
    ONE_DOCUMENT,
    REPEATED_KEY,
    UTF16,
)

MAX_DEPTH = 128
BLANKS = " \t\r"


class _Refused(Exception):
    """Carries a fault out of the JSON decoder."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.rule.name)
        self.fault = fault


def decoded(line: bytes) -> dict[str, Any] | Fault:
    """The object that `line` (without its line feed) holds, or what is wrong with it."""
    if line.startswith(codecs.BOM_UTF8):
        return Fault(
            BYTE_ORDER_MARK,
            "The bytes EF BB BF stand before the first brace; JSON does not allow them.",
            "Save the file as UTF-8 without BOM.",
            column=1,
        )
    text = _text(line)
    if isinstance(text, Fault):
        return text
    if not text.strip(BLANKS):
        return Fault(BLANK_LINE, "Every line must hold one JSON object.", "Remove the blank line.")
    value = _value(text)
    if isinstance(value, (dict, Fault)):
        return value
    detail = f"The line holds {kind_of(value)}."
    return Fault(NOT_AN_OBJECT, detail, "Write one {...} object on each line.")


def canonical(row: dict[str, Any]) -> bytes:
    """The one spelling of a row: keys sorted, no blanks, ASCII with escapes, numbers as `decoded` reads them."""
    return _ENCODER.encode(row).encode("ascii")


def document_fault(line: bytes) -> Fault | None:
    """What is wrong with the whole file when its first `line` shows that it is no JSON Lines file at all."""
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        detail = "The file starts with a byte order mark of UTF-16."
        return Fault(UTF16, detail, "Save the file as UTF-8 without BOM.", of_file=True)
    start = line.removeprefix(codecs.BOM_UTF8).strip()
    if start == b"{" or start.startswith(b"["):
        return Fault(
            ONE_DOCUMENT,
            f"The first line starts {'a list' if start.startswith(b'[') else 'an object that goes on below'}.",
            "Write each example as one JSON object on a line of its own.",
            of_file=True,
        )
    return None


def _text(line: bytes) -> str | Fault:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Fault(
            BAD_UTF8,
            f"The byte 0x{line[error.start]:02X} cannot stand there.",
            "Save the file as UTF-8 without BOM.",
            column=len(line[: error.start].decode("utf-8")) + 1,
        )


def _value(text: str) -> Any:
    try:
        value = _DECODER.decode(text)
    except _Refused as refused:
        return refused.fault
    except json.JSONDecodeError as error:
        # Text after a colon and a blank could quote the row.
        said = error.msg.partition(": ")[0].strip()
        return Fault(BAD_JSON, f"{said}.", _syntax_advice(error), column=error.colno)
    except ValueError:
        # CPython refuses to read integers of more than 4,300 digits.
        return Fault(NUMBER_RANGE, "It has too many digits to be read.")
    except RecursionError:
        return _too_deep()
    return _too_deep() if _deeper_than_allowed(text, value) else value


def _syntax_advice(error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Extra data"):
        return "Write one JSON object on each line, and nothing after it."
    return "Each example must be complete on one line; a line break in a string is written \\n."


def _too_deep() -> Fault:
    return Fault(DEEP_NESTING, f"More than {MAX_DEPTH} lists and objects stand in each other.")


def _deeper_than_allowed(text: str, value: object) -> bool:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return bool(level)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
    detail = f"An object has the key {shown(twice)} more than once; readers keep one of them, and not the same one."
    raise _Refused(Fault(REPEATED_KEY, detail, "Keep one of them."))


def _number(text: str) -> int | float:
    value = float(text)
    if math.isinf(value):
        raise _Refused(Fault(NUMBER_RANGE, "It is larger than a double can hold."))
    return int(value) if value.is_integer() else value


def _constant(name: str) -> NoReturn:
    detail = f"{name} is not a JSON value, though some writers produce it."
    raise _Refused(Fault(NOT_A_NUMBER, detail, "Write null, or leave the key out."))


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
