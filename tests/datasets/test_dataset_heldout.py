"""Rows that models are held against: what each asks, what it wants, and always the same ones."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest

from ftplan.datasets.preparing.heldout import asked_tokens, held_out
from ftplan.datasets.rows.framing import parts_of

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def file(*rows: Any) -> io.BytesIO:
    return io.BytesIO(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))


def test_a_conversation_asks_everything_before_its_last_answer() -> None:
    row = {"messages": [user("a"), said("b", weight=0), user("c"), said("d", weight=1)], "tools": [TOOL]}
    (found,) = held_out(file(row), None, 7).rows
    assert found.messages == (user("a"), said("b"), user("c"))
    assert (found.wanted, found.tools, found.line, found.row) == (said("d"), (TOOL,), 1, row)


def test_a_preference_wants_what_is_preferred_and_a_graded_row_wants_nothing() -> None:
    preference = {
        "input": {"messages": [user("a")], "tools": [TOOL]},
        "preferred_output": [said("good")],
        "non_preferred_output": [said("bad")],
    }
    graded = {"messages": [user("b")], "reference": 5}
    first, second = held_out(file(preference, graded), None, 7).rows
    assert (first.messages, first.wanted, first.tools) == ((user("a"),), said("good"), (TOOL,))
    assert (second.messages, second.wanted) == ((user("b"),), None)


def test_what_asks_nothing_is_passed_over_and_counted() -> None:
    odd = [{"messages": [said("alone")]}, {"prompt": "p", "completion": "c"}, b"{", {"messages": 5}, [1]]
    found = held_out(file(*odd, {"messages": [user("a"), said("b")]}), None, 7)
    assert [row.line for row in found.rows] == [6]
    assert found.unasked + found.broken == 5
    assert found.first_unasked == 1


def test_the_first_line_that_asks_nothing_is_named_whether_it_holds_a_row_or_not() -> None:
    whole = json.dumps({"messages": [user("a"), said("b")]})
    silent = json.dumps({"messages": [said("b")]})
    for lines, first in (
        ([whole, "{", silent], 2),
        ([whole, silent, "{"], 2),
        ([whole, whole, "{"], 3),
        ([whole], None),
    ):
        assert held_out(io.BytesIO("\n".join(lines).encode()), None, 7).first_unasked == first


def test_the_same_rows_are_taken_whatever_their_order_and_they_keep_it() -> None:
    rows = [{"messages": [user(f"q{n}"), said(f"a{n}")]} for n in range(200)]
    shuffled = random.Random(5).sample(rows, len(rows))
    taken = [{row.messages[0]["content"] for row in held_out(file(*those), 20, 7).rows} for those in (rows, shuffled)]
    assert taken[0] == taken[1]
    assert len(taken[0]) == 20
    lines = [row.line for row in held_out(file(*shuffled), 20, 7).rows]
    assert lines == sorted(lines)
    assert {row.messages[0]["content"] for row in held_out(file(*rows), 20, 8).rows} != taken[0]


@pytest.mark.parametrize("tools", [[], [TOOL]])
def test_tokens_are_those_that_a_training_counts(tools: list[Any]) -> None:
    """Question and answer together are the row, but for the framing of a second conversation."""
    row = {"messages": [user("Where is parcel 1? – zażółć"), said("In hall 3.")], "tools": tools}
    ((asked, wanted),) = asked_tokens(held_out(file(row), None, 7).rows, "o200k_base")
    whole = parts_of(row, "chat")
    from ftplan.datasets.counting.tokens import counts

    assert asked + wanted - 3 == sum(counts([*whole.texts, *whole.learned], "o200k_base")) + whole.framing("o200k_base")
