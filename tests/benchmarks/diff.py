"""Holds two generated chat files against each other, row by row with ftplan and line by line with difflib.

    python tests/benchmarks/diff.py [rows] [changed]     100,000 rows, of which 5,000 are edited, unless told otherwise

For every hundred rows that are edited one is taken out and one put in. difflib's SequenceMatcher compares the lines, as
`diff` does, and knows neither which one became which nor any that moved. To tell the former by it, each line that went
is held against each that came; that is measured with 200 edited rows, since its time grows with their square. Every run
is a process of its own; memory is that of the process at its largest. Exit 1 where ftplan does not find what was done.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ENCODING = "o200k_base"
MOST_TO_PAIR = 200
WORDS = 5_000


def write_two(folder: Path, rows: int, changed: int) -> tuple[Path, Path, dict[str, int]]:
    """Two files, and how many rows were edited, added and removed between them."""
    chance = random.Random(20_260_801)
    words = ["".join(chance.choices("abcdefghiklmnoprstu", k=chance.randint(2, 9))) for _ in range(WORDS)]
    old = [_row(chance, words) for _ in range(rows)]
    edited = set(chance.sample(range(rows), changed))
    gone = set(chance.sample([place for place in range(rows) if place not in edited], changed // 100))
    new = [_edited(chance, row) if place in edited else row for place, row in enumerate(old) if place not in gone]
    for _ in gone:
        new.insert(chance.randrange(len(new)), _row(chance, words))
    paths = folder / "old.jsonl", folder / "new.jsonl"
    for path, held in zip(paths, (old, new), strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in held))
    return *paths, {"edited": changed, "added": len(gone), "removed": len(gone)}


def ours(old: Path, new: Path) -> dict[str, Any]:
    """What ftplan finds, and how long its parts take."""
    from ftplan.datasets import difference, index_rows

    started = time.perf_counter()
    with old.open("rb") as before, new.open("rb") as after:
        indexes = [index_rows(file, "rows.jsonl", ENCODING) for file in (before, after)]
    read = time.perf_counter()
    diff = difference(indexes[0], indexes[1], old_name="old", new_name="new")
    ended = time.perf_counter()
    return {
        "found": {"edited": diff.edited, "added": diff.added, "removed": diff.removed},
        "reading": read - started,
        "comparing": ended - read,
        "bytes a row": len(indexes[1].encode()) / len(indexes[1]),
    }


def lines(old: Path, new: Path) -> dict[str, Any]:
    """The lines that differ."""
    from difflib import SequenceMatcher

    started = time.perf_counter()
    before, after = (path.read_text().splitlines() for path in (old, new))
    read = time.perf_counter()
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks)
    found = {"gone": len(before) - same, "come": len(after) - same}
    return {"found": found, "reading": read - started, "comparing": time.perf_counter() - read}


def pairs(old: Path, new: Path) -> dict[str, Any]:
    """The lines that differ, and of each that went the likest that came."""
    from difflib import get_close_matches

    started = time.perf_counter()
    before, after = (path.read_text().splitlines() for path in (old, new))
    read = time.perf_counter()
    old_lines, new_lines = set(before), set(after)
    gone = [line for line in before if line not in new_lines]
    come = [line for line in after if line not in old_lines]
    edited = 0
    for line in gone:
        near = get_close_matches(line, come, n=1, cutoff=0.6)
        come = [other for other in come if other not in near]
        edited += len(near)
    found = {"edited": edited, "added": len(come), "removed": len(gone) - edited}
    return {"found": found, "reading": read - started, "comparing": time.perf_counter() - read}


WAYS = {"ours": ours, "difflib": lines, "difflib, pairing": pairs}


def run(way: str, old: Path, new: Path) -> dict[str, Any]:
    """One way in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", way, str(old), str(new)], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    print(
        f"{way:17} {found['wall']:7.2f} s: reading {found['reading']:6.2f}, comparing {found['comparing']:7.2f}"
        f"   peak {found['peak']:5.0f} MB   {found['found']}"
        + (f"   {found['bytes a row']:.0f} bytes a row kept" if "bytes a row" in found else "")
    )
    return found


def compared(rows: int, changed: int) -> bool:
    """Whether ftplan finds what was done. Prints what was measured."""
    few = min(changed, MOST_TO_PAIR)
    right = []
    for count, edited, other in ((rows, changed, "difflib"), (rows * few // changed, few, "difflib, pairing")):
        with tempfile.TemporaryDirectory() as folder:
            old, new, done = write_two(Path(folder), count, edited)
            print(f"{count:,} rows, {old.stat().st_size / 1e6:.0f} MB, {done}, Python {sys.version.split()[0]}")
            mine, theirs = run("ours", old, new), run(other, old, new)
            right.append(mine["found"] == done)
            print(f"comparing takes {other} {theirs['comparing'] / mine['comparing']:.2f} times as long as ftplan")
    return all(right)


def _row(chance: random.Random, words: list[str]) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": "You are a helpful agent of the parcel service. Answer in one sentence."},
            {"role": "user", "content": " ".join(chance.choices(words, k=20))},
            {"role": "assistant", "content": " ".join(chance.choices(words, k=25))},
        ]
    }


def _edited(chance: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    *before, last = row["messages"]
    said = last["content"].split()
    said[chance.randrange(len(said))] = f"CHANGED{chance.randrange(1_000_000)}"
    return {"messages": [*before, {**last, "content": " ".join(said)}]}


def _peak_megabytes() -> float:
    """Of this process alone: what getrusage says of one that was just started is its parent's."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        began = time.perf_counter()
        answer = WAYS[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4]))
        print(json.dumps({**answer, "wall": time.perf_counter() - began, "peak": _peak_megabytes()}))
    else:
        numbers = [int(argument) for argument in sys.argv[1:]]
        sys.exit(not compared(*(numbers + [100_000, 5_000][len(numbers) :])))
