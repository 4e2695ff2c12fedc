"""Several processes find what one finds, whatever happens to them."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.datasets import Demands, measure
from ftplan.datasets.reading.lines import Block, blocks
from ftplan.datasets.scanning import workers
from ftplan.datasets.scanning.blockread import BlockReader
from ftplan.datasets.scanning.scan import Scan, Scanned

ENCODINGS = ("o200k_base", "cl100k_base")
LIMITED = Demands(presumed=dict.fromkeys(ENCODINGS, 60))
LIMITS = {"o200k_base": 60}


def row(chance: random.Random) -> bytes:
    words = ["word", "naïve", "東京", "x: y", "\n", '"', "system"]
    messages = [
        {"role": role, "content": " ".join(chance.choices(words, k=chance.randint(1, 30)))}
        for role in ("system", "user", "assistant")
    ]
    made = {"messages": messages}
    if chance.random() < 0.2:
        made["tools"] = [{"type": "function", "function": {"name": f"f{chance.randint(0, 3)}"}}]
    return json.dumps(made, ensure_ascii=chance.random() < 0.5).encode()


def table(seed: int, rows: int, wrong: list[int]) -> bytes:
    chance = random.Random(seed)
    lines = [row(chance) for _ in range(rows)]
    for number in wrong:
        lines[number % rows] = chance.choice([b"{]", b"", b'{"messages":[1,2,3,4,5,6,7]}', b'{"prompt":"p"}', b"\xff"])
    return b"\n".join(lines) + chance.choice([b"", b"\n"])


def scanned(data: bytes, processes: int, block: int) -> Scanned:
    reader = BlockReader(ENCODINGS, "supervised", LIMITS)
    return Scan("train.jsonl", reader, processes=processes, block=block).over(io.BytesIO(data))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    rows=st.integers(1, 40),
    wrong=st.lists(st.integers(0, 39), max_size=3) | st.lists(st.integers(0, 39), min_size=20, max_size=40),
    block=st.integers(1, 4_000),
)
def test_the_size_of_blocks_changes_nothing(seed, rows, wrong, block):
    data = table(seed, rows, wrong)
    assert scanned(data, 1, block) == scanned(data, 1, 1_000_000)


@pytest.mark.parametrize(
    ("processes", "block", "wrong"),
    [
        (2, 3_000, []),
        (3, 500, []),
        (2, 700, [299]),
        (2, 900, [5, 150, 290]),
        (3, 700, list(range(10, 300, 7))),
        (2, 5_000, [0, 1, 2]),
    ],
)
def test_the_number_of_processes_changes_nothing(processes, block, wrong):
    data = table(len(wrong), 300, wrong)
    assert scanned(data, processes, block) == scanned(data, 1, 1_000_000)


def test_measuring_a_large_file_with_two_processes_is_measuring_it_with_one(tmp_path):
    data = table(1, 1_000, []).removesuffix(b"\n") + b"\n"
    path = tmp_path / "large.jsonl"
    path.write_bytes(data * (11_000_000 // len(data)))
    found = []
    for processes in (1, 2):
        with path.open("rb") as file:
            found.append(measure(file, path.name, ENCODINGS, LIMITED, processes=processes))
    assert found[0] == found[1]
    assert found[0].facts is not None


def started(monkeypatch) -> list[subprocess.Popen[bytes]]:
    """The workers that are started from now on."""
    made: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def noted(*given, **named):
        made.append(start(*given, **named))
        return made[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    return made


def test_nothing_is_lost_with_a_worker_that_is_killed(monkeypatch):
    data = table(3, 400, [])
    expected = scanned(data, 1, 1_000_000)
    made = started(monkeypatch)
    reader = BlockReader(ENCODINGS, "supervised", LIMITS)
    scan = Scan("train.jsonl", reader, processes=2, block=2_000)

    class Killing(io.BytesIO):
        """A file whose reading kills a worker half way."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > len(data) // 2:
                for process in made:
                    process.kill()
            return super().read(size)

    assert scan.over(Killing(data)) == expected
    assert [process.returncode for process in made] == [-signal.SIGKILL] * 2


@pytest.mark.parametrize("executable", ["/nonexistent/python", "", "/bin/false"])
def test_a_worker_that_cannot_start_leaves_the_work_here(executable, monkeypatch):
    data = table(4, 100, [])
    expected = scanned(data, 1, 1_000_000)
    monkeypatch.setattr(sys, "executable", executable)
    assert scanned(data, 2, 2_000) == expected


def test_no_worker_outlives_what_it_was_started_for(monkeypatch):
    made = started(monkeypatch)
    reader = BlockReader((), "supervised", {}, format="chat")
    found = workers.read_apart(blocks(io.BytesIO(table(5, 100, [])), len, size=1_000), reader, 2)
    assert next(found).rows > 0
    found.close()
    assert len(made) == 2
    assert all(process.returncode is not None for process in made)


INTERRUPTED = """
import io, os, signal, sys
from ftplan.datasets.scanning.blockread import BlockReader
from ftplan.datasets.reading.lines import blocks
from ftplan.datasets.scanning import workers

# Whoever runs the tests in the background has SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupting(io.BytesIO):
    def read(self, size=-1):
        if self.tell() > 20_000:
            os.killpg(0, signal.SIGINT)
        return super().read(size)

import subprocess
start = subprocess.Popen
def noted(*given, **named):
    process = start(*given, **named)
    print(process.pid, flush=True)
    return process
subprocess.Popen = noted
reader = BlockReader(("o200k_base",), "supervised", {}, format="chat")
try:
    for found in workers.read_apart(blocks(Interrupting(sys.stdin.buffer.read()), len, size=1_000), reader, 2):
        pass
except KeyboardInterrupt:
    sys.exit(42)
"""


def test_an_interrupt_ends_the_workers():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        input=table(6, 2_000, []),
        capture_output=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 42, done.stderr
    assert done.stderr == b""
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_ends_when_its_line_is_cut():
    ours, theirs = workers.Pipe()
    process = workers._started(theirs)
    theirs.close()
    ours.send(BlockReader((), "supervised", {}, format="chat"))
    ours.send(Block(table(7, 3, [])))
    assert ours.recv().rows == 3
    ours.close()
    assert process.wait(timeout=30) == 0


def test_a_worker_imports_nothing_of_the_folder_it_runs_in(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "msgspec.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry and Path(entry).is_absolute()])
    monkeypatch.chdir(tmp_path)
    made = started(monkeypatch)
    data = table(8, 50, [])
    reader = BlockReader((), "supervised", {}, format="chat")
    found = list(workers.read_apart(blocks(io.BytesIO(data), len, size=1_000), reader, 1))
    assert sum(facts.rows for facts in found) == 50
    assert made[0].returncode == -signal.SIGKILL  # it was still there when it was let go
