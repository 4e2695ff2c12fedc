"""What can be mended without guessing, and nothing else."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftplan.datasets import Demands, measure
from ftplan.datasets.preparing.mending import mended

ROW = {"messages": [{"role": "user", "content": "é"}, {"role": "assistant", "content": "a"}]}
OTHER = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b", "weight": 1.0}]}


def mend(data: bytes) -> tuple[bytes, dict[str, int]]:
    target = io.BytesIO()
    counts = mended(io.BytesIO(data), target, "m.jsonl")
    return target.getvalue(), counts


def test_everything_that_can_be_mended_is_and_the_copy_has_no_faults(jsonl) -> None:
    data = b"\xef\xbb\xbf" + jsonl(ROW, b"", OTHER, b"  ", ROW).replace(b"\n", b"\r\n")
    clean, counts = mend(data)
    assert clean == jsonl(ROW, OTHER)
    assert counts == {
        "byte-order-mark": 1, "carriage-return": 5, "blank-line": 2, "duplicate-rows": 1,
    }  # fmt: skip
    assert measure(io.BytesIO(clean), "c.jsonl", (), Demands("supervised", 1)).facts is not None


def test_known_keys_come_into_one_order_and_a_schema_stays_as_it_was(jsonl) -> None:
    parameters = {"required": ["b"], "properties": {"b": {"type": "integer"}, "a": {"role": 1, "id": 2}}}
    tool = {"function": {"parameters": parameters, "name": "f"}, "type": "function"}
    row = {"tools": [tool], "messages": [{"content": "é", "role": "user"}, {"role": "assistant", "content": "a"}]}
    clean, counts = mend(jsonl(row))
    made = json.loads(clean)
    assert counts == {"key-order": 1}
    assert made == row
    assert list(made) == ["messages", "tools"]
    assert [list(message) for message in made["messages"]] == [["role", "content"]] * 2
    assert list(made["tools"][0]["function"]["parameters"]["properties"]["a"]) == ["role", "id"]


def test_numbers_keep_their_spelling_and_half_characters_their_escape() -> None:
    line = b'{"messages":[{"content":"\\ud83d","role":"user"},{"role":"assistant","content":"a","weight":1.0}]}\n'
    clean, _ = mend(line)
    assert b"\\ud83d" in clean
    assert b"1.0" in clean


@pytest.mark.parametrize("line", [b'{"messages": [', b"17", b"\xff", b'{"a": 1, "a": 2}'])
def test_a_line_that_is_broken_otherwise_stays_for_the_checks_to_tell(line: bytes) -> None:
    assert mend(line + b"\n") == (line + b"\n", {})


@given(st.lists(st.sampled_from((ROW, OTHER, {**ROW, "tools": []})), max_size=8), st.booleans(), st.booleans())
def test_mending_twice_is_mending_once_and_no_row_is_lost(rows, crlf: bool, mark: bool) -> None:
    data = b"".join(json.dumps(row).encode() + (b"\r\n" if crlf else b"\n") for row in rows)
    clean, _ = mend(b"\xef\xbb\xbf" + data if mark and data else data)
    assert mend(clean) == (clean, {})
    kept = [json.loads(line) for line in clean.splitlines()]
    assert all(row in kept for row in rows)
    assert len(kept) == len({json.dumps(row) for row in rows})
