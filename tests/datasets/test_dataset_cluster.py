"""A Ray of two workers finds what this process finds, shows nothing of itself, and leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from processes import ended, marked

from ftplan.datasets import Demands, Measured, measure
from ftplan.datasets.reading.lines import Block
from ftplan.datasets.scanning.blockread import BlockReader
from ftplan.datasets.scanning.cluster import RayCluster, _read, _Task, cluster_at
from ftplan.datasets.scanning.scan import Scan, Scanned
from ftplan.datasets.scanning.shards import ShardReader
from ftplan.datasets.sources.files import opened
from ftplan.errors import DatasetError, UsageError

REAL = ["drone_training", "gsm8k_preference", "gsm8k_test", "gsm8k_train", "toy_chat_fine_tuning"]
ENCODINGS = ("o200k_base", "cl100k_base")
LIMITS = {"o200k_base": 60}
MARK = "FTPLAN_TEST_MARK"
write_chat_file = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "chatfile.py"))["write_chat_file"]


def must_be_installed() -> None:
    # Not imported: it is told what it must not do before it is.
    if find_spec("ray") is None:
        pytest.skip("ftplan[ray] is not installed")


@pytest.fixture(scope="module")
def two_workers() -> Iterator[RayCluster]:
    """A local Ray of two workers, for all of these tests: it takes seconds to start."""
    must_be_installed()
    with RayCluster("local", processes=2) as cluster:
        yield cluster


@pytest.fixture
def cluster(two_workers: RayCluster) -> RayCluster:
    two_workers.shard_bytes = 1_000
    return two_workers


def scanned(path: Path, cluster: RayCluster | None = None, method: Any = "supervised") -> Scanned:
    with opened(path) as file:
        return Scan("train.jsonl", BlockReader(ENCODINGS, method, LIMITS), machines=cluster).over(file)


def measured(path: Path, cluster: RayCluster | None = None) -> Measured:
    with opened(path) as file:
        return measure(file, path.name, ENCODINGS, Demands(presumed=LIMITS), machines=cluster)


def chat(text: str) -> bytes:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": text[::-1]}]
    return json.dumps({"messages": messages}).encode()


def test_a_large_chat_file_is_the_same_by_two_workers(cluster, tmp_path):
    path = tmp_path / "chats.jsonl"
    write_chat_file(path, 1)
    cluster.shard_bytes = 50_000
    expected = measured(path)
    assert expected.facts is not None
    assert measured(path, cluster) == expected


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_the_same_by_two_workers(cluster, real_data, name):
    path = real_data(f"{name}.jsonl")
    cluster.shard_bytes = path.stat().st_size // 7
    assert measured(path, cluster) == measured(path)


BROKEN = {
    "one wrong row": [*[chat(f"row {number}") for number in range(30)], b"{]", chat("last")],
    "wrong rows beyond those listed": [chat("first"), *[b'{"messages":[1,2,3,4,5,6,7]}', b"", b"\xff"] * 20],
    "another format": [chat("first"), *[b'{"prompt":"p"}'] * 3],
    "CR LF and copies": [chat("one") + b"\r", chat("one") + b"\r", *[chat("two")] * 20],
    "a row longer than shards": [chat("first"), chat("word " * 2_000), chat("last")],
    "a byte order mark": [b"\xef\xbb\xbf" + chat("first"), chat("last")],
    "a document": [b"[", chat("first") + b",", chat("last"), b"]"],
    "no known format": [b'{"a":1}', chat("last")],
    "nothing but line feeds": [b""] * 30,
}


@pytest.mark.parametrize("ending", [b"", b"\n"], ids=["begun", "ended"])
@pytest.mark.parametrize("lines", BROKEN.values(), ids=BROKEN)
def test_odd_files_are_the_same_by_two_workers(cluster, tmp_path, lines, ending):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(lines) + ending)
    cluster.shard_bytes = 400
    assert scanned(path, cluster) == scanned(path)


def test_files_that_others_cannot_open_as_they_are_are_handed_over(cluster, tmp_path):
    rows = b"".join(chat(f"row {number}") + b"\n" for number in range(60))
    (tmp_path / "a.jsonl").write_bytes(rows)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(rows.replace(b"row", b"again")))
    expected = scanned(tmp_path / "*.jsonl*")
    assert expected.facts is not None
    assert expected.facts.rows == 120
    assert scanned(tmp_path / "*.jsonl*", cluster) == expected


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the workers are found in /proc")
def test_a_worker_that_is_killed_costs_time_and_nothing_else(cluster, tmp_path):
    path = tmp_path / "chats.jsonl"
    write_chat_file(path, 1)
    cluster.shard_bytes = 50_000
    reader = BlockReader(ENCODINGS, "supervised", LIMITS)

    class Killing:
        """The same cluster, whose workers are killed once they have given something back."""

        shard_bytes, at_once = cluster.shard_bytes, cluster.at_once
        killed = 0

        def read(self, work, shares):
            for number, found in enumerate(cluster.read(work, shares)):
                yield found
                for pid in workers() if number == 0 else ():
                    self.killed += 1
                    os.kill(pid, signal.SIGKILL)

    killing = Killing()
    with path.open("rb") as file:
        assert Scan("train.jsonl", reader, machines=killing).over(file) == scanned(path)
    assert killing.killed


def workers() -> list[int]:
    """The processes of the Ray that this process started which do its tasks, or wait for one."""
    token = os.environ["RAY_AUTH_TOKEN"].encode()
    titles = {pid: (Path("/proc") / str(pid) / "cmdline").read_bytes() for pid in marked(token)}
    return [pid for pid, title in titles.items() if title.startswith((b"ray::Map", b"ray::IDLE"))]


def test_a_defect_in_a_task_is_told_as_one_of_the_cluster(cluster):
    work = ShardReader(BlockReader(("no such encoding",), "supervised", {}, format="chat"))
    with pytest.raises(DatasetError) as caught:
        list(cluster.read(work, [Block(chat("Hello") + b"\n")]))
    (problem,) = caught.value.problems
    assert problem.summary == "The Ray cluster failed"
    assert "no such encoding" in problem.detail
    assert "\x1b" not in problem.detail


def test_a_machine_with_another_ftplan_is_refused():
    work = pickle.dumps(ShardReader(BlockReader((), "supervised", {}, format="chat")))
    row = {"number": 0, "share": pickle.dumps(Block(chat("Hello") + b"\n"))}
    assert _read(_Task(work)(row), 0).blocks[0].rows == 1
    with pytest.raises(DatasetError) as caught:
        _read({**_Task(work, version="0.0.1")(row), "version": "0.0.1"}, 0)
    assert "ftplan 0.0.1" in caught.value.problems[0].detail


@pytest.mark.parametrize("address", ["ray://head:10001", "nonsense", "head", "head:port", "http://head:8265", "Local"])
def test_an_address_that_means_no_cluster_is_refused_at_once(address):
    with pytest.raises(UsageError) as caught:
        cluster_at(address)
    assert "local" in caught.value.problems[0].advice


def test_an_address_where_nobody_answers_is_told_soon():
    must_be_installed()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with cluster_at(f"127.0.0.1:{port}") as nowhere, pytest.raises(DatasetError) as caught:
        list(nowhere.read(ShardReader(BlockReader((), "supervised", {}, format="chat")), [Block(chat("Hello"))]))
    assert f"127.0.0.1:{port}" in caught.value.problems[0].detail


def test_a_process_that_has_joined_a_cluster_reads_by_that_one_and_by_no_other(cluster):
    assert cluster.at_once == 4
    with RayCluster("auto") as same:
        assert same.at_once == 4
    assert cluster.at_once == 4
    with RayCluster("local") as other, pytest.raises(DatasetError) as caught:
        list(other.read(ShardReader(BlockReader((), "supervised", {}, format="chat")), [Block(chat("Hello"))]))
    assert "another" in caught.value.problems[0].detail


@pytest.mark.parametrize("missing", ["ray", "pandas", "pyarrow"])
def test_without_the_extra_the_command_that_installs_it_is_told(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError) as caught:
        cluster_at("local")
    assert caught.value.problems[0].command == "pip install 'ftplan[ray]'"


SESSION = """
import json, os, signal, sys
from pathlib import Path
from ftplan.datasets import measure
from ftplan.datasets.scanning.cluster import RayCluster
from ftplan.errors import DatasetError

signal.signal(signal.SIGINT, signal.default_int_handler)
own = signal.SIG_DFL if sys.argv[2] == "terminated" else lambda number, frame: None
signal.signal(signal.SIGTERM, own)

class Watching(RayCluster):
    def read(self, work, shares):
        for found in super().read(work, shares):
            assert sys.argv[2] == "terminated" or signal.getsignal(signal.SIGTERM) == own
            yield found
            if sys.argv[2] == "terminated":
                os.kill(os.getpid(), signal.SIGTERM)
            if sys.argv[2] == "interrupted":
                os.killpg(0, signal.SIGINT)

try:
    with Watching(sys.argv[3], processes=2, shard_bytes=20_000) as cluster, open(sys.argv[1], "rb") as file:
        facts = measure(file, "rows.jsonl", machines=cluster).facts
except KeyboardInterrupt:
    sys.exit(42)
except DatasetError as error:
    sys.exit(43 if "The Ray cluster failed" in str(error) else 1)
"""


def session(folder: Path, how: str, address: str) -> subprocess.CompletedProcess[bytes]:
    """A run in a folder whose modules are called like those that a worker needs."""
    must_be_installed()
    for name in ("json", "msgspec", "pickle", "ftplan"):
        (folder / f"{name}.py").write_text("import os; open('shadowed', 'w'); os.abort()")
    rows = folder / "rows.jsonl"
    rows.write_bytes(b"".join(chat(f"row {number}") + b"\n" for number in range(2_000)))
    hidden = {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_ADDRESS"}
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-P" if sys.version_info >= (3, 11) else "-I", "-c", SESSION, str(rows), how, address],
        cwd=folder,
        env={**environ, MARK: str(folder)},
        capture_output=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )


# How it is when the work comes to its end is looked at where the command itself does that.
@pytest.mark.parametrize(("how", "status"), [("interrupted", 42), ("terminated", 143)])
def test_ray_says_nothing_and_is_gone_however_the_work_breaks_off(tmp_path, how, status):
    before = set(Path("/tmp").glob("ftplan-*"))
    done = session(tmp_path, how, "local")
    assert (done.returncode, done.stderr) == (status, b"")
    assert ended(str(tmp_path).encode())
    assert not (tmp_path / "shadowed").exists()
    # The Ray of the other tests has a folder of its own, which may begin or end meanwhile.
    assert not [path for path in set(Path("/tmp").glob("ftplan-*")) - before if (path / "r").exists()]


def test_nobody_joins_a_ray_that_was_started_here_without_its_token(cluster, tmp_path):
    assert cluster.at_once == 4
    done = session(tmp_path, "finished", "auto")
    assert (done.returncode, done.stdout, done.stderr) == (43, b"", b"")
