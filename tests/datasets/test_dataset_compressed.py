"""What is compressed or in several files is, once it is read, as good as one plain file; and no file can do harm."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from compressing import ENDINGS, in_members, packed, wide_window, zeros
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftplan.datasets import Cache, Demands, Measured, measure, open_dataset
from ftplan.datasets.reading.derived import derived_of, stream
from ftplan.datasets.reading.joined import Joined, found_parts
from ftplan.datasets.reading.patterns import matching
from ftplan.datasets.reading.walking import Ground
from ftplan.errors import Problem

ANY = Demands(min_rows=1, good_rows=0)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def row(question: str, answer: str = "Yes.") -> dict:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def rows(*questions: str) -> bytes:
    return b"".join(json.dumps(row(question)).encode() + b"\n" for question in questions)


def put(root: Path, **files: bytes) -> None:
    """Files in `data`; `a_gz` is a.jsonl.gz, compressed."""
    (root / "data").mkdir(exist_ok=True)
    for name, content in files.items():
        stem, _, kind = name.partition("_")
        ending = f".{kind}" if kind else ""
        (root / "data" / f"{stem}.jsonl{ending}").write_bytes(packed(content, ending))


def taken(root: Path, path: str, cache: Cache | None = None, **options: object) -> Measured:
    file = open_dataset(root, path)
    assert not isinstance(file, Problem), file
    with file:
        return measure(file, path, ["o200k_base"], replace(ANY, **options), cache=cache)


def read(root: Path, path: str) -> bytes:
    file = open_dataset(root, path)
    assert not isinstance(file, Problem), file
    with file:
        return file.read()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(TEXT, max_size=4), st.sampled_from(ENDINGS), st.booleans()), min_size=1, max_size=6))
def test_rows_are_the_same_however_they_are_spread_over_files(tmp_path: Path, parts: list) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    whole = b"".join(rows(*questions) for questions, _, _ in parts)
    (folder / "whole.jsonl").write_bytes(whole)
    for number, (questions, ending, cut) in enumerate(parts):
        data = rows(*questions)
        (folder / f"part-{number}.jsonl{ending}").write_bytes(packed(data.rstrip(b"\n") if cut else data, ending))
    spread, plain = taken(folder, "part-*"), taken(folder, "whole.jsonl")
    if plain.facts is None:
        assert [p.summary for p in spread.problems] == [p.summary for p in plain.problems]
        return
    assert spread.facts is not None
    assert spread.facts.content_sha256 == plain.facts.content_sha256
    assert spread.facts.tokens == plain.facts.tokens
    assert read(folder, "part-*").rstrip(b"\n") == whole.rstrip(b"\n")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.tuples(st.just("read"), st.integers(-1, 50)), st.tuples(st.integers(0, 2), st.integers(0, 99)))
    )
)
def test_a_stream_behaves_like_a_file(tmp_path: Path, moves: list) -> None:
    put(tmp_path, a=b"12345\n678", b_gz=b"", c_gz=b"abc\n" * 5, d_zst=b"tail")
    expected = io.BytesIO(b"12345\n678\n" + b"abc\n" * 5 + b"tail")
    with open_dataset(tmp_path, "data/*") as file:
        for what, amount in moves:
            if what == "read":
                assert file.read(amount) == expected.read(amount)
            else:
                target = amount if what == io.SEEK_SET else 0
                assert file.seek(target, what) == min(expected.seek(target, what), 34)
                expected.seek(file.tell())
            assert file.tell() == expected.tell()


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_what_is_measured_are_the_bytes_as_they_will_be_sent(tmp_path: Path, ending: str) -> None:
    put(tmp_path, plain=rows("one", "two"), **{f"packed_{ending[1:]}": rows("one", "two")})
    assert taken(tmp_path, f"data/packed.jsonl{ending}").facts == taken(tmp_path, "data/plain.jsonl").facts
    members = in_members([rows("one"), b"", rows("two")], ending)
    (tmp_path / "data" / f"members.JSONL{ending.upper()}").write_bytes(members)
    assert read(tmp_path, f"data/members.JSONL{ending.upper()}") == rows("one", "two")


DAMAGE = {
    "half": (lambda data: data[: len(data) // 2], "A compressed dataset is cut off"),
    "all but its end": (lambda data: data[:-1], "A compressed dataset is cut off"),
    "nothing": (lambda data: b"", "A compressed dataset is cut off"),
    "a few bytes": (lambda data: data[:5], "A compressed dataset is cut off"),
    "another format": (lambda data: b'{"messages": []}\n', "A compressed dataset is damaged"),
    "something behind it": (lambda data: data + b"something else", "A compressed dataset is damaged"),
    "changed inside": (lambda data: data[:20] + bytes(40) + data[60:], "A compressed dataset is damaged"),
}


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_a_problem_with_its_path(tmp_path: Path, damage: str, ending: str) -> None:
    put(tmp_path, a=rows("a"), c=rows("c"))
    change, summary = DAMAGE[damage]
    data = packed(rows(*(os.urandom(99).hex() for _ in range(9))), ending)
    (tmp_path / "data" / f"b.jsonl{ending}").write_bytes(change(data))
    for path in (f"data/b.jsonl{ending}", "data/*"):
        for cache in (None, Cache(tmp_path / "cache" / "x.sqlite3")):
            result = taken(tmp_path, path, cache)
            assert result.facts is None
            assert [(p.summary, str(p.place)) for p in result.problems] == [(summary, f"data/b.jsonl{ending}")]


def test_a_file_that_takes_a_gigabyte_to_look_back_on_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wide.jsonl.zst").write_bytes(wide_window(rows("one")))
    (problem,) = taken(tmp_path, "wide.jsonl.zst").problems
    assert problem.summary == "A compressed dataset is damaged"
    assert "too much memory" in problem.detail


IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from ftplan.datasets import Cache, measure, open_dataset
resource.setrlimit(resource.RLIMIT_AS, (700 * 1024**2,) * 2)
for cache in (None, Cache(Path("cache.sqlite3"))):
    with open_dataset(Path(), "bombs/*") as file:
        (problem,) = measure(file, "bombs/*", cache=cache).problems
        print(problem.summary, problem.place, problem.detail, sep=";")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process so")
def test_a_bomb_is_refused_before_it_fills_the_memory_or_the_day(tmp_path: Path) -> None:
    (tmp_path / "bombs").mkdir()
    for name in ("a", "b", "c"):  # none is too much by itself
        (tmp_path / "bombs" / f"{name}.jsonl.zst").write_bytes(zeros(512 * 1024**2))
    size = sum(path.stat().st_size for path in (tmp_path / "bombs").iterdir())
    done = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert len(done.stdout.splitlines()) == 2, done.stderr
    for line in done.stdout.splitlines():
        summary, place, detail = line.split(";", 2)
        assert summary == "A compressed dataset expands beyond all measure"
        assert place == "bombs/c.jsonl.zst"
        assert f"out of {size:,}." in detail


def test_each_problem_names_its_file_and_the_line_in_it(tmp_path: Path) -> None:
    put(tmp_path, a=rows("1", "2").rstrip(b"\n"), b_gz=b"", c_gz=rows("3") + b"{\n" + rows("4"), d_zst=b"[]\n")
    problems = taken(tmp_path, "data/*").problems
    assert [str(p.place) for p in problems] == ["data/c.jsonl.gz:2:2", "data/d.jsonl.zst:1"]


def test_a_remark_lists_its_lines_by_their_files(tmp_path: Path) -> None:
    put(tmp_path, a=rows("1", "2"), b_gz=rows("1", "3", "2"))
    cache = Cache(tmp_path / "cache" / "x.sqlite3", now=lambda: time.time() + 10)
    for _ in range(2):  # the second one reads nothing
        (problem,) = taken(tmp_path, "data/*", cache).problems
        assert problem.detail == "Lines data/b.jsonl.gz:1, data/b.jsonl.gz:3 of data/*."
        assert str(problem.place) == "data/b.jsonl.gz:1"


def test_the_longest_row_is_named_by_its_file(tmp_path: Path) -> None:
    put(tmp_path, a=rows("1", "2"), b_gz=rows("3", "word " * 50))
    (problem,) = taken(tmp_path, "data/*", longest={"o200k_base": 40}).problems
    assert (problem.rule, str(problem.place)) == ("cut-answer", "data/b.jsonl.gz:2")


class Counted(Joined):
    """Counts how often its files are opened to be read."""

    readings = 0

    def chunks(self):
        self.readings += 1
        return super().chunks()


def readings(root: Path, pattern: str, cache: Cache) -> int:
    ground = Ground(root)
    raw = Counted(ground, found_parts(ground, matching(ground, pattern)))
    with stream(raw) as file:
        assert measure(file, pattern, ["o200k_base"], ANY, cache=cache).facts is not None
    return raw.readings


@pytest.fixture
def later(tmp_path: Path) -> Cache:
    """A cache to which every file is old."""
    return Cache(tmp_path / "cache" / "x.sqlite3", now=lambda: time.time() + 10)


def test_what_nobody_touched_is_neither_read_nor_expanded_again(tmp_path: Path, later: Cache) -> None:
    put(tmp_path, a=rows("1", "1"), b_gz=rows("2"), c_zst=rows("3"))
    assert readings(tmp_path, "data/*", later) == 2
    assert readings(tmp_path, "data/*", later) == 0


CHANGES = {
    "rewritten": lambda data: (data / "a.jsonl").write_bytes(rows("9")),
    "touched": lambda data: os.utime(data / "b.jsonl.gz", ns=(1, 1)),
    "added": lambda data: (data / "c.jsonl").write_bytes(rows("3")),
    "removed": lambda data: (data / "a.jsonl").unlink(),
    "renamed": lambda data: (data / "a.jsonl").rename(data / "z.jsonl"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_touched_is_read_again(tmp_path: Path, later: Cache, change: str) -> None:
    put(tmp_path, a=rows("1"), b_gz=rows("2"))
    assert readings(tmp_path, "data/*", later) > 0
    CHANGES[change](tmp_path / "data")
    assert readings(tmp_path, "data/*", later) > 0
    assert readings(tmp_path, "data/*", later) == 0


def test_files_written_a_moment_ago_are_not_trusted_by_their_times(tmp_path: Path) -> None:
    put(tmp_path, a=rows("1"), b_gz=rows("2"))
    now = Cache(tmp_path / "cache" / "x.sqlite3")
    readings(tmp_path, "data/*", now)
    assert readings(tmp_path, "data/*", now) == 1  # hashed, and known by its hash


def test_a_stream_shares_the_work_as_a_file_does(tmp_path: Path) -> None:
    many = rows(*(f"{n} " + "word " * 400 for n in range(6000)))
    put(tmp_path, a_gz=many, b_zst=many.replace(b"word", b"work"))
    file = open_dataset(tmp_path, "data/*")
    assert not isinstance(file, Problem)
    with file:
        assert derived_of(file) is not None
        alone = measure(file, "data/*", ["o200k_base"], ANY)
        assert measure(file, "data/*", ["o200k_base"], ANY, processes=2) == alone
    assert alone.facts is not None
    assert alone.facts.rows == 12_000
