"""A document that stays under a limit: what matters least is cut first, and what was cut is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ftplan.views.markdown.spans import code_element, code_span

# Between two blocks stands an empty line.
_GAP = "\n\n"


class Rank(IntEnum):
    """What matters most comes first, and is cut last."""

    HEADLINE = 0
    TABLE = 1
    COUNTS = 2
    NOTES = 3
    FIELDS = 4
    LIVES = 5
    DRIFT = 6
    RECKONING = 7
    ROWS = 8
    SAMPLES = 9
    WHOLE = 10


@dataclass(frozen=True, slots=True)
class Block:
    """Lines between an `opening` and a `closing`. Of `items` the last are cut where there is no room for them; `more`
    is said in their place, with their number for its `{}`, and so is how many stand `beyond` them anyway. `what` they
    are is in the plural."""

    rank: Rank
    items: tuple[str, ...]
    what: str = ""
    opening: str = ""
    closing: str = ""
    more: str = ""
    beyond: int = 0

    def within(self, room: int) -> tuple[str, int]:
        """The block in at most so many bytes, and how many items it lost. Empty where no item fits."""
        whole = self._text(len(self.items))
        if size(whole) <= room:
            return whole, 0
        left = room - size(self._text(0))
        kept = 0
        for item in self.items:
            left -= size(item) + 1
            if left < 0:
                break
            kept += 1
        return (self._text(kept) if kept else "", len(self.items) - kept)

    def _text(self, kept: int) -> str:
        lost = len(self.items) - kept + self.beyond
        said = self.more.format(f"{lost:,}") if lost else ""
        around = ([text] if text else [] for text in (self.opening, said, self.closing))
        opening, more, closing = around
        return "\n".join([*opening, *self.items[:kept], *more, *closing])


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that stand together: open, or folded away below a title, which is about `subject` where that is named."""

    blocks: tuple[Block, ...]
    title: str = ""
    subject: str = ""

    def wrapped(self, body: str, folds: bool) -> str:
        """`body` below the title."""
        if not self.title:
            return body
        if not folds:
            subject = f"{code_span(self.subject, 80)}: " if self.subject else ""
            return f"#### {subject}{self.title}{_GAP}{body}"
        subject = f"{code_element(self.subject)}: " if self.subject else ""
        # An HTML block ends at an empty line, and Markdown is read from there on.
        return f"<details><summary>{subject}{self.title}</summary>{_GAP}{body}{_GAP}</details>"


def paragraph(rank: Rank, text: str) -> Section:
    """One block that stands open and is kept or lost as a whole; none where there is no text."""
    return Section((Block(rank, (text,), "lines"),) if text else ())


def size(text: str) -> int:
    """How long `text` is by whatever a host counts: no count of characters is larger than that of its UTF-8 bytes."""
    return len(text.encode())


def fitted(sections: Sequence[Section], room: int, folds: bool = True) -> tuple[list[str], Mapping[str, int]]:
    """Each section's text, empty where all of it was cut, in at most `room` bytes together with the empty lines
    between them; and how many were cut of what."""
    places = [
        (block.rank, at, spot) for at, section in enumerate(sections) for spot, block in enumerate(section.blocks)
    ]
    kept: dict[tuple[int, int], str] = {}
    lost: dict[str, int] = {}
    opened: set[int] = set()
    for _, at, spot in sorted(places):
        section, block = sections[at], sections[at].blocks[spot]
        around = size(_GAP) + (0 if at in opened else size(section.wrapped("", folds)))
        text, missing = block.within(room - around)
        # After the first cut nothing that matters less gets the scraps.
        room = 0 if missing else room - around - size(text)
        if text:
            kept[at, spot] = text
            opened.add(at)
        if missing:
            lost[block.what] = lost.get(block.what, 0) + missing
    return [_section(section, _kept_of(kept, at, section), folds) for at, section in enumerate(sections)], lost


def joined(parts: Iterable[str]) -> str:
    """The parts that are not empty, with an empty line between them."""
    return _GAP.join(part for part in parts if part)


def _kept_of(kept: Mapping[tuple[int, int], str], at: int, section: Section) -> list[str]:
    return [kept[at, spot] for spot in range(len(section.blocks)) if (at, spot) in kept]


def _section(section: Section, texts: list[str], folds: bool) -> str:
    return section.wrapped(joined(texts), folds) if texts else ""
