"""From bytes to text that is safe to parse and to show: UTF-8, no control characters, one kind of line end."""

from __future__ import annotations

import re
from itertools import islice

from ftplan.config.tree import excerpt
from ftplan.errors import Place, Problem

MAX_BYTES = 1024 * 1024
MAX_REPORTED = 20

# Line separators and bidirectional marks are refused too: a reviewer would see another file than the one read.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def decode_text(data: bytes, file: str) -> tuple[str, list[Problem]]:
    """The text of a file and what is wrong with it. With a problem the text must not be parsed."""
    if len(data) > MAX_BYTES:
        detail = f"{file} is larger than {MAX_BYTES // 1024} KiB; a configuration has no reason to be."
        return "", [Problem("File too large", detail, Place(file, 1, 1, ""))]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return "", [_not_utf8(data, error.start, file)]
    return clean_text(text, file)


def clean_text(text: str, file: str) -> tuple[str, list[Problem]]:
    """`text` without byte order mark and with `\\n` line ends, and a problem for each character refused."""
    if len(text) > MAX_BYTES:
        return decode_text(text.encode("utf-8", "surrogatepass"), file)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, [_refused(text, match, file) for match in islice(_REFUSED.finditer(text), MAX_REPORTED)]


def refused_character(text: str) -> str | None:
    """The first character of a value that no value may hold (an escape may have made it), as `U+XXXX`."""
    match = _REFUSED.search(text)
    return f"U+{ord(match.group()):04X}" if match else None


def _refused(text: str, match: re.Match[str], file: str) -> Problem:
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    shown = excerpt([_REFUSED.sub("\ufffd", whole) for whole in text.split("\n")[line - 1 : line]], 1, column)
    return Problem(
        "Character not allowed",
        f"The file holds the invisible character U+{ord(match.group()):04X}.",
        Place(file, line, column, shown),
        advice='Remove it; where a value needs it, write it as an escape in double quotes, like "\\t".',
    )


def _not_utf8(data: bytes, position: int, file: str) -> Problem:
    start = data.rfind(b"\n", 0, position) + 1
    before = data[start:position].decode("utf-8", "replace")
    place = Place(file, data.count(b"\n", 0, position) + 1, len(before) + 1, excerpt([before], 1, 1))
    return Problem(
        "File is not UTF-8",
        f"The byte 0x{data[position]:02X} is not UTF-8 text.",
        place,
        advice="Save the file as UTF-8.",
    )
