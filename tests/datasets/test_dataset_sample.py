"""A sample is the same each time, whatever the order of the file, and lets nothing out that was not asked for."""

from __future__ import annotations

import io
import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.datasets.preparing.sampling import sample
from ftplan.views.sample_text import render_sample, sample_document
from ftplan.views.style import Style

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\u202etxt\n::set-env name=A::b\n##vso[task]\u2028\x9b31m"


def chat(prompt: str, **keys: object) -> dict:
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": "Yes."}]
    return {"messages": messages, **keys}


def file(*rows: object) -> io.BytesIO:
    return io.BytesIO(b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in rows))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 12), st.randoms())
def test_the_order_of_the_file_does_not_change_the_sample(rows: int, count: int, chance: random.Random) -> None:
    lines = [chat(f"q{n}") for n in range(rows)]
    _, before = sample(file(*lines), count, 7)
    chance.shuffle(lines)
    found, after = sample(file(*lines), count, 7)
    assert sorted(before) == sorted(after)
    assert len(after) == min(count, rows)
    assert found.of == rows


def test_the_sampled_lines_stand_as_they_do_in_the_file_and_in_its_order() -> None:
    lines = [b'  {"messages" : [ ], "n": %d}' % n for n in range(50)]
    found, raw = sample(file(*lines), 10, 7)
    assert raw == [lines[row.line - 1] for row in found.rows]
    assert [row.line for row in found.rows] == sorted(row.line for row in found.rows)


def test_another_seed_gives_other_rows() -> None:
    lines = [chat(f"q{n}") for n in range(100)]
    assert sample(file(*lines), 5, 1)[1] != sample(file(*lines), 5, 2)[1]


def test_lines_without_a_row_are_counted_and_passed_over() -> None:
    found, _ = sample(file(chat("a"), b"{", b"", chat("b")), 9, 7)
    assert (found.of, found.broken, found.first_broken, len(found.rows)) == (2, 2, 2, 2)


def test_nothing_a_row_says_is_repeated_unless_asked_for() -> None:
    row = chat("secret-one", meta={"key": "secret-two"}, note="secret-three")
    row["messages"][1]["tool_calls"] = [{"function": {"name": "secret-four", "arguments": "{}"}}]
    found, _ = sample(file(row), 1, 7)
    for show in (False, True):
        texts = render_sample(found, "p", Style(), show=show), json.dumps(sample_document(found, "p", 7, show=show))
        for text in texts:
            assert [f"secret-{n}" in text for n in ("one", "two", "three", "four")] == [show] * 4


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300) | st.just(HOSTILE), st.text(max_size=40) | st.just(HOSTILE))
def test_a_row_can_do_nothing_to_a_terminal(text: str, key: str) -> None:
    row = {
        "messages": [
            {"role": text, "content": text},
            {"role": "user", "content": [{"type": "text", "text": text}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": text, "arguments": text}}]},
        ],
        f"own {key}": {key: text},
    }
    found, _ = sample(file(row), 1, 7)
    for show in (False, True):
        shown = render_sample(found, text, Style(), show=show)
        assert all(c.isprintable() or c in " \n\u3000" or (c.isspace() and ord(c) > 127) for c in shown)
        assert not any(line.lstrip().startswith(("::", "##vso[")) for line in shown.splitlines())


def test_every_format_is_taken_apart() -> None:
    answers = {side: [{"role": "assistant", "content": "x"}] for side in ("preferred_output", "non_preferred_output")}
    rows = [
        {"input": {"messages": [{"role": "user", "content": "q"}], "tools": [{}]}, **answers},
        {"prompt": "q", "completion": "a"},
        {"messages": [{"role": "user", "content": "q"}], "reference": 7},
        {"something": [1, 2], "else": None, "flag": True},
    ]
    found, _ = sample(file(*rows), 9, 7)
    told = {row.line: (row.format, [f"{t.part} {t.role}".strip() for t in row.turns], row.tools) for row in found.rows}
    assert told == {
        1: ("preference", ["input user", "preferred assistant", "non-preferred assistant"], 1),
        2: ("completion", ["prompt", "completion"], 0),
        3: ("reinforcement", ["user"], 0),
        4: (None, [], 0),
    }
    text = render_sample(found, "p", Style(), show=False)
    assert "reference: a number" in text
    assert "something: a list of 2" in text


def test_tokens_are_counted_where_a_tokenizer_is_at_hand() -> None:
    found, _ = sample(file(chat("Hello, world!")), 1, 7)
    assert found.rows[0].turns[0].tokens == 4


def test_a_long_text_is_cut_with_a_notice() -> None:
    found, _ = sample(file(chat("\n".join(f"line {n}" for n in range(100)))), 1, 7)
    shown = render_sample(found, "p", Style(), show=True)
    assert "more lines)" in shown
    assert "line 99" not in shown
