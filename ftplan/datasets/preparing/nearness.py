"""Which prompts are nearly the same: those that share four fifths of their runs of three words.

Comparing each prompt with each other would take the square of their number. So every prompt is sketched (MinHash):
a ring of hashes is asked at fixed points which of the prompt's hashes follows next. Two prompts agree at a point as
often as their runs of words agree (their Jaccard similarity), so only prompts that agree at all four points of a band
are compared. Where thousands agree there they share a template and little else; then pairs of bands tell them apart.
The comparison is of the 64 lowest hashes of each: exact for prompts of up to 64 runs, right to about 0.05 for longer
ones. Of pairs that are just alike about one in a hundred is not found; more in texts made by a template.

Nothing depends on the order of the prompts, the process, or the version of Python: the hashes are BLAKE2.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import eq, xor

ALIKE = 0.8
RUN_WORDS = 3
BANDS, POINTS = 12, 4
LOWEST = 64
MEETINGS = 4
STRANGERS = 16
SHARED_BANDS = 2
KNOWN_WORDS = 200_000
FEWEST_RUNS = 4

_RING = [(index << 64) // (BANDS * POINTS) for index in range(BANDS * POINTS)]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A prompt in some 700 bytes: a hash for each band and for each pair of bands, and its lowest hashes."""

    bands: array[int]
    lowest: array[int]


class Sketcher:
    """Makes sketches; it remembers the hashes of words, of which a dataset has few."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int, int]] = {}

    def sketch(self, words: Sequence[str]) -> Sketch | None:
        """The sketch of a prompt; None for one so short that a prompt near to it would be the same."""
        runs = self._runs(words)
        count = len(runs)
        if count < FEWEST_RUNS:
            return None
        # Where no hash follows a point, the ring starts again.
        met = [runs[bisect_left(runs, point) % count] for point in _RING]
        bands = [hash(tuple(met[band::BANDS])) for band in range(BANDS)]
        pairs = map(hash, zip(bands[::2], bands[1::2], strict=True))
        return Sketch(array("q", [*bands, *pairs]), array("Q", runs[:LOWEST]))

    def _runs(self, words: Sequence[str]) -> list[int]:
        """The hashes of all runs of three words, in order, each once."""
        if len(self._known) > KNOWN_WORDS:
            self._known.clear()
        known = self._known
        hashed = [known[word] if word in known else self._hashed(word) for word in words]
        if len(hashed) < RUN_WORDS:
            return []
        # Simple tabulation: exclusive or of one table for each place, which is good enough for MinHash (Pătraşcu and
        # Thorup, The Power of Simple Tabulation Hashing).
        first, second, third = zip(*hashed, strict=True)
        return sorted(set(map(xor, map(xor, first, second[1:]), third[2:])))

    def _hashed(self, word: str) -> tuple[int, int, int]:
        made = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8 * RUN_WORDS).digest()
        found: tuple[int, int, int] = struct.unpack("<QQQ", made)
        self._known[word] = found
        return found


def near_groups(sketches: Mapping[bytes, Sketch]) -> dict[bytes, bytes]:
    """For each key the smallest key of its group: prompts that are alike, and those alike to one of these."""
    keys = sorted(sketches)
    joined = _Joined([sketches[key] for key in keys])
    for band in range(BANDS + BANDS // 2):
        joined.meet(band)
    return {key: keys[joined.root(index)] for index, key in enumerate(keys)}


class _Joined:
    """Prompts by number, and the smallest number of each group (union-find)."""

    def __init__(self, sketches: Sequence[Sketch]) -> None:
        self._sketches = sketches
        self._above = list(range(len(sketches)))

    def root(self, index: int) -> int:
        above = self._above
        while above[index] != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    def meet(self, band: int) -> None:
        """Compare prompts that agree in `band`: each with the first few there that are not alike themselves. Where
        many were like none of these, it is a template that they agree in, and no more are compared."""
        first: dict[int, int] = {}
        others: dict[int, list[int]] = {}
        strangers: dict[int, int] = {}
        for index, sketch in enumerate(self._sketches):
            place = sketch.bands[band]
            leader = first.setdefault(place, index)
            if leader == index or strangers.get(place, 0) > STRANGERS or self._joins(index, leader):
                continue
            known = others.setdefault(place, [])
            if any(self._joins(index, other) for other in known):
                continue
            if len(known) < MEETINGS:
                known.append(index)
            else:
                strangers[place] = strangers.get(place, 0) + 1

    def _joins(self, index: int, other: int) -> bool:
        first, second = self.root(index), self.root(other)
        if first == second:
            return True
        if not _alike(self._sketches[index], self._sketches[other]):
            return False
        self._above[max(first, second)] = min(first, second)
        return True


def _alike(one: Sketch, other: Sketch) -> bool:
    # Cheap, and says no to most of those that a template has brought together.
    return sum(map(eq, one.bands, other.bands)) >= SHARED_BANDS and similarity(one, other) >= ALIKE


def similarity(one: Sketch, other: Sketch) -> float:
    """The share of the runs of words of either prompt that stand in both, from 0 to 1."""
    first, second = set(one.lowest), set(other.lowest)
    both = first & second
    if max(len(first), len(second)) < LOWEST:
        return len(both) / (len(first) + len(second) - len(both))
    # Of the lowest hashes of both taken together, so that a long prompt is not held against its own tail.
    lowest = sorted(first | second)[:LOWEST]
    return len(both.intersection(lowest)) / len(lowest)
