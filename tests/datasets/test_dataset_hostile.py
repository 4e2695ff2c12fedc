"""What nobody means to train on is measured or refused in bounded time, and never crashes."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ftplan.datasets import measure
from ftplan.datasets.counting import bulk, tokens


def row(text: str) -> bytes:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "a"}]
    return json.dumps({"messages": messages}, ensure_ascii=False).encode() + b"\n"


GOOD = row("q") * 10
COUNTED = {
    "one letter": ("a", 10_000_000),
    "blanks": (" ", 1_000_000),
    "line feeds": ("\n", 1_000_000),
    "one ideograph": ("中", 1_000_000),
    "one emoji": ("🙂", 300_000),
    "a line of 50 MB": ("The quick brown fox, it says: jumps. ", 1_400_000),
}
REFUSED = {
    "NUL bytes": (b"\x00" * 10_000_000, 1),
    "lines of NUL": (b"\x00\n" * 100_000, 100_000),
    "no UTF-8": (b'{"prompt":"' + b"\xfe" * 10_000_000 + b'"}\n', 1),
    "broken lines": (b"{]\n" * 100_000, 100_000),
    "wrong rows": (b'{"messages":[1]}\n' * 100_000, 100_000),
    "blank lines": (b"\n" * 100_000, 100_000),
    "deep nesting": (b'{"a":' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}\n", 1),
    "a key a million times": (b"{" + b'"a":1,' * 1_000_000 + b'"b":2}\n', 1),
    "ten million digits": (b'{"a":' + b"1" * 10_000_000 + b"}\n", 1),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_strange_text_is_counted(name):
    piece, times = COUNTED[name]
    found = measure(io.BytesIO(GOOD + row(piece * times)), "train.jsonl", ["o200k_base"])
    assert found.errors == ()
    assert found.facts.tokens["o200k_base"].longest_line == 11


@pytest.mark.parametrize("name", REFUSED)
def test_a_strange_file_is_refused_with_the_first_problems_and_a_count_of_the_rest(name):
    data, wrong = REFUSED[name]
    found = measure(io.BytesIO(GOOD + data), "train.jsonl", ["o200k_base"])
    assert found.facts is None
    assert found.problems[0].place.line == 11
    assert len(found.problems) == (1 if wrong == 1 else 21)
    listed = len({problem.place.line for problem in found.problems if problem.place is not None})
    assert wrong == 1 or f"{wrong - listed:,} more lines" in found.problems[-1].detail


@pytest.mark.parametrize("piece", ["a", " ", "\n", "中", "=", "\x00", "ab", "🙂"])
@pytest.mark.parametrize("tokenizer", ["gigatoken", "toktok", "splintr"])
def test_a_long_run_is_counted_exactly(piece, tokenizer, monkeypatch, reference):
    pytest.importorskip(tokenizer)
    if tokenizer == "toktok":
        monkeypatch.setitem(sys.modules, "gigatoken", None)
    bulk.bulk_counter.cache_clear()
    text = piece * 40_000
    assert tokens.batch_counter("o200k_base", much=tokenizer != "splintr")([text]) == [reference(text, "o200k_base")]
    bulk.bulk_counter.cache_clear()


def test_without_the_linear_tokenizer_a_long_run_is_counted_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "toktok", None)
    bulk.linear_counter.cache_clear()
    assert tokens.counts(["a" * 2_000_000], "o200k_base") == [250_000]
    bulk.linear_counter.cache_clear()
