"""Which removed row became which added one: the same row, edited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ftplan.datasets.comparing.sketch import BUCKETS, EMPTY, VALUES, Sketch, likeness

# Less alike, two rows are two rows. Where one stands exactly where the other stood, less is enough.
ALIKE = 0.5
ALIKE_IN_PLACE = 0.25
# What it adds to the likeness of two rows that one stands where the other stood: as much as a bucket or two.
IN_PLACE = 0.05
# One bucket tells few rows apart, so many that follow each other tell them together.
TOGETHER = 3
BITS = (BUCKETS * (VALUES + 1)).bit_length()
# What more rows than these of one side share there is a template's, and tells none of them apart.
STRANGERS = 12
CANDIDATES = 8

# Of more rows nobody reads which became which; then only rows in one place are held against each other.
MOST_COMPARED = 20_000

Pair = tuple[int, int]
Mark = int
Places = Sequence[int]


def paired(
    removed: Mapping[int, Sketch], added: Mapping[int, Sketch], neighbours: Sequence[tuple[Places, Places]]
) -> dict[int, int]:
    """The places of removed rows that were edited, each with the place of the added row that it became.

    `removed` and `added` hold sketches by the places of rows; `neighbours` are the runs of both that stand between the
    same unchanged rows. The likest go together first, and of equals those that stood closest. Each row is held against
    the one in its place and, of up to `MOST_COMPARED` rows, against `CANDIDATES` that share most with it; the time it
    takes grows with the number of rows, not with its square. Whichever side is the former one, the same rows go
    together.
    """
    in_place = {pair for run in neighbours for pair in _side_by_side(*run)}
    few = max(len(removed), len(added)) <= MOST_COMPARED
    met = {*in_place, *(_alike(removed, added) if few else ())}
    scored = [(likeness(removed[old], added[new]), (old, new)) for old, new in met]
    ranked = sorted(
        (-score - (IN_PLACE if pair in in_place else 0), abs(pair[0] - pair[1]), sum(pair), *pair)
        for score, pair in scored
        if score >= (ALIKE_IN_PLACE if pair in in_place else ALIKE)
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for *_, old, new in ranked:
        if old not in found and new not in taken:
            found[old] = new
            taken.add(new)
    return found


def _side_by_side(old: Sequence[int], new: Sequence[int]) -> Iterator[Pair]:
    """Rows of two runs by their order from the front, and from the back where the runs differ in length."""
    yield from zip(old, new, strict=False)
    if len(old) != len(new):
        yield from zip(reversed(old), reversed(new), strict=False)


def _alike(removed: Mapping[int, Sketch], added: Mapping[int, Sketch]) -> Iterator[Pair]:
    """Rows that agree in more buckets than most, seen from either side."""
    olds, news = _by_mark(removed), _by_mark(added)
    for mark in olds.keys() | news.keys():
        if max(len(olds.get(mark, ())), len(news.get(mark, ()))) > STRANGERS:
            olds.pop(mark, None)
            news.pop(mark, None)
    for old, sketch in removed.items():
        yield from ((old, new) for new in _most(sketch, news))
    for new, sketch in added.items():
        yield from ((old, new) for old in _most(sketch, olds))


def _by_mark(sketches: Mapping[int, Sketch]) -> dict[Mark, list[int]]:
    found: dict[Mark, list[int]] = {}
    for place, sketch in sketches.items():
        for mark in _marks(sketch):
            found.setdefault(mark, []).append(place)
    return found


def _most(sketch: Sketch, others: Mapping[Mark, list[int]]) -> list[int]:
    """Who shares most with `sketch`; of equals the first by place, whatever order they were met in."""
    met: Counter[int] = Counter()
    for mark in _marks(sketch):
        met.update(others.get(mark, ()))
    return sorted(met, key=lambda place: (-met[place], place))[:CANDIDATES]


def _marks(sketch: Sketch) -> list[Mark]:
    """What stands in buckets that follow each other, the empty ones left out; each as one number."""
    held = [bucket * (VALUES + 1) + value + 1 for bucket, value in enumerate(sketch) if value != EMPTY]
    if len(held) <= TOGETHER:
        return [_number(held)] if held else []
    circle = held + held[: TOGETHER - 1]
    return [_number(circle[at : at + TOGETHER]) for at in range(len(held))]


def _number(held: Sequence[int]) -> Mark:
    number = 0
    for one in held:
        number = number << BITS | one
    return number
