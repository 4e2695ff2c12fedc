"""Where the boxes of a graph stand: in columns from left to right, with few crossings, the same each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 8
# A line that passes a column takes this much of the room of a box.
_PASSING = 0.35
_NEAR = 4.0

# A box is its own name; where a line passes a column, it is the line and the column.
Spot = str | tuple[str, str, int]
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """`spots` are column and height of the middle of each box, in boxes; `bends` what a line passes on its way."""

    columns: int
    height: float
    spots: Mapping[str, tuple[int, float]]
    bends: Mapping[Edge, tuple[tuple[int, float], ...]]


@dataclass(slots=True)
class _Board:
    """Boxes and passing lines by column, from top to bottom, with what each is joined to on either side."""

    layers: list[list[Spot]]
    before: dict[Spot, list[Spot]] = field(default_factory=dict)
    behind: dict[Spot, list[Spot]] = field(default_factory=dict)

    def join(self, spots: Sequence[Spot]) -> None:
        for left, right in pairwise(spots):
            self.behind.setdefault(left, []).append(right)
            self.before.setdefault(right, []).append(left)


def layered(nodes: Sequence[str], edges: Iterable[Edge], first: Iterable[str] = ()) -> Layout:
    """A place for each of `nodes`; an edge (a, b) goes from a on the left to b further right. Those in `first` stand in
    a column of their own. Edges that lead back, or nowhere, are left out."""
    known, leading = set(nodes), set(first)
    links = sorted({(a, b) for a, b in edges if a in known and b in known and a != b})
    layer = _columns(nodes, links, leading)
    kept = [(a, b) for a, b in links if layer[a] < layer[b]]
    board = _Board([[] for _ in range(max(layer.values(), default=-1) + 1)])
    for node in nodes:
        board.layers[layer[node]].append(node)
    ways: dict[Edge, list[Spot]] = {link: [] for link in kept}
    for (a, b), way in ways.items():
        for column in range(layer[a] + 1, layer[b]):
            way.append((a, b, column))
            board.layers[column].append(way[-1])
        board.join([a, *way, b])
    _untangle(board)
    heights = _heights(board)
    low = min((heights[spot] - _room(spot) / 2 for spot in heights), default=0.0)
    high = max((heights[spot] + _room(spot) / 2 for spot in heights), default=0.0)
    return Layout(
        len(board.layers),
        high - low,
        {node: (layer[node], heights[node] - low) for node in nodes},
        {
            edge: tuple((column, heights[spot] - low) for column, spot in enumerate(spots, layer[edge[0]] + 1))
            for edge, spots in ways.items()
        },
    )


def _columns(nodes: Sequence[str], links: Iterable[Edge], leading: set[str]) -> dict[str, int]:
    """As far to the right as the longest way to it; a circle is cut where it closes."""
    needed: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in links:
        needed[b].append(a)
    lowest = 1 if leading & set(nodes) else 0
    found: dict[str, int] = {}

    def column(node: str, trail: frozenset[str]) -> int:
        if node not in found:
            before = [column(one, trail | {node}) for one in needed[node] if one not in trail and one != node]
            found[node] = 0 if node in leading else max(lowest, 1 + max(before, default=-1))
        return found[node]

    for node in nodes:
        column(node, frozenset())
    return found


def _untangle(board: _Board) -> None:
    """Puts each beside what it is joined to, from the left and from the right in turns; the best order seen stays."""
    best, fewest = [list(layer) for layer in board.layers], _crossings(board)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        numbers = range(1, len(board.layers)) if forward else range(len(board.layers) - 2, -1, -1)
        for number in numbers:
            beside = board.layers[number - 1 if forward else number + 1]
            _sort(board.layers[number], beside, board.before if forward else board.behind)
        crossed = _crossings(board)
        if crossed < fewest:
            best, fewest = [list(layer) for layer in board.layers], crossed
    board.layers = best


def _sort(layer: list[Spot], beside: Sequence[Spot], joined: Mapping[Spot, Sequence[Spot]]) -> None:
    places = {spot: place for place, spot in enumerate(beside)}
    own = {spot: float(place) for place, spot in enumerate(layer)}
    for spot in layer:
        known = [places[one] for one in joined.get(spot, ()) if one in places]
        if known:
            own[spot] = sum(known) / len(known)
    layer.sort(key=lambda spot: own[spot])


def _crossings(board: _Board) -> int:
    total = 0
    for left, right in pairwise(board.layers):
        places = {spot: place for place, spot in enumerate(right)}
        ends = [place for spot in left for place in sorted(places[one] for one in board.behind.get(spot, ()))]
        total += sum(1 for at, end in enumerate(ends) for later in ends[at + 1 :] if later < end)
    return total


def _heights(board: _Board) -> dict[Spot, float]:
    """Each as near as can be to the middle of what it is joined to, and none on top of another."""
    heights: dict[Spot, float] = {}
    for layer in board.layers:
        heights |= _apart(layer, [0.0] * len(layer))
    for sweep in range(_SWEEPS):
        for layer in board.layers if sweep % 2 else board.layers[::-1]:
            heights |= _apart(layer, [_middle(spot, board, heights) for spot in layer])
    # In the middle of very many it would stand far from where they begin.
    for layer in board.layers[-2::-1]:
        heights |= _apart(layer, [min(_middle(s, board, heights), _top(s, board, heights) + _NEAR) for s in layer])
    return heights


def _middle(spot: Spot, board: _Board, heights: Mapping[Spot, float]) -> float:
    around = [heights[one] for one in (*board.before.get(spot, ()), *board.behind.get(spot, ()))]
    return sum(around) / len(around) if around else heights[spot]


def _top(spot: Spot, board: _Board, heights: Mapping[Spot, float]) -> float:
    return min((heights[one] for one in board.behind.get(spot, ())), default=heights[spot])


def _apart(layer: Sequence[Spot], wanted: Sequence[float]) -> dict[Spot, float]:
    """The heights nearest to those `wanted` at which each has its room: neighbours that are too near move together."""
    offsets, at = [], 0.0
    for number, spot in enumerate(layer):
        at += (_room(layer[number - 1]) + _room(spot)) / 2 if number else 0.0
        offsets.append(at)
    groups: list[tuple[float, int]] = []
    for goal, offset in zip(wanted, offsets, strict=True):
        mean, count = goal - offset, 1
        while groups and groups[-1][0] > mean:
            other, members = groups.pop()
            mean, count = (mean * count + other * members) / (count + members), count + members
        groups.append((mean, count))
    shifts = [mean for mean, count in groups for _ in range(count)]
    return {spot: shift + offset for spot, shift, offset in zip(layer, shifts, offsets, strict=True)}


def _room(spot: Spot) -> float:
    return 1.0 if isinstance(spot, str) else _PASSING
