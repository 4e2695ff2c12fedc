"""Letters in pictures, where nothing wraps and nobody measures: cut to the room there is."""

from __future__ import annotations

import unicodedata

_WIDE = frozenset({"W", "F"})
_ELLIPSIS = "…"


def columns(text: str) -> int:
    """How many letters wide `text` is in type of one width; what East Asia writes takes two."""
    return sum(_width(character) for character in text)


def fitted(text: str, room: int) -> str:
    """`text` in at most so many columns; what is cut ends in an ellipsis."""
    if columns(text) <= room:
        return text
    shown, used = "", 1
    for character in text:
        used += _width(character)
        if used > room:
            break
        shown += character
    return shown + _ELLIPSIS


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
