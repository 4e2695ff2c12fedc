"""What changed rows say, for whoever asks: only the texts that differ, cut around the difference, and masked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from ftplan.core.dataset_diff import DatasetDiff, RowChange, TextChange
from ftplan.datasets.comparing.masking import masked
from ftplan.datasets.reading.lines import lines

SHOWN_CHARACTERS = 300
BEFORE_CHARACTERS = 60
PLACE_CHARACTERS = 100
TEXTS_A_ROW = 6
CUT = "…"

Texts = Mapping[str, str]


def with_texts(diff: DatasetDiff, count: int, old_file: BinaryIO | None, new_file: BinaryIO | None) -> DatasetDiff:
    """`diff` with what its first `count` listed rows say, as far as the side is at hand. Raises OSError."""
    shown = diff.rows[:count]
    old = _read(old_file, {row.old_line for row in shown if row.old_line is not None})
    new = _read(new_file, {row.new_line for row in shown if row.new_line is not None})
    told = [_told(row, old.get(row.old_line or 0), new.get(row.new_line or 0)) for row in shown]
    return replace(diff, rows=(*told, *diff.rows[count:]))


def _told(row: RowChange, old: Texts | None, new: Texts | None) -> RowChange:
    places = list(dict.fromkeys([*(old or ()), *(new or ())]))
    pairs = [(place, (old or {}).get(place), (new or {}).get(place)) for place in places]
    changed = [(place, before, after) for place, before, after in pairs if before != after]
    texts = [TextChange(_shown(place), *_cut(before, after)) for place, before, after in changed[:TEXTS_A_ROW]]
    if len(changed) > TEXTS_A_ROW:
        texts.append(TextChange(f"{len(changed) - TEXTS_A_ROW} more"))
    return replace(row, texts=tuple(texts))


def _shown(place: str) -> str:
    """A place is made of the keys of a row, which are as foreign as what stands there."""
    hidden = masked(place)
    return hidden if len(hidden) <= PLACE_CHARACTERS else f"{hidden[:PLACE_CHARACTERS]}{CUT}"


def _cut(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Both from a little before they differ. Masked first: half a secret would not be known for one."""
    sides = [None if text is None else masked(text) for text in (before, after)]
    if sides[0] is None or sides[1] is None or sides[0] == sides[1]:
        return _start(sides[0], 0), _start(sides[1], 0)
    alike = zip(sides[0], sides[1], strict=False)
    same = next((n for n, (one, other) in enumerate(alike) if one != other), min(len(sides[0]), len(sides[1])))
    at = max(0, same - BEFORE_CHARACTERS)
    return _start(sides[0], at), _start(sides[1], at)


def _start(text: str | None, at: int) -> str | None:
    if text is None:
        return None
    end = at + SHOWN_CHARACTERS
    return f"{CUT if at else ''}{text[at:end]}{CUT if len(text) > end else ''}"


def _read(file: BinaryIO | None, wanted: Collection[int]) -> dict[int, Texts]:
    """The texts of the rows on the `wanted` lines, by their places in the row."""
    from ftplan.datasets.rows.fastrow import row_of

    if file is None or not wanted:
        return {}
    file.seek(0)
    found: dict[int, Texts] = {}
    for number, line in lines(file, len):
        row = row_of(line) if number in wanted and line is not None else None
        if isinstance(row, tuple):
            found[number] = dict(_texts(row[0], ""))
        if number >= max(wanted):
            break
    return found


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """What stands in a row, by its place; who says it is part of the place. Rows are no deeper than 128."""
    if isinstance(value, dict):
        role = value.get("role")
        spoken = f" ({role})" if isinstance(role, str) and place else ""
        for key, inner in value.items():
            if key != "role" or not place:
                at = f"{place}.{key}" if place else key
                yield from ((f"{where}{spoken}" if where == at else where, text) for where, text in _texts(inner, at))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{place}[{number}]")
    else:
        yield place, value if isinstance(value, str) else json.dumps(value)
