"""A dataset file read for a split, and written as two: each row as it stands, in the order of the file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO

from ftplan.core.spec import SPLIT_SEED, Together
from ftplan.core.splits import Split, Stratum
from ftplan.datasets.preparing.nearness import Sketch, Sketcher, near_groups
from ftplan.datasets.preparing.prompts import digest, prompt_of
from ftplan.datasets.preparing.rowcheck import RowCheck
from ftplan.datasets.preparing.splitting import gathered, validation_groups, wanted_rows
from ftplan.datasets.reading.lines import lines
from ftplan.datasets.rows.faults import shown
from ftplan.datasets.rows.jsonrow import canonical
from ftplan.errors import DatasetError, DatasetUnreadable, Place, Problem

WITHOUT = ""
NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """How a dataset shall be parted. `stratify` is a key of the rows, or a path to one with dots.

    `together` says which rows are kept on one side: those that ask nearly the same, the same but for case and
    punctuation, or only those that are identical.
    """

    share: Fraction = Fraction(1, 10)
    seed: int = SPLIT_SEED
    stratify: str | None = None
    together: Together = "near"


@dataclass(slots=True)
class _Rows:
    """What is known of each row, in the order of the file."""

    keys: list[bytes] = field(default_factory=list)
    strata: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    sketches: dict[bytes, Sketch] = field(default_factory=dict)
    with_apart: int = 0
    sha256: str = ""


def split(file: BinaryIO, shown_path: str, wish: Wish) -> tuple[Split, bytearray, str]:
    """What becomes of the file: the counts, for each line 1 where it is for validation, and the SHA-256 of what was
    read. About 1 kB of memory a row. Raises DatasetError where rows are broken or there is nothing to part."""
    rows = _read(file, shown_path, wish)
    group_of = near_groups(rows.sketches)
    chosen = validation_groups(gathered(wish.seed, rows.keys, group_of, rows.strata), wish.share, wish.seed)
    sides = bytearray(group_of.get(key, key) in chosen for key in rows.keys)
    return _counted(rows, group_of, sides, wish), sides, rows.sha256


def write_halves(file: BinaryIO, sides: bytearray, sha256: str, training: BinaryIO, validation: BinaryIO) -> None:
    """Each line of the file to its half. Raises DatasetError where the file is not what it was."""
    for side, line in told_apart(file, sides, sha256):
        (validation if side else training).write(line)


def told_apart(file: BinaryIO, sides: Sequence[int], sha256: str) -> Iterator[tuple[int, bytes]]:
    """Each line of the file, as it is written, and its side. Raises DatasetUnreadable behind the last one where the
    file is not what it was."""
    file.seek(0)
    seen = hashlib.sha256()
    for number, line in lines(file, seen.update):
        if line is None or number > len(sides):
            break
        yield sides[number - 1], line + b"\n"
    if seen.hexdigest() != sha256:
        detail = "It was written to between two readings."
        advice = "Run the command again."
        raise DatasetUnreadable(Problem("The dataset changed while it was read", detail, advice=advice))


def value_at(row: Any, path: str) -> Any:
    """What stands in `row` at a key, or at a path of keys and numbers with dots; None where nothing does."""
    if isinstance(row, dict) and path in row:
        return row[path]
    at = row
    for part in path.split("."):
        if isinstance(at, dict):
            at = at.get(part)
        elif isinstance(at, list) and part.isdecimal() and int(part) < len(at):
            at = at[int(part)]
        else:
            return None
    return at


def _read(file: BinaryIO, shown_path: str, wish: Wish) -> _Rows:
    rows, sketcher, seen = _Rows(), Sketcher(), hashlib.sha256()
    check = RowCheck(shown_path, _top_key(wish.stratify))
    file.seek(0)
    for number, line in lines(file, seen.update):
        row = check.row(number, line)
        if row is not None:
            _add(rows, row, wish, sketcher)
    problems = list(check.problems())
    if problems:
        raise DatasetError(problems)
    if not rows.keys:
        raise DatasetError(
            Problem("The dataset is empty", "It has no rows.", Place(shown_path), "Is it the right file?")
        )
    if wish.stratify is not None and not any(rows.names):
        detail = f"{shown(wish.stratify)} leads nowhere in any of the {len(rows.keys):,} rows."
        advice = "Write it as in the rows, with dots between: metadata.topic, messages.0.content."
        raise DatasetError(Problem("No row has the key to stratify by", detail, Place(shown_path), advice))
    rows.with_apart, rows.sha256 = check.rows_with_apart, seen.hexdigest()
    return rows


def _add(rows: _Rows, row: dict[str, Any], wish: Wish, sketcher: Sketcher) -> None:
    spelling = canonical(row)
    prompt = prompt_of(row, spelling)
    rows.keys.append(digest(b"row", spelling) if wish.together == "identical" else prompt.key)
    name = WITHOUT if wish.stratify is None else _stratum(value_at(row, wish.stratify))
    rows.strata.append(rows.names.setdefault(name, name))
    if wish.together == "near" and prompt.key not in rows.sketches:
        sketch = sketcher.sketch(prompt.words)
        if sketch is not None:
            rows.sketches[prompt.key] = sketch


def _top_key(path: str | None) -> str | None:
    return None if path is None else path.partition(".")[0]


def _stratum(value: Any) -> str:
    """A name for a value: the same for equal values and for no others. Long texts are cut, and told by their hash."""
    if value is None:
        return WITHOUT
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= NAME_CHARACTERS else f"{text[:NAME_CHARACTERS]} {digest(text.encode()).hex()[:8]}"


def _counted(rows: _Rows, group_of: dict[bytes, bytes], sides: bytearray, wish: Wish) -> Split:
    sizes = Counter(group_of.get(key, key) for key in rows.keys)
    together = [size for size in sizes.values() if size > 1]
    return Split(
        training=len(sides) - sum(sides),
        validation=sum(sides),
        wanted=wanted_rows(len(sides), wish.share),
        groups=len(together),
        rows_in_groups=sum(together),
        largest_group=max(together, default=0),
        strata=tuple(_strata(rows.strata, sides)) if wish.stratify is not None else (),
        key_to_remove=(_top_key(wish.stratify) or "") if rows.with_apart else "",
    )


def _strata(names: Sequence[str], sides: bytearray) -> Iterator[Stratum]:
    """The largest first; the rows without a value last."""
    everywhere = Counter(names)
    validation = Counter(name for name, side in zip(names, sides, strict=True) if side)
    for name in sorted(everywhere, key=lambda name: (name == WITHOUT, -everywhere[name], name)):
        yield Stratum(name or None, everywhere[name] - validation[name], validation[name])
