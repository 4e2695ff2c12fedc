"""How like two rows are, from 16 bytes of each: one-permutation MinHash over the words of their texts.

Every word falls into one of 32 buckets by its hash, and of each bucket the lowest hash is kept, cut to one of 15
values. Two rows agree in a bucket about as often as their words do (their Jaccard similarity), and else one time in 15,
which is reckoned out. So few values, because these files are kept and handed around: of 65,536 values a list of words
tells which word of the row nearly each of them was. Of 15 it does not, since a hundred words and more share each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from operator import eq

BUCKETS = 32
SKETCH_BYTES = BUCKETS // 2
VALUES = 15
# Text without blanks, such as Chinese, would be one word of a sentence.
LONGEST_WORD = 24
PIECE = 4
KNOWN_WORDS = 200_000
# No word fell into this bucket.
EMPTY = VALUES

Sketch = tuple[int, ...]


class Sketcher:
    """Makes sketches, and remembers the hashes of words it met."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}

    def sketch(self, texts: Iterable[str]) -> bytes:
        """The sketch of a row that says `texts`, 16 bytes."""
        lowest = [-1] * BUCKETS
        for bucket, value in self._hashes(texts):
            if lowest[bucket] < 0 or value < lowest[bucket]:
                lowest[bucket] = value
        kept = [EMPTY if value < 0 else value % VALUES for value in lowest]
        return bytes(low | high << 4 for low, high in zip(kept[::2], kept[1::2], strict=True))

    def _hashes(self, texts: Iterable[str]) -> Iterator[tuple[int, int]]:
        known = self._known
        for word in {word for text in texts for word in text.split()}:
            found = known.get(word)
            if found is not None:
                yield found
            elif len(word) <= LONGEST_WORD:
                yield self._remember(word)
            else:
                yield from map(_hash, {word[at : at + PIECE] for at in range(0, len(word), PIECE)})

    def _remember(self, word: str) -> tuple[int, int]:
        if len(self._known) >= KNOWN_WORDS:
            self._known.clear()
        self._known[word] = found = _hash(word)
        return found


def unpacked(sketches: bytes) -> list[Sketch]:
    """The sketches that stand one behind the other in `sketches`."""
    kept = tuple(value for byte in sketches for value in (byte & 15, byte >> 4))
    return [kept[at : at + BUCKETS] for at in range(0, len(kept), BUCKETS)]


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """About how many of the words of two rows stand in both, from 0 to 1; 1 for two rows without any."""
    agreed: int = sum(map(eq, one, other))
    empty = sum(a == b == EMPTY for a, b in zip(one, other, strict=True)) if EMPTY in one else 0
    if empty == BUCKETS:
        return 1.0
    by_chance = 1 / VALUES
    return max(0.0, ((agreed - empty) / (BUCKETS - empty) - by_chance) / (1 - by_chance))


def _hash(word: str) -> tuple[int, int]:
    """The bucket of a word, and its place among those of the bucket."""
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "little")
    return number % BUCKETS, number // BUCKETS
