"""Counts are tiktoken's, without tiktoken and without a network."""

from __future__ import annotations

import base64
import hashlib
import random
import subprocess
import sys

import pytest
import splintr
from hypothesis import given, settings
from hypothesis import strategies as st
from splintr import Tokenizer

from ftplan.datasets.counting import bulk, encodings, ranks, tokens
from ftplan.errors import DatasetError

ENCODINGS = ("o200k_base", "cl100k_base", "o200k_harmony")


def blocks() -> list[str]:
    """A text of every assigned block up to the emoji, in order and shuffled."""
    shuffled = random.Random(7)
    texts = []
    for start in [*range(0x20, 0xD800, 0x80), *range(0xE000, 0x10000, 0x80), *range(0x10000, 0x20000, 0x100)]:
        characters = [chr(code) for code in range(start, start + 0x80)]
        texts.append("".join(characters))
        shuffled.shuffle(characters)
        texts.append(" ".join(characters[:60]) + "".join(characters[60:]))
    return texts


NASTY = [
    "",
    " ",
    "\n",
    *(character * count for character in " \n\t\r\u00a0\u3000" for count in (1, 2, 3, 7, 40)),
    *(left + right for left in ("a", "1", ".", "é") for right in (" \n ", "\r\n\r\n", "  x", "\t\tx", " \u2003 x")),
    "<|endoftext|><|im_start|>user<|im_sep|><|endofprompt|><|fim_prefix|>",
    "Don't you'RE we'LL I'd THEY'VE 's'S 'tis",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 ☃︎ ☃️ 🇨🇭🇦🇹",
    "Z̸̢̛͎͇a̶̡̛l̵̨g̷̢o̸͜ ́e e\u0301",
    "私はガラスを食べられます。それは私を傷つけません。我能吞下玻璃而不伤身体。 한국어도 됩니다. ฉันกินกระจกได้",
    "مرحبا بالعالم שלום עולם नमस्ते दुनिया",
    "camelCaseHTTPServer2000 snake_case__x x+=1;//path/to/file\n/usr\n\nif(a&&b){c();}",
    "3.14159265358979 1,234,567 0x1F 12345678901234567890 ٣٤٥ ⅷ ½",
    base64.b64encode(bytes(range(256)) * 8).decode(),
    "\u200b\u200c\u200d\ufeff\u202e\u2066\u180e\u0000\u0001\u007f\u0085",
    "ab" * 5_000,
    "-=" * 3_000 + "#" * 3_000,
    "\ud800",
    "a\udfffb\ud800\ud800 \udc00\ud800 c",
    "\ud83d\ude00 as two halves",
    # Letters of Unicode 17, which some tables have and tiktoken's have not.
    *(f"a{letter}b {letter}'s {letter}//x" for letter in "\u088f\u0c5c\ua7d2\U00010940\U00011db3\U0001e6c1\U000323b1"),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_counts_equal_tiktokens_on_nasty_texts(encoding, reference):
    texts = [*NASTY, *blocks()]
    assert tokens.counts(texts, encoding) == [reference(text, encoding) for text in texts]


@pytest.fixture(params=["gigatoken", "toktok"])
def fast(request, monkeypatch):
    """Each of the tokenizers for much text, alone."""
    pytest.importorskip(request.param)
    if request.param != "gigatoken":
        monkeypatch.setitem(sys.modules, "gigatoken", None)
    bulk.bulk_counter.cache_clear()
    yield request.param
    bulk.bulk_counter.cache_clear()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_much_text_is_counted_by_a_faster_tokenizer_alike(encoding, fast, reference):
    texts = [*NASTY, *blocks(), "a" * 1_000_000]
    count = tokens.batch_counter(encoding, much=True)
    assert count(texts) == [count([text])[0] for text in texts] == [reference(text, encoding) for text in texts]


def test_every_new_letter_is_kept_from_the_faster_tokenizer(fast):
    texts = [
        "".join(f"{chr(code)}'s {chr(code)}//" for code in range(start, start + 64))
        for start in (*range(0x880, 0xD800, 64), *range(0x10000, 0x33500, 64))
    ]
    exact, fast_one = tokens.batch_counter("o200k_base"), tokens.batch_counter("o200k_base", much=True)
    assert exact(texts) == [count for text in texts for count in fast_one([text])]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_rank_file_is_the_published_one_and_is_made_once(encoding, tmp_path, monkeypatch):
    monkeypatch.setenv("FTPLAN_CACHE_DIR", str(tmp_path))
    with ranks.rank_file(encoding) as made:
        assert hashlib.sha256(made.read_bytes()).hexdigest() == encodings.RANKS[encoding][1]
    (kept,) = tmp_path.iterdir()
    with ranks.rank_file(encoding) as found:
        assert found == kept
    kept.write_bytes(b"something else")
    with ranks.rank_file(encoding) as found:
        assert hashlib.sha256(found.read_bytes()).hexdigest() == encodings.RANKS[encoding][1]


def test_without_a_cache_folder_the_ranks_are_made_for_the_moment(monkeypatch):
    monkeypatch.setenv("FTPLAN_CACHE_DIR", "")
    with ranks.rank_file("cl100k_base") as made:
        assert made.stat().st_size > 1_000_000
    assert not made.exists()


def test_without_splintr_there_are_no_ranks_and_no_gigatoken(monkeypatch):
    monkeypatch.setenv("FTPLAN_CACHE_DIR", "")
    monkeypatch.setitem(sys.modules, "splintr", None)
    with ranks.rank_file("cl100k_base") as made:
        assert made is None


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(codec=None, max_codepoint=0x2FFFF, exclude_categories=("Cn",))))
def test_counts_equal_tiktokens_on_any_text(encoding, reference, text):
    assert tokens.counts([text], encoding) == [reference(text, encoding)]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("character", ["a", " ", "\n", "中", "\U0001f600", "="])
def test_one_character_repeated_is_counted_in_bounded_time(encoding, character, reference):
    # Short enough that the test ends, long enough that a quadratic merge would not.
    assert tokens.counts([character * 200_000], encoding)[0] > 0
    assert tokens.counts([character * 2_000], encoding) == [reference(character * 2_000, encoding)]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_probe_constants_are_tiktokens(encoding, reference_encoding):
    assert reference_encoding(encoding).encode_ordinary(encodings.PROBE) == encodings.PROBE_IDS[encoding]


class OtherRanks:
    """splintr's tokenizer, were it to answer with the ranks of another encoding."""

    @staticmethod
    def from_pretrained(encoding: str) -> Tokenizer:
        return Tokenizer.from_pretrained("cl100k_base")


def test_a_tokenizer_with_other_ids_is_refused(monkeypatch):
    monkeypatch.setattr(splintr, "Tokenizer", OtherRanks)
    with pytest.raises(DatasetError) as raised:
        tokens._encoder.__wrapped__("o200k_base")
    assert raised.value.problems[0].summary == "The tokenizer gives other ids than published"


def test_without_splintr_tiktoken_counts(monkeypatch, reference_encoding):
    import tiktoken

    monkeypatch.setitem(sys.modules, "splintr", None)
    monkeypatch.setattr(tiktoken, "get_encoding", reference_encoding)
    assert len(tokens._encoder.__wrapped__("o200k_base")("Hello, world")) == 3


def test_without_splintr_and_ranks_the_error_says_what_to_do(monkeypatch):
    import tiktoken

    def offline(name):
        raise ConnectionError("https://example.invalid/?token=secret")

    monkeypatch.setitem(sys.modules, "splintr", None)
    monkeypatch.setattr(tiktoken, "get_encoding", offline)
    with pytest.raises(DatasetError) as raised:
        tokens._encoder.__wrapped__("o200k_base")
    problem = raised.value.problems[0]
    assert problem.summary == "No tokenizer could be loaded"
    assert "TIKTOKEN_CACHE_DIR" in problem.advice
    assert "secret" not in problem.detail


def test_without_any_tokenizer_the_error_is_ours(monkeypatch):
    monkeypatch.setitem(sys.modules, "splintr", None)
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    with pytest.raises(DatasetError):
        tokens._encoder.__wrapped__("cl100k_base")


def test_a_panic_in_the_tokenizer_is_translated_and_an_interrupt_is_not():
    class PanicException(BaseException):
        pass

    def raising(error):
        def encode(text):
            raise error

        return encode

    with pytest.raises(DatasetError):
        tokens._count("x", raising(PanicException()), "o200k_base")
    with pytest.raises(KeyboardInterrupt):
        tokens._count("x", raising(KeyboardInterrupt()), "o200k_base")


def test_importing_the_room_loads_no_tokenizer():
    code = "import sys, ftplan.datasets; sys.exit(bool({'splintr', 'tiktoken'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
