"""`content_sha256` is of what rows mean: spelling never moves it, meaning always does."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

texts = st.text(st.characters(codec=None), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def rows(draw):
    own = draw(
        st.dictionaries(texts.filter(lambda key: key not in ("messages", "tools", "parallel_tool_calls")), values)
    )
    own = {key: value for key, value in own.items() if not key.startswith(("input", "preferred", "non_preferred"))}
    message = {"role": "user", "content": draw(texts)}
    return {"messages": [message], "reference": draw(values), **own}


def respelled(row: dict, seed: int) -> bytes:
    """The same row with other key order, blanks, escapes, number spellings and line end."""
    chance = random.Random(seed)

    def shuffled(value):
        if isinstance(value, dict):
            items = list(value.items())
            chance.shuffle(items)
            return {key: shuffled(inner) for key, inner in items}
        if isinstance(value, list):
            return [shuffled(inner) for inner in value]
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 and chance.random() < 0.5:
            return float(value)
        return value

    separators = chance.choice([(",", ":"), (", ", ": "), (" ,\t", " : ")])
    escaped = json.dumps(shuffled(row), separators=separators)
    plain = json.dumps(shuffled(row), separators=separators, ensure_ascii=False)
    try:
        body = plain.encode() if chance.random() < 0.5 else escaped.replace("/", "\\/").encode()
    except UnicodeEncodeError:
        body = escaped.encode()
    return chance.choice([b"", b" "]) + body + chance.choice([b"\n", b"\r\n", b" \n"])


def content(measured, data: bytes) -> str:
    result = measured(data, method="reinforcement")
    assert result.errors == ()
    return result.facts.content_sha256


@settings(deadline=None)
@given(table=st.lists(rows(), min_size=1, max_size=4), seed=st.integers())
def test_respelling_rows_never_moves_the_content_hash(measured, table, seed):
    plain = b"".join(json.dumps(row).encode() + b"\n" for row in table)
    other = b"".join(respelled(row, seed + number) for number, row in enumerate(table))
    assert content(measured, plain) == content(measured, other)
    assert content(measured, plain) == content(measured, plain.removesuffix(b"\n"))


@settings(deadline=None)
@given(table=st.lists(rows(), min_size=2, max_size=5), seed=st.integers())
def test_reordering_or_dropping_rows_moves_the_content_hash(measured, table, seed):
    lines = [json.dumps(row).encode() + b"\n" for row in table]
    moved = lines[:]
    random.Random(seed).shuffle(moved)
    whole = content(measured, b"".join(lines))
    assert content(measured, b"".join(lines[1:])) != whole
    # 1 and 1.0, and so on, are one value: compare what is meant.
    assume([json.loads(line) for line in moved] != [json.loads(line) for line in lines])
    assert content(measured, b"".join(moved)) != whole


SAME = [
    (
        '{"messages":[{"role":"user","content":"\\u00e9"}],"n":1}',
        '{"n":1.0,"messages":[{"content":"é","role":"user"}]}',
    ),
    ('{"messages":[{"role":"user","content":"/"}],"n":0}', '{"messages":[{"role":"user","content":"\\/"}],"n":-0.0}'),
    (
        '{"messages":[{"role":"user","content":"😀"}],"n":100}',
        '{"messages":[{"role":"user","content":"\\ud83d\\ude00"}],"n":1e2}',
    ),
]
DIFFERENT = [
    ("1", "2"),
    ("1", "true"),
    ("1", '"1"'),
    ("0.1", "0.2"),
    ("null", "0"),
    ('"é"', '"e\\u0301"'),
    ("[1,2]", "[2,1]"),
    ("9007199254740993", "9007199254740992"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_two_spellings_of_one_row_have_one_hash(left, right, measured):
    assert content(measured, left.encode()) == content(measured, right.encode())


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_two_meanings_have_two_hashes(left, right, measured):
    row = '{"messages":[{"role":"user","content":"q"}],"n":%s}'
    assert content(measured, (row % left).encode()) != content(measured, (row % right).encode())


def test_an_absent_key_is_not_a_null_key(measured):
    row = '{"messages":[{"role":"user","content":"q"}]%s}'
    assert content(measured, (row % "").encode()) != content(measured, (row % ',"n":null').encode())


def test_the_byte_hash_is_of_the_bytes(measured, jsonl):
    import hashlib

    data = jsonl(SAME[0][0])
    facts = measured(data, method="reinforcement").facts
    assert facts.sha256 == hashlib.sha256(data).hexdigest()
    assert facts.bytes == len(data)
