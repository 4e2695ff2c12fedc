"""Rows that stand in the training and the validation data are counted and named."""

from __future__ import annotations

import io
import json

from ftplan.datasets import shared_rows


def row(number: int) -> dict:
    return {"messages": [{"role": "user", "content": f"q{number}"}, {"role": "assistant", "content": "a"}]}


def found(jsonl, training, validation):
    files = io.BytesIO(jsonl(*training)), io.BytesIO(jsonl(*validation))
    return shared_rows(*files).problems("train.jsonl", "valid.jsonl")


def test_files_without_a_common_row_have_no_problem(jsonl):
    assert found(jsonl, map(row, range(20)), map(row, range(20, 30))) == []


def test_common_rows_are_counted_and_the_first_lines_named(jsonl):
    (problem,) = found(jsonl, map(row, range(20)), [row(99), *map(row, range(10, 20))])
    assert problem.severity == "warning"
    assert problem.detail.startswith(
        "10 rows stand in train.jsonl as well as in valid.jsonl, on line 2 (training line 11)"
    )
    assert "6 (training line 15), …" in problem.detail
    assert str(problem.place) == "valid.jsonl:2"


def test_a_row_in_another_spelling_is_the_same_row(jsonl):
    spelled = json.dumps(dict(reversed(row(1).items())), indent=None, separators=(" , ", " : "))
    (problem,) = found(jsonl, [row(1)], [spelled])
    assert problem.detail.startswith("1 row stands")


def test_a_repeated_validation_row_counts_each_time(jsonl):
    (problem,) = found(jsonl, [row(1), row(1)], [row(1), row(2), row(1)])
    assert problem.detail.startswith("2 rows stand")


def test_broken_lines_are_passed_over(jsonl):
    assert found(jsonl, [b"{", b"", row(1)], [b"{", b"", row(2)]) == []


def test_the_content_of_a_row_is_not_quoted(jsonl):
    (problem,) = found(jsonl, [row(1)], [row(1)])
    assert "q1" not in problem.detail


def test_real_training_and_test_data_do_not_overlap(real_data):
    with real_data("gsm8k_train.jsonl").open("rb") as training, real_data("gsm8k_test.jsonl").open("rb") as validation:
        assert shared_rows(training, validation).rows == 0
