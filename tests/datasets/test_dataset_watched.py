"""A watched file reads as the file itself, and somebody hears how far."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from compressing import packed

from ftplan.datasets import Demands, measure, open_dataset
from ftplan.datasets.reading.derived import derived_of
from ftplan.datasets.reading.watched import watched

ROWS = b"".join(
    json.dumps({"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": "a"}]}).encode()
    + b"\n"
    for n in range(50)
)


def heard(file: io.BytesIO | None = None) -> tuple[list[tuple[int, int]], object]:
    told: list[tuple[int, int]] = []
    return told, watched(file or io.BytesIO(ROWS), lambda done, total: told.append((done, total)))


def test_each_piece_that_is_read_is_heard_of() -> None:
    told, file = heard()
    assert b"".join(iter(lambda: file.read(1_000), b"")) == ROWS
    assert told[:2] == [(1_000, len(ROWS)), (2_000, len(ROWS))]
    assert told[-1] == (len(ROWS), len(ROWS))


def test_going_back_to_the_beginning_begins_anew() -> None:
    told, file = heard()
    file.read(500)
    file.seek(0)
    file.read(10)
    assert told == [(500, len(ROWS)), (10, len(ROWS))]


def test_going_elsewhere_does_not_count_as_reading() -> None:
    told, file = heard()
    assert file.seek(-10, 2) == len(ROWS) - 10
    assert (file.read(), file.tell()) == (ROWS[-10:], len(ROWS))
    assert told == [(10, len(ROWS))]


def test_a_watched_file_is_measured_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(ROWS)
    with path.open("rb") as plain:
        wanted = measure(plain, "train.jsonl", ["o200k_base"], Demands())
    told: list[int] = []
    with watched(path.open("rb"), lambda done, total: told.append(done)) as file:
        assert measure(file, "train.jsonl", ["o200k_base"], Demands()) == wanted
        assert file.fileno() > 2
    assert max(told) == len(ROWS)
    assert file.closed


def test_a_file_made_of_others_is_still_known_as_one(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl.gz").write_bytes(packed(ROWS, ".gz"))
    opened = open_dataset(tmp_path, "train.jsonl.gz")
    told: list[tuple[int, int]] = []
    with watched(opened, lambda done, total: told.append((done, total))) as file:
        assert derived_of(file) is not None
        assert file.read() == ROWS
    assert told[-1][0] == len(ROWS)


def test_it_is_read_as_text_too() -> None:
    _, file = heard(io.BytesIO(b"a,b\n1,2\n"))
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    assert list(csv.reader(text)) == [["a", "b"], ["1", "2"]]
    assert text.detach() is file
    assert not file.closed


def test_the_file_is_closed_with_it() -> None:
    inner = io.BytesIO(ROWS)
    with watched(inner, lambda done, total: None):
        pass
    assert inner.closed
    with pytest.raises(ValueError, match="closed"):
        inner.read()
