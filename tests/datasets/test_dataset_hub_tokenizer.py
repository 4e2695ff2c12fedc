"""Open models are counted by their own tokenizer's file, and by nothing that it names."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ftplan.core.facts import FILE_ENCODING
from ftplan.datasets import Demands, measure
from ftplan.datasets.counting.hub_tokenizer import MAX_BYTES, file_counter, read_tokenizer
from ftplan.errors import DatasetError, Place

tokenizers = pytest.importorskip("tokenizers")

TEXTS = ["hello world", "", "<|end|> is a word", "more text " * 300, "你好 🙂", "\ud800 alone"]


@pytest.fixture(scope="module")
def data() -> bytes:
    """A small tokenizer as models are published with: byte-level, with special tokens that it puts around a text, and
    made to cut and to fill up."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|start|>", "<|end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(["hello world, more text, hello text"] * 5, trainer)
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="<|start|> $A <|end|>", special_tokens=[("<|start|>", 0), ("<|end|>", 1)]
    )
    made.enable_truncation(8)
    made.enable_padding(length=8)
    return made.to_str().encode()


def test_every_text_is_counted_whole_and_by_itself(data):
    plain = tokenizers.Tokenizer.from_buffer(data)
    plain.no_truncation()
    plain.no_padding()
    plain.encode_special_tokens = True
    wanted = [len(plain.encode(text, add_special_tokens=False).ids) for text in TEXTS[:-1]]
    wanted.append(len(plain.encode("\ufffd alone", add_special_tokens=False).ids))
    assert file_counter(data)(TEXTS) == wanted
    assert wanted[1] == 0
    # Spelled out it is text, and not the one special token.
    assert wanted[2] > len(plain.encode(" is a word", add_special_tokens=False).ids) + 1


def test_the_same_file_is_the_same_encoding_wherever_it_lies(data):
    (one, kept), (other, _) = read_tokenizer(io.BytesIO(data), "a"), read_tokenizer(io.BytesIO(data), "b")
    assert one == other != read_tokenizer(io.BytesIO(data + b"\n"), "a")[0]
    assert one.startswith(FILE_ENCODING)
    assert kept == data


def test_a_dataset_is_counted_by_it_in_every_process(data, chat_rows):
    encoding, _ = read_tokenizer(io.BytesIO(data), "tokenizer.json")
    rows = chat_rows(12_000)

    def counted(processes: int):
        found = measure(
            io.BytesIO(rows), "d.jsonl", [encoding], Demands(), processes=processes, tokenizers={encoding: data}
        )
        assert found.facts is not None
        return found.facts.tokens

    assert len(rows) > 10_000_000
    one = counted(1)
    assert one == counted(2)
    count = file_counter(data)
    (row,) = [json.loads(line) for line in rows.splitlines()[:1]]
    texts = [text for message in row["messages"] for text in message.values()]
    single = measure(
        io.BytesIO(rows.splitlines()[0]), "d.jsonl", [encoding], Demands(min_rows=1), tokenizers={encoding: data}
    )
    assert single.facts is not None
    assert single.facts.tokens[encoding].total == sum(count(texts)) + 3 + 3 * len(row["messages"])


@pytest.fixture
def chat_rows():
    def rows(number: int) -> bytes:
        made = (
            {"messages": [{"role": "user", "content": f"hello {n}"}, {"role": "assistant", "content": "text " * 180}]}
            for n in range(number)
        )
        return b"".join(json.dumps(row).encode() + b"\n" for row in made)

    return rows


@pytest.mark.parametrize("broken", [b"", b"{}", b"[1, 2", b"\x00\xff", b'{"version": "1.0", "model": {"type": "Nix"}}'])
def test_what_is_no_tokenizer_is_a_problem_where_it_was_named(broken):
    with pytest.raises(DatasetError) as raised:
        read_tokenizer(io.BytesIO(broken), "tokenizer.json", Place("ftplan.yaml", 4, 7))
    (problem,) = raised.value.problems
    assert (problem.summary, problem.place.line) == ("A tokenizer cannot be read", 4)
    assert "tokenizer.json" in problem.detail


def test_a_file_beyond_every_tokenizer_is_refused_unread():
    with pytest.raises(DatasetError) as raised:
        read_tokenizer(io.BytesIO(bytes(MAX_BYTES + 1)), "tokenizer.json")
    assert raised.value.problems[0].summary == "A tokenizer is too large"


def test_without_the_extra_the_error_names_it(monkeypatch, data):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DatasetError) as raised:
        read_tokenizer(io.BytesIO(data), "tokenizer.json")
    assert raised.value.problems[0].command == "pip install 'ftplan[tokenizers]'"
