"""A half that is read is the half that would be written, and nothing is parted or read again without need."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import time
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from compressing import ENDINGS, packed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftplan.core.spec import Half, SplitSpec
from ftplan.datasets import Cache, Demands, Measured, Parting, measure, open_dataset
from ftplan.datasets.keeping import bits as bitwise
from ftplan.datasets.preparing.halves import Wish, split, write_halves
from ftplan.datasets.reading.derived import derived_of, stream
from ftplan.datasets.reading.joined import Joined, found_parts
from ftplan.datasets.reading.patterns import matching
from ftplan.datasets.reading.walking import Ground
from ftplan.errors import DatasetUnreadable, Problem

NOWHERE = Cache(None)
ANY = Demands(min_rows=1, good_rows=0)
SIDES = ("training", "validation")
TENTH = SplitSpec(Fraction(1, 10))
WORDS = [f"{a}{b}" for a in ("red", "old", "big", "odd", "wet") for b in ("box", "car", "cup", "hat")][:19]
QUESTIONS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join), min_size=2, max_size=40)
SPLITS = st.builds(
    SplitSpec,
    st.fractions(Fraction(1, 20), Fraction(19, 20)),
    st.integers(0, 9),
    st.sampled_from([None, "messages.1.content"]),
    st.sampled_from(["near", "same", "identical"]),
)


def row(question: str, answer: str = "Yes.") -> bytes:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}).encode() + b"\n"


def rows(count: int) -> bytes:
    return b"".join(row(f"{WORDS[n % 19]} {WORDS[n * 7 % 19]} {n}", WORDS[n % 3]) for n in range(count))


def written(data: bytes, spec: SplitSpec) -> tuple[bytes, bytes]:
    """Both halves as the command writes them."""
    training, validation = io.BytesIO(), io.BytesIO()
    wish = Wish(spec.validation, spec.seed, spec.stratify, spec.together)
    _, sides, sha256 = split(io.BytesIO(data), "rows.jsonl", wish)
    write_halves(io.BytesIO(data), sides, sha256, training, validation)
    return training.getvalue(), validation.getvalue()


def opened(root: Path, path: str, spec: SplitSpec, side: str, cache: Cache = NOWHERE, parting: Parting | None = None):
    source = open_dataset(root, path)
    assert not isinstance(source, Problem), source
    return (parting or Parting(cache)).half(source, path, Half(side, spec))


def read(root: Path, path: str, spec: SplitSpec, side: str, cache: Cache = NOWHERE) -> bytes:
    with opened(root, path, spec, side, cache) as file:
        return file.read()


def taken(root: Path, path: str, spec: SplitSpec, side: str, cache: Cache = NOWHERE) -> Measured:
    with opened(root, path, spec, side, cache) as file:
        return measure(file, path, ["o200k_base"], ANY, cache=cache)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUESTIONS, SPLITS, st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=4))
def test_a_half_is_what_the_command_writes_however_the_rows_are_stored(
    tmp_path: Path, questions: list, spec: SplitSpec, endings: list
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    # However alike the others are, one has nothing in common with them.
    lines = [row(question, f"Answer {n % 2}.") for n, question in enumerate([*questions, "what is the time now"])]
    size = -(-len(lines) // len(endings))
    for number, ending in enumerate(endings):
        part = b"".join(lines[number * size : (number + 1) * size])
        (folder / f"{number}.jsonl{ending}").write_bytes(packed(part, ending))
    cache = Cache(folder / "cache" / "x.sqlite3")
    expected = written(b"".join(lines), spec)
    for _ in range(2):  # the second one finds the sides in the cache
        assert tuple(read(folder, "*.jsonl*", spec, side, cache) for side in SIDES) == expected
    assert tuple(read(folder, "*.jsonl*", spec, side) for side in SIDES) == expected


def test_rows_that_all_ask_the_same_are_no_two_halves(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(row("the same") * 9)
    with opened(tmp_path, "a.jsonl", TENTH, "training") as file, pytest.raises(DatasetUnreadable) as caught:
        file.read()
    assert [p.summary for p in caught.value.problems] == ["The dataset cannot be parted"]


@given(st.lists(st.integers(0, 1)).map(bytes))
def test_bits_are_kept_whatever_they_begin_and_end_with(flags: bytes) -> None:
    assert bitwise.unpacked(bitwise.packed(flags)) == flags
    assert len(bitwise.packed(flags)) == len(flags) // 8 + 1


@pytest.fixture
def later(tmp_path: Path) -> Cache:
    """A cache to which every file is old."""
    return Cache(tmp_path / "cache" / "x.sqlite3", now=lambda: time.time() + 10)


class Counted(Joined):
    """Counts how often its files are opened to be read."""

    readings = 0

    def chunks(self):
        self.readings += 1
        return super().chunks()


def readings(root: Path, cache: Cache, spec: SplitSpec = TENTH) -> int:
    """How often the files are read to measure both halves, as a plan does."""
    ground, parting, read = Ground(root), Parting(cache), 0
    for side in SIDES:
        raw = Counted(ground, found_parts(ground, matching(ground, "*.jsonl*")))
        with parting.half(stream(raw), "*.jsonl*", Half(side, spec)) as file:
            assert measure(file, "*.jsonl*", ["o200k_base"], ANY, cache=cache).facts is not None
        read += raw.readings
    return read


def test_what_nobody_touched_is_neither_read_nor_parted_again(tmp_path: Path, later: Cache) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(packed(rows(30), ".gz"))
    assert readings(tmp_path, later) > 0
    assert readings(tmp_path, later) == 0
    assert readings(tmp_path, later, SplitSpec(Fraction(1, 10), seed=8)) > 0
    os.utime(tmp_path / "a.jsonl.gz")
    assert readings(tmp_path, later) > 0


def test_the_sides_are_found_by_what_the_rows_are_and_not_by_where(tmp_path: Path, later: Cache) -> None:
    (tmp_path / "a.jsonl").write_bytes(rows(30))
    training, validation = written(rows(30), TENTH)
    assert read(tmp_path, "a.jsonl", TENTH, "validation", later) == validation
    with closing(sqlite3.connect(later.path, isolation_level=None)) as base:
        ((sha256, wish),) = base.execute("select sha256, wish from sides").fetchall()
    sides = later.sides(sha256, wish)
    later.keep_sides(sha256, wish, bytes(1 - side for side in sides))
    (tmp_path / "a.jsonl").rename(tmp_path / "b.jsonl")
    # Turned round, so that a half that was parted anew would show.
    assert read(tmp_path, "b.jsonl", TENTH, "validation", later) == training


def test_damaged_sides_are_not_believed(tmp_path: Path, later: Cache) -> None:
    (tmp_path / "a.jsonl").write_bytes(rows(30))
    expected = read(tmp_path, "a.jsonl", TENTH, "validation", later)
    with closing(sqlite3.connect(later.path, isolation_level=None)) as base:
        base.execute("update sides set packed = ?", (bitwise.packed(bytes(30)),))
    assert read(tmp_path, "a.jsonl", TENTH, "validation", later) == expected


def test_a_problem_of_a_half_names_the_file_and_its_line(tmp_path: Path, later: Cache) -> None:
    twice = rows(20) + row("what was that", "This.") * 2
    (tmp_path / "a.jsonl").write_bytes(b"".join(row(f"where is number {n}") for n in ["one", "two", "three"]))
    (tmp_path / "b.jsonl.gz").write_bytes(packed(twice, ".gz"))
    for _ in range(2):
        found = [p for side in SIDES for p in taken(tmp_path, "*.jsonl*", TENTH, side, later).problems]
        assert [(p.rule, str(p.place)) for p in found] == [("duplicate-rows", "b.jsonl.gz:22")]
        assert found[0].detail == "Line b.jsonl.gz:22 of *.jsonl*."


def test_a_plain_file_that_is_parted_is_told_by_its_own_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(rows(30))
    for side in SIDES:
        with opened(tmp_path, "a.jsonl", TENTH, side) as file:
            raw = derived_of(file)
            lines = rows(30).splitlines(keepends=True)
            for number, line in enumerate(file.read().splitlines(keepends=True), 1):
                assert lines[raw.place(number).line - 1] == line


def test_what_cannot_be_parted_is_told_once_with_every_problem(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(row("fine") + b"{\n" + b"[]\n")
    parting = Parting(NOWHERE)
    told = []
    for side in SIDES:
        with opened(tmp_path, "a.jsonl", TENTH, side, parting=parting) as file:
            told.append(measure(file, "a.jsonl", ["o200k_base"], ANY).problems)
    assert [str(p.place) for p in told[0]] == ["a.jsonl:2:2", "a.jsonl:3"]
    assert told[0] == told[1]


def test_a_file_that_is_written_to_between_two_readings_is_not_read_on(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(rows(30))
    with opened(tmp_path, "a.jsonl", TENTH, "training") as file:
        assert file.read()
        (tmp_path / "a.jsonl").write_bytes(rows(31))
        file.seek(0)
        with pytest.raises(OSError, match="The dataset changed while it was read"):
            file.read()


def test_a_half_closes_what_it_reads(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(rows(30))
    before = os.listdir("/dev/fd")
    for _ in range(3):
        with opened(tmp_path, "a.jsonl", TENTH, "training") as file:
            file.read(10)
    assert len(os.listdir("/dev/fd")) == len(before)
