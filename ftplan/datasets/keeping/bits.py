"""A yes or no for each row, eight to a byte."""

from __future__ import annotations

_DIGITS = bytes.maketrans(b"\0\1", b"01")
_FLAGS = bytes.maketrans(b"01", b"\0\1")


def packed(flags: bytes | bytearray) -> bytes:
    """Flags, 0 or 1 each, in an eighth of their room."""
    # One number in base 2, which Python reads and writes in linear time and faster than a loop could. The 1 before
    # them keeps the zeros that they begin with.
    return int(b"1" + flags.translate(_DIGITS), 2).to_bytes(len(flags) // 8 + 1, "big")


def unpacked(body: bytes) -> bytes:
    """The flags that were `packed`."""
    return format(int.from_bytes(body, "big"), "b").encode().translate(_FLAGS)[1:]
