"""Whatever a row holds, measuring it ends with facts or with problems, and never with a crash."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}}
SCHEMA = {
    "type": "object",
    "properties": {"x": {"type": ["string", "null"], "enum": ["a"], "items": {"anyOf": [{"properties": {"y": {}}}]}}},
    "$defs": {"z": {"description": "d"}},
}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
CHAT = {
    "messages": [
        {"role": "system", "content": "s", "name": "n"},
        {"role": "user", "content": [{"type": "text", "text": "q"}, IMAGE]},
        {"role": "assistant", "content": None, "tool_calls": [CALL], "weight": 0, "refusal": None},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "t"}]},
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
        {"role": "assistant", "content": "a"},
    ],
    "tools": [{"type": "function", "function": FUNCTION}],
    "functions": [FUNCTION],
    "parallel_tool_calls": True,
}
ANSWER = {"role": "assistant", "content": "a", "tool_calls": [CALL]}
SEEDS = {
    "supervised": CHAT,
    "dpo": {
        "input": {"messages": [{"role": "user", "content": "q"}], "tools": CHAT["tools"]},
        "preferred_output": [ANSWER],
        "non_preferred_output": [ANSWER],
    },
    "reinforcement": {"messages": [{"role": "developer", "content": "d"}, *CHAT["messages"][1:5]], "answer": {"n": 1}},
}
WORDS = ["role", "user", "assistant", "tool", "function", "content", "text", "type", "image_url", "name", "properties"]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(0.5) | st.sampled_from(WORDS) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2),
    max_leaves=4,
)


def spots(value, path=()):
    """The path of every value inside `value`."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from spots(inner, (*path, key))


@st.composite
def mutants(draw, seed):
    row = copy.deepcopy(seed)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(spots(row))[1:] or [()]))
        if not path:
            return row
        holder = row
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()):
            holder[path[-1]] = draw(values)
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(WORDS))] = draw(values)
        else:
            del holder[path[-1]]
    return row


@pytest.mark.parametrize("method", SEEDS)
def test_the_seeds_are_right(method, measured, jsonl):
    assert measured(jsonl(SEEDS[method]), "o200k_base", method=method).errors == ()


@pytest.mark.parametrize("method", SEEDS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_mutated_row_gives_facts_or_problems(method, measured, jsonl, data):
    lines = jsonl(data.draw(mutants(SEEDS[method])))
    for expect in (method, None):
        result = measured(lines, "o200k_base", "cl100k_base", method=expect)
        assert (result.facts is None) == bool(result.errors)


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=60) | st.builds(lambda v: json.dumps(v).encode(), values))
def test_any_bytes_give_facts_or_problems(measured, data):
    result = measured(data, "o200k_base")
    assert (result.facts is None) == bool(result.errors)
