"""The fast way to read a row gives what the strict way gives, and the same canonical form for the same meaning."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.datasets.rows import jsonrow
from ftplan.datasets.rows.fastrow import canonical, plain_chat, row_of
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.formats import row_faults
from ftplan.datasets.rows.framing import parts_of
from ftplan.datasets.rows.remarks import row_remarks

CHAT = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}'
ODD_LINES = [
    "",
    " ",
    "{}",
    "[]",
    "null",
    "\ufeff{}",
    '{"a":1}\r',
    ' {"a" : 1 , "b":[ ] } ',
    '{"a":1,"a":1}',
    '{"a" :1,"a"\t:2}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":1,"b":2}}',
    '{"a":":","a":"\\u003a"}',
    '{"a":"\\u003a","b":"\\u003A"}',
    '{"a":"\\u003a\\u003a","a":""}',
    '{"a:":":","b":"\\":"}',
    '{"a\\\\":1,"b":"\\\\"}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":1e400}',
    '{"a":-0,"b":-0.0,"c":1.0,"d":1e2,"e":0.1,"f":1e300,"g":5e-324}',
    '{"a":9223372036854775807,"b":-9223372036854775808}',
    '{"a":9223372036854775808,"b":18446744073709551615}',
    '{"a":123456789012345678901234567890}',
    '{"a":9007199254740993.0}',
    '{"a":' + "7" * 5_000 + "}",
    '{"a":01}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":"\\ud800"}',
    '{"\\udfff":"\\ud83d\\ude00"}',
    '{"a":"\\ud83d\\ud83d\\ude00"}',
    '{"a":"\x01"}',
    '{"a":"\x7f\u2028\\u0000\\/"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":true,"b":false,"c":null}',
    '{"a":1} {"b":2}',
    '{"a":1,}',
    "{'a':1}",
    *('{"a":' + "[" * depth + "]" * depth + "}" for depth in (126, 127, 128, 129, 2_000, 100_000)),
    *('{"a":' * depth + "1" + "}" * depth for depth in (127, 128, 129, 130)),
    CHAT,
    CHAT.replace("}]", ', "weight": 1}]'),
    CHAT.replace("}]", ', "weight": 1.0}]'),
    CHAT.replace("}]", ', "weight": true}]'),
    CHAT.replace("}]", ', "weight": 2}]'),
    CHAT.replace("}]", ', "role": "assistant"}]'),
    CHAT.replace("}]", ', "r\\u006fle" : "user"}]'),
    CHAT.replace("}]", ', "c\\u006fntent":"\\u003a"}]').replace('"q"', '":"'),
    CHAT[:-1] + ', "messages": []}',
    CHAT.replace('"q"', '" : \\" : \\u003a"'),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(st.characters(codec=None), max_size=8)
    | st.sampled_from([":", '":', "\\", '"', "\\u003a", "\ud800", "é", "😀"])
)
keys = st.sampled_from(["a", "b", ":", '"', "messages", "role", "content", "é", "\ud800", ""])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
messages = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "developer", "user", "assistant", "assistant", "tool"]),
            "content": st.sampled_from(["", " ", "q: a", '"', "é😀", "\ud800", "\n"]) | st.none(),
        },
        optional={"weight": st.sampled_from([0, 1, 1.0, True, 2, None]), "name": st.just("n")},
    ),
    max_size=5,
)


@st.composite
def lines(draw, value=values):
    """A value as JSON, in one of several spellings, and perhaps with something cut out, put in or said twice."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\t", "\t:"), (",\r", "  :")]))
    text = json.dumps(draw(value), separators=separators, ensure_ascii=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 2))):
        at, to = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        piece = draw(st.sampled_from(["", text[at:to] * 2, '"a":1,', "\\u003a", ":", '"', "\\", "\u00e9", "}", ","]))
        text = text[:at] + piece + text[to:]
    return text.encode("utf-8", "surrogatepass")


def check(line: bytes) -> None:
    strict, found = jsonrow.decoded(line), row_of(line)
    if isinstance(strict, Fault):
        assert found == strict
        return
    assert not isinstance(found, Fault)
    row, spelled = found
    # As text, since 1 is True to Python.
    assert jsonrow.canonical(row) == jsonrow.canonical(strict)
    assert spelled == canonical(strict)
    assert jsonrow.decoded(spelled) == strict


@pytest.mark.parametrize("line", ODD_LINES, ids=range(len(ODD_LINES)))
def test_an_odd_line_is_read_as_the_strict_reader_reads_it(line):
    check(line.encode("utf-8", "surrogatepass"))


@settings(max_examples=1_500, deadline=None)
@given(line=lines() | lines(st.fixed_dictionaries({"messages": messages})) | st.binary(max_size=30))
def test_any_line_is_read_as_the_strict_reader_reads_it(line):
    check(line)


def check_plain(line: bytes) -> bool:
    found = plain_chat(line)
    if found is None:
        return False
    strict = jsonrow.decoded(line)
    assert isinstance(strict, dict)
    assert list(row_faults(strict, "chat")) == []
    assert list(row_remarks(strict, "chat")) == []
    spelled, parts, remarks = found
    expected = parts_of(strict, "chat")
    assert spelled == canonical(strict)
    assert (Counter(parts.texts), Counter(parts.learned)) == (Counter(expected.texts), Counter(expected.learned))
    assert (parts.fixed, parts.functions, parts.images, remarks) == (expected.fixed, 0, 0, ())
    assert (Counter(parts.behind), parts.messages_behind) == (Counter(expected.behind), expected.messages_behind)
    return True


@settings(max_examples=1_500, deadline=None)
@given(line=lines(st.fixed_dictionaries({"messages": messages})))
def test_what_is_called_plain_breaks_no_rule_and_is_taken_apart_alike(line):
    check_plain(line)


@pytest.mark.parametrize("line", ODD_LINES, ids=range(len(ODD_LINES)))
def test_an_odd_line_is_not_called_plain_where_it_is_wrong(line):
    check_plain(line.encode("utf-8", "surrogatepass"))


PLAIN = {"messages": [{"role": "system", "content": "s: é"}, *json.loads(CHAT)["messages"] * 2]}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
@pytest.mark.parametrize("escaped", [True, False])
def test_an_ordinary_row_is_called_plain(separators, escaped):
    assert check_plain(json.dumps(PLAIN, separators=separators, ensure_ascii=escaped).encode())
    weighed = {"messages": [*PLAIN["messages"], *({**m, "weight": 1} for m in PLAIN["messages"][-1:])]}
    assert check_plain(json.dumps(weighed, separators=separators, ensure_ascii=escaped).encode())


@settings(deadline=None)
@given(table=st.lists(messages, min_size=1, max_size=4), first=st.booleans())
def test_a_plain_row_counts_and_hashes_as_if_it_were_not(measured, table, first):
    # A first row is never taken the fast way, so each row is once measured alone and once among others.
    rows = [json.dumps({"messages": row}).encode() for row in table]
    opening = CHAT.encode()
    alone = [measured(row + b"\n", "o200k_base") for row in rows]
    together = measured(b"\n".join([opening, *rows]), "o200k_base")
    if together.facts is None or any(one.facts is None for one in alone):
        assert together.facts is None
        return
    total = sum(one.facts.tokens["o200k_base"].total for one in alone)
    trained = sum(one.facts.tokens["o200k_base"].trained for one in alone)
    tokens, own = together.facts.tokens["o200k_base"], measured(opening, "o200k_base").facts.tokens["o200k_base"]
    assert (tokens.total, tokens.trained) == (total + own.total, trained + own.trained)


def test_reading_a_file_of_plain_rows_asks_the_strict_reader_for_none(monkeypatch, measured):
    asked = []
    monkeypatch.setattr(json.JSONDecoder, "decode", lambda *given: asked.append(given))
    assert measured((CHAT + "\n").encode() * 20).facts.rows == 20
    assert asked == []
