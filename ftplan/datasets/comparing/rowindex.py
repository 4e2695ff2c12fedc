"""What is kept of a dataset's rows, so that a later content can be held against it: hashes, counts and sketches."""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from ftplan.core.facts import Encoding
from ftplan.core.keeping.plain import Misfit, from_plain, to_plain
from ftplan.datasets.comparing.sketch import SKETCH_BYTES

DIGEST_BYTES = 12
TOKEN_BYTES = 4
MOST_TOKENS = 2 ** (8 * TOKEN_BYTES) - 1
_MAGIC = b"ftplan rows 1\n"
_SEAL_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Head:
    rows: int
    encoding: Encoding
    roles: Mapping[str, int]
    tools: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowIndex:
    """The rows of one content in their order: of each 12 bytes of the SHA-256 of its canonical form, its tokens in
    `encoding` (all 0 where that is empty: nothing was counted), and its sketch. `roles` are messages by role, `tools`
    the tools that are offered or called, with a digest of their definitions.

    What a row says cannot be read off it. Whoever guesses a row to its last character can check the guess by its hash,
    as by the hash of the whole content that the state holds."""

    digests: bytes = b""
    tokens: array[int] = field(default_factory=lambda: array("L"))
    sketches: bytes = b""
    encoding: Encoding = ""
    roles: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tokens)

    def rows(self) -> list[bytes]:
        """The digest of each row."""
        return [self.digests[at : at + DIGEST_BYTES] for at in range(0, len(self.digests), DIGEST_BYTES)]

    def encode(self) -> bytes:
        """The index as a file: 32 bytes a row, a head, and a seal over all of it."""
        head = _Head(len(self), self.encoding, dict(sorted(self.roles.items())), dict(sorted(self.tools.items())))
        spelled = json.dumps(to_plain(head), separators=(",", ":")).encode("ascii")
        counted = array("I", (min(tokens, MOST_TOKENS) for tokens in self.tokens))
        if sys.byteorder == "big":
            counted.byteswap()
        body = b"".join([len(spelled).to_bytes(4, "little"), spelled, self.digests, counted.tobytes(), self.sketches])
        return _MAGIC + hashlib.sha256(body).digest() + body

    @staticmethod
    def decode(data: bytes) -> RowIndex | None:
        """The index that `encode` wrote; None for anything else. It may come from a stranger's pull request, so that
        nothing is believed of it before its size says the same."""
        start = len(_MAGIC) + _SEAL_BYTES
        body = memoryview(data)[start:]
        if data[:start] != _MAGIC + hashlib.sha256(body).digest() or len(body) < 4:
            return None
        end = 4 + int.from_bytes(body[:4], "little")
        try:
            head = from_plain(_Head, json.loads(bytes(body[4:end])))
        except (Misfit, ValueError, RecursionError):
            return None
        rows = body[end:]
        if end > len(body) or head.rows < 0 or len(rows) != head.rows * (DIGEST_BYTES + TOKEN_BYTES + SKETCH_BYTES):
            return None
        counts_at, sketches_at = head.rows * DIGEST_BYTES, head.rows * (DIGEST_BYTES + TOKEN_BYTES)
        counted = array("I", bytes(rows[counts_at:sketches_at]))
        if sys.byteorder == "big":
            counted.byteswap()
        return RowIndex(
            bytes(rows[:counts_at]),
            array("L", counted),
            bytes(rows[sketches_at:]),
            head.encoding,
            head.roles,
            head.tools,
        )
