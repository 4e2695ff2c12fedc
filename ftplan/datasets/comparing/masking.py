"""Secrets and personal data in a text, blotted out before anybody is shown it."""

from __future__ import annotations

import re

from ftplan.datasets.scanning.sensitive import sensitive_in

MASK = "[masked]"
# A word without the full stop behind it, or a number with what may stand between its digits.
_WORD = re.compile(rb"[^\s\"'<>(),;]*[^\s\"'<>(),;.:!?]")
_NUMBER = re.compile(rb"[+A-Z]{0,2}\d(?:[ ().-]{0,2}[A-Z0-9]){6,}")
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)", re.DOTALL)


def masked(text: str) -> str:
    """`text` with `MASK` in the place of whatever looks like a secret or a person's data."""
    data = text.encode("utf-8", "surrogatepass")
    # As a line of a dataset spells it, a quote stands where a text begins: so that its first word is looked at, too.
    secrets, personal = sensitive_in(b'"' + data + b'"')
    if not secrets and not personal:
        return text
    pieces: list[bytes] = []
    end = 0
    for start in sorted({at - 1 for at, _ in (*secrets, *personal)}):
        if start >= end:
            pieces += [data[end:start], MASK.encode()]
            end = _end(data, start)
    return b"".join([*pieces, data[end:]]).decode("utf-8", "surrogatepass")


def _end(data: bytes, start: int) -> int:
    found = [pattern.match(data, start) for pattern in (_KEY, _NUMBER, _WORD)]
    return max([match.end() for match in found if match is not None], default=start + 1)
