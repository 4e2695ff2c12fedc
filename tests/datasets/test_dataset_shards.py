"""A file that is read in shards holds what it holds read at once, however it is cut and whoever reads it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ftplan.datasets import Demands, measure
from ftplan.datasets.keeping.cache import Cache
from ftplan.datasets.reading.lines import MAX_LINE_BYTES
from ftplan.datasets.reading.watched import watched
from ftplan.datasets.scanning import shards
from ftplan.datasets.scanning.blockread import BlockReader
from ftplan.datasets.scanning.findings import Findings
from ftplan.datasets.scanning.scan import Scan, Scanned
from ftplan.datasets.scanning.shards import Read, Shard, Share, Work
from ftplan.datasets.sources.files import opened
from ftplan.errors import DatasetError, DatasetUnreadable, Problem

ENCODINGS = ("o200k_base", "cl100k_base")
LIMITS = {"o200k_base": 40}
PROBLEM = Problem("No tokenizer could be loaded", "It is not there.")


@dataclass
class Here:
    """Machines that are this one; `missing` are the shards that they cannot open, by their numbers."""

    shard_bytes: int
    at_once: int = 3
    missing: frozenset[int] = frozenset()
    asked: int = 0

    def read(self, work: Work, shares: Sequence[Share]) -> Generator[Read, None, None]:
        for number, share in enumerate(shares):
            self.asked += 1
            lost = isinstance(share, Shard) and number in self.missing
            yield Read(unread="No such file or directory") if lost else work(share)


def reader() -> BlockReader:
    return BlockReader(ENCODINGS, "supervised", LIMITS)


def at_once(path: Path) -> Scanned:
    with path.open("rb") as file:
        return Scan("train.jsonl", reader()).over(file)


def in_shards(path: Path, machines: Here) -> Scanned:
    with path.open("rb") as file:
        return Scan("train.jsonl", reader(), machines=machines).over(file)


def chat(text: str) -> bytes:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": text[::-1]}]
    return json.dumps({"messages": messages}, ensure_ascii=False).encode()


ROWS = st.sampled_from(
    [chat("Why?"), chat("naïve 東京 " * 9), chat("word " * 80), chat("me@home.example.org or 4111 1111 1111 1111")]
)
ODD = st.sampled_from(
    [b"", b" ", b"{]", b"\xff", b'{"messages":[1,2,3,4,5,6,7]}', b'{"prompt":"p"}', b'\xef\xbb\xbf{"a":1}', b"x" * 300]
)
BREAKS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"])
FILES = st.builds(
    lambda opening, pieces, tail: b"".join([opening, *(part for piece in pieces for part in piece)]) + tail,
    st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"[\n", b"\n"]),
    st.lists(st.tuples(ROWS, BREAKS), max_size=30)
    | st.lists(st.tuples(ROWS | ODD, BREAKS), max_size=30)
    | st.lists(st.tuples(ODD, BREAKS), min_size=21, max_size=40),
    st.sampled_from([b"", b"", chat("no line feed behind it"), b"\r", b"{", b"\n\n"]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=FILES, shard=st.integers(1, 700), missing=st.sets(st.integers(0, 12)), wave=st.integers(1, 4))
@example(data=b"", shard=1, missing=set(), wave=1)
@example(data=b"\n", shard=1, missing=set(), wave=1)
@example(data=chat("one") + b"\n" + chat("one"), shard=len(chat("one")), missing=set(), wave=1)
@example(data=chat("one") + b"\n" + chat("one") + b"\n", shard=len(chat("one")) + 1, missing={1}, wave=1)
def test_shards_of_any_size_hold_what_the_file_holds(tmp_path, data, shard, missing, wave):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    expected = at_once(path)
    assert in_shards(path, Here(shard, wave)) == expected
    assert in_shards(path, Here(shard, wave, frozenset(missing))) == expected
    # What stands in no file is handed over.
    assert Scan("train.jsonl", reader(), machines=Here(shard, wave)).over(io.BytesIO(data)) == expected


@given(
    copies=st.lists(st.integers(0, 12), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=9),
    most=st.integers(0, 15),
)
def test_copies_are_found_wherever_a_file_was_cut(copies, cuts, most):
    # Of what is not remembered no copy is found, neither near nor far.
    remembered = list(dict.fromkeys(copies))[:most]
    lines = [number for number, copy in enumerate(copies, 1) if copy in remembered and copies.index(copy) != number - 1]
    whole = Findings(most=most)
    for start, stop in pairwise([0, *sorted(min(cut, len(copies)) for cut in cuts), len(copies)]):
        part = Findings()
        for number, copy in enumerate(copies[start:stop], 1):
            part.row(number, (), b"%d" % copy)
        whole.append(part, start)
    assert [(remark.rows, remark.lines) for remark in whole.remarks()] == (
        [(len(lines), tuple(lines[:5]))] if lines else []
    )


@pytest.mark.parametrize("mebibytes", [7, 64, 100])
@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_a_line_that_is_too_long_is_told_in_shards_as_well(tmp_path, mebibytes, ending):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b"\n".join([chat("Hello"), b"x" * (MAX_LINE_BYTES + 1), chat("Bye"), b"y" * MAX_LINE_BYTES]) + ending
    )
    expected = at_once(path)
    assert [problem.place.line for problem in expected.problems if problem.place] == [2, 4]
    assert in_shards(path, Here(mebibytes * 1024**2)) == expected
    with path.open("rb") as file:
        handed = Scan("train.jsonl", reader(), machines=Here(mebibytes * 1024**2, missing=frozenset([0]))).over(file)
    assert handed == expected


@pytest.mark.parametrize("shard", [64, 500, 10_000])
def test_a_long_file_of_odd_lengths_has_the_same_remarks(tmp_path, shard):
    chance = random.Random(7)
    path = tmp_path / "rows.jsonl"
    lengths = [chance.choice((1, 2, 3)) if number % 100 else 2_000 for number in range(300)]
    path.write_bytes(b"".join(chat("word " * length) + b"\n" for length in lengths))
    expected = at_once(path)
    assert {remark.rule for remark in expected.remarks} >= {"unbalanced-lengths", "duplicate-rows"}
    assert expected.too_long
    assert in_shards(path, Here(shard)) == expected


def rows(path: Path, count: int = 50) -> Path:
    path.write_bytes(b"".join(chat(f"question {number}") + b"\n" for number in range(count)))
    return path


def test_the_shards_of_a_file_are_its_bytes_each_once_in_order(tmp_path):
    path = rows(tmp_path / "rows.jsonl")
    data = path.read_bytes()
    work = shards.ShardReader(replace(reader(), format="chat"))
    found = [work(shard) for shard in shards.cut(str(path), len(data), 333)]
    full = [one for one in found if one.end > one.begin]
    assert [one.begin for one in full] == [0, *(one.end for one in full[:-1])]
    assert full[-1].end == len(data)
    for one in full:
        assert hashlib.sha256(data[one.begin : one.end]).digest() == one.sha256
        assert data[one.end - 1 : one.end] == b"\n"


def test_a_file_of_a_single_line_is_one_shard_and_the_others_are_empty(tmp_path):
    path = tmp_path / "row.jsonl"
    path.write_bytes(chat("x" * 5_000))
    work = shards.ShardReader(replace(reader(), format="chat"))
    found = [work(shard) for shard in shards.cut(str(path), path.stat().st_size, 1_000)]
    assert [len(one.blocks) for one in found] == [1] + [0] * (len(found) - 1)


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: data.replace(b"question 17", b"question 71"),
        lambda data: data[:-200],
        lambda data: data + chat("one more") + b"\n",
        lambda data: data + chat("and some without an end"),
        lambda data: data.replace(b"\n", b" ", 1),
        lambda data: b"\n" + data,
        lambda data: b"",
    ],
    ids=["other bytes", "shorter", "longer", "a line begun", "lines joined", "moved", "empty"],
)
def test_a_file_that_others_see_otherwise_is_not_measured(tmp_path, changed):
    path, other = rows(tmp_path / "rows.jsonl"), tmp_path / "other.jsonl"
    other.write_bytes(changed(path.read_bytes()))

    class Elsewhere(Here):
        """Machines that have another file at the same path."""

        def read(self, work, shares):
            return super().read(work, [replace(share, path=str(other)) for share in shares])

    with pytest.raises(DatasetUnreadable) as caught:
        in_shards(path, Elsewhere(700))
    assert caught.value.problems[0].summary == "The dataset changed while it was read"
    with path.open("rb") as file:
        measured = measure(file, "rows.jsonl", ENCODINGS, machines=Elsewhere(700))
    assert measured.facts is None
    assert [problem.summary for problem in measured.problems] == ["The dataset changed while it was read"]


def test_a_file_that_grows_while_it_is_read_is_not_measured(tmp_path):
    path = rows(tmp_path / "rows.jsonl")

    class Growing(Here):
        def read(self, work, shares):
            yield from super().read(work, shares)
            with path.open("ab") as file:
                file.write(chat("late") + b"\n")

    with pytest.raises(DatasetUnreadable):
        in_shards(path, Growing(700))


def test_a_file_that_only_this_machine_has_is_handed_over(tmp_path):
    path = rows(tmp_path / "rows.jsonl")
    machines = Here(700, missing=frozenset([0]))
    assert in_shards(path, machines) == at_once(path)
    # One shard was asked for in vain; then all of the file was handed over.
    assert machines.asked > path.stat().st_size // 700


def test_a_compressed_file_and_one_made_of_several_are_handed_over(tmp_path):
    import gzip

    data = rows(tmp_path / "a.jsonl").read_bytes()
    rows(tmp_path / "b.jsonl", 7)
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(data))
    for name in ("c.jsonl.gz", "[ab].jsonl"):
        machines = Here(700)
        with opened(tmp_path / name) as file:
            assert shards.path_of(file) is None
            found = Scan(name, reader(), machines=machines).over(file)
        with opened(tmp_path / name) as file:
            assert found == Scan(name, reader()).over(file)
        assert found.facts is not None
        assert machines.asked > 1


def test_an_open_file_is_found_by_its_path_as_long_as_that_is_its(tmp_path):
    path = rows(tmp_path / "rows.jsonl")
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    with open(os.open(link, os.O_RDONLY), "rb") as file:
        assert shards.path_of(file) == os.path.realpath(path)
        seen = watched(file, lambda done, total: None)
        assert shards.path_of(seen) == os.path.realpath(path)
        path.rename(tmp_path / "elsewhere.jsonl")
        rows(path)
        assert shards.path_of(file) in (None, os.path.realpath(tmp_path / "elsewhere.jsonl"))
        (tmp_path / "elsewhere.jsonl").unlink()
        assert shards.path_of(file) is None
    assert shards.path_of(io.BytesIO(b"{}")) is None


def test_what_no_machine_can_do_better_is_raised_as_it_is(tmp_path):
    path = rows(tmp_path / "rows.jsonl")

    class Lacking(Here):
        def read(self, work, shares):
            for _ in shares:
                yield Read(problems=(PROBLEM,))

    with pytest.raises(DatasetError) as caught:
        in_shards(path, Lacking(700))
    assert caught.value.problems == (PROBLEM,)
    with pytest.raises(DatasetError):
        Scan("train.jsonl", reader(), machines=Lacking(700)).over(io.BytesIO(path.read_bytes()))


def test_a_file_whose_first_line_does_not_show_its_format_is_read_here(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"{]\n" + chat("Hello") + b"\n")
    machines = Here(10)
    assert in_shards(path, machines) == at_once(path)
    assert machines.asked == 0


def test_a_file_of_one_shard_is_measured_here_and_a_larger_one_by_the_machines(tmp_path):
    path = rows(tmp_path / "rows.jsonl")
    size = path.stat().st_size
    found, asked = [], []
    for shard in (size, size - 1, 400):
        machines = Here(shard)
        with path.open("rb") as file:
            found.append(measure(file, "rows.jsonl", ENCODINGS, Demands(), machines=machines))
        asked.append(machines.asked > 0)
    assert asked == [False, True, True]
    assert found[0].facts is not None
    assert found[1:] == found[:1] * 2


def test_what_machines_found_is_kept_like_what_was_found_here(tmp_path):
    path = rows(tmp_path / "rows.jsonl")
    machines, cache = Here(400), Cache(tmp_path / "cache.sqlite3")
    found, asked = [], []
    for some in (machines, machines, None):
        with path.open("rb") as file:
            found.append(measure(file, "rows.jsonl", ENCODINGS, Demands(), cache=cache, machines=some))
        asked.append(machines.asked)
    assert found[1:] == found[:1] * 2
    assert asked == [len(shards.cut("", path.stat().st_size, 400))] * 3
