"""Which example is nearest to a text: TF-IDF cosine over words, the same answer every time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Sequence

from ftplan.sandbox.rows import words_of

# The rarest words decide; looking up the commonest ones would cost most and change least.
_WORDS_LOOKED_UP = 24


class Nearest:
    """An index over texts; positions are those of the sequence given."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words_of(text.lower())) for text in texts]
        spread = Counter(word for count in counts for word in count)
        self._rarity = {word: 1.0 + math.log(len(texts) / many) for word, many in spread.items()}
        self._posts: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for position, count in enumerate(counts):
            for word, weight in self._weights(count).items():
                self._posts[word].append((position, weight))

    def find(self, text: str, among: Container[int] | None = None) -> int | None:
        """The nearest position, the earliest among equals; None when no word is shared (or none is allowed)."""
        weights = self._weights(Counter(words_of(text.lower())))
        chosen = sorted(weights, key=lambda word: (-self._rarity[word], word))[:_WORDS_LOOKED_UP]
        scores: dict[int, float] = defaultdict(float)
        for word in chosen:
            for position, weight in self._posts[word]:
                if among is None or position in among:
                    scores[position] += weight * weights[word]
        return min(scores, key=lambda position: (-scores[position], position)) if scores else None

    def _weights(self, count: Counter[str]) -> dict[str, float]:
        raw = {word: many * self._rarity[word] for word, many in count.items() if word in self._rarity}
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {word: weight / length for word, weight in raw.items()}
