"""Two contents of a dataset held against each other: what was added, removed and edited, and what that comes to."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ftplan.core.dataset_diff import LISTED_ROWS, DatasetDiff, DiffSide, RowChange
from ftplan.datasets.comparing.pairing import paired
from ftplan.datasets.comparing.rowindex import RowIndex
from ftplan.datasets.comparing.sketch import SKETCH_BYTES, unpacked

Pair = tuple[int, int]
Run = tuple[list[int], list[int]]


def difference(
    old: RowIndex | None,
    new: RowIndex,
    *,
    old_name: str,
    new_name: str,
    limit: int | None = None,
    shared_with: tuple[RowIndex | None, RowIndex | None] = (None, None),
) -> DatasetDiff:
    """What became of the rows of `old` in `new`; of the latter alone where nothing is remembered of the former.

    `limit` is the most tokens of an example, `shared_with` the dataset that each side is validated with, or trained
    with. Rows are the same by their canonical form, wherever they stand.
    """
    after = _side(new, new.encoding, limit, shared_with[1])
    if old is None:
        return DatasetDiff(old_name, new_name, None, after, encoding=new.encoding, limit=limit)
    kept = _kept(old.rows(), new.rows())
    steady = _longest_rising(kept)
    removed = sorted(set(range(len(old))) - {before for before, _ in kept})
    added = sorted(set(range(len(new))) - {now for _, now in kept})
    edited = _edited(old, new, removed, added, steady)
    gone = [before for before in removed if before not in edited]
    become = set(edited.values())
    come = [now for now in added if now not in become]
    return DatasetDiff(
        old_name,
        new_name,
        _side(old, new.encoding, limit, shared_with[0]),
        after,
        unchanged=len(kept),
        moved=len(kept) - len(steady),
        added=len(come),
        removed=len(gone),
        edited=len(edited),
        encoding=new.encoding,
        limit=limit,
        rows=tuple(sorted(_changes(old, new, edited, gone, come), key=_place)[:LISTED_ROWS]),
    )


def _side(index: RowIndex, encoding: str, limit: int | None, partner: RowIndex | None) -> DiffSide:
    counted = bool(encoding) and index.encoding == encoding
    rows = index.rows()
    others = set(partner.rows()) if partner is not None else None
    return DiffSide(
        rows=len(index),
        tokens=sum(index.tokens) if counted else None,
        longest=max(index.tokens, default=0) if counted else None,
        over_limit=sum(tokens > limit for tokens in index.tokens) if counted and limit is not None else None,
        duplicates=len(rows) - len(set(rows)),
        shared=None if others is None else sum(row in others for row in rows),
        roles=dict(sorted(index.roles.items())),
        tools=dict(sorted(index.tools.items())),
    )


def _kept(old: Sequence[bytes], new: Sequence[bytes]) -> list[Pair]:
    """Which row of `old` is which of `new`, by the place in `new`. Of rows that are the same the first is the first."""
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for place in range(len(old) - 1, -1, -1):
        places[old[place]].append(place)
    return [(places[row].pop(), now) for now, row in enumerate(new) if places.get(row)]


def _longest_rising(pairs: Sequence[Pair]) -> list[Pair]:
    """The most of `pairs` that stand in one order on both sides."""
    lowest: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (old, _) in enumerate(pairs):
        at = bisect_left(lowest, old)
        before.append(ends[at - 1] if at else -1)
        if at == len(lowest):
            lowest.append(old)
            ends.append(number)
        else:
            lowest[at], ends[at] = old, number
    found: list[Pair] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _edited(
    old: RowIndex, new: RowIndex, removed: Sequence[int], added: Sequence[int], steady: Sequence[Pair]
) -> dict[int, int]:
    sketches = [
        {place: unpacked(index.sketches[place * SKETCH_BYTES :][:SKETCH_BYTES])[0] for place in places}
        for index, places in ((old, removed), (new, added))
    ]
    return paired(sketches[0], sketches[1], list(_runs(removed, added, steady)))


def _runs(removed: Sequence[int], added: Sequence[int], steady: Sequence[Pair]) -> Iterator[Run]:
    """The removed and the added rows that stand between the same rows of both sides."""
    olds, news = [old for old, _ in steady], [new for _, new in steady]
    runs: defaultdict[int, Run] = defaultdict(lambda: ([], []))
    for place in removed:
        runs[bisect_left(olds, place)][0].append(place)
    for place in added:
        runs[bisect_left(news, place)][1].append(place)
    yield from (run for run in runs.values() if run[0] and run[1])


def _changes(
    old: RowIndex, new: RowIndex, edited: dict[int, int], gone: Sequence[int], come: Sequence[int]
) -> Iterator[RowChange]:
    same = bool(new.encoding) and old.encoding == new.encoding

    def before(place: int) -> int | None:
        return old.tokens[place] if same else None

    def after(place: int) -> int | None:
        return new.tokens[place] if new.encoding else None

    for was, now in edited.items():
        yield RowChange("edited", was + 1, now + 1, before(was), after(now))
    yield from (RowChange("removed", was + 1, None, before(was), None) for was in gone)
    yield from (RowChange("added", None, now + 1, None, after(now)) for now in come)


def _place(change: RowChange) -> tuple[int, int, str]:
    """By the line it has now, or had; what went before what came."""
    return change.new_line or change.old_line or 0, change.old_line or 0, change.kind
