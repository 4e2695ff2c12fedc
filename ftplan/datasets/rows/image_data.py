"""What an image is that stands in a row as a data URL: whether it can be read, and of which type it is.

Sources: OpenAI's guide to vision fine-tuning (the types it takes), RFC 4648 (base64), and the first bytes that the
three formats are published to begin with.
"""

from __future__ import annotations

import base64
import string

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")

_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_OPENING_CHARACTERS = 16
_PIECE_CHARACTERS = 32_768


def declared_type(url: str) -> str:
    """The type that a data URL says it holds; empty where it says none."""
    return url[len("data:") :].partition(",")[0].partition(";")[0].lower()


def is_base64(payload: str) -> bool:
    """Whether some reader can decode it: line breaks in it and a missing padding are forgiven by some."""
    end = payload.find("=")
    end = len(payload) if end < 0 else end
    if not payload.isascii() or payload[end:].strip("=" + string.whitespace):
        return False
    # Piece by piece: a copy of a whole image costs more than to look at it.
    pieces = (payload[at : min(at + _PIECE_CHARACTERS, end)] for at in range(0, end, _PIECE_CHARACTERS))
    foreign = b"".join(piece.encode("ascii").translate(None, _ALPHABET) for piece in pieces)
    characters = end - len(foreign)
    return characters > 0 and not foreign.strip() and characters % 4 != 1


def image_type(url: str) -> str | None:
    """The type of the image that the data of a data URL begins as; None for anything else."""
    start = url.find(",") + 1
    opening = "".join(url[start : start + 4 * _OPENING_CHARACTERS].split()).rstrip("=")[:_OPENING_CHARACTERS]
    first = base64.b64decode(opening + "=" * (-len(opening) % 4))
    if first.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if first.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if first[:4] == b"RIFF" and first[8:12] == b"WEBP" else None
