"""Counts of texts that come again, such as system prompts, tools and repeated answers, so that each is counted once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

MEMORY_CHARACTERS = 4_000_000
# What a text costs beside its characters: its object, its count and its place in a table.
ENTRY_CHARACTERS = 150


class Memory:
    """Remembers the texts asked about last: no fewer than `characters` of them, and no more than twice as many and
    those of one question."""

    def __init__(self, count: Callable[[Sequence[str]], list[int]], *, characters: int = MEMORY_CHARACTERS) -> None:
        self._count = count
        self._characters = characters
        self._held = 0
        self._recent: dict[str, int] = {}
        self._former: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._recent) + len(self._former)

    def counts(self, texts: Iterable[str]) -> Mapping[str, int]:
        """The count of each of `texts`, and maybe of others. To be read before the next call."""
        if self._held > self._characters:
            # What is asked for again comes back from the former half; what is not goes with it.
            self._former, self._recent, self._held = self._recent, {}, 0
        recent, former = self._recent, self._former
        new = [text for text in dict.fromkeys(texts) if text not in recent]
        unknown = []
        for text in new:
            known = former.get(text)
            if known is None:
                unknown.append(text)
            else:
                recent[text] = known
        if unknown:
            recent.update(zip(unknown, self._count(unknown), strict=True))
        self._held += sum(map(len, new)) + ENTRY_CHARACTERS * len(new)
        return recent
