"""Tokenizers for much text, where `ftplan[fast]` installed them: gigatoken's door and toktok's.

gigatoken counts six times as fast as tiktoken on one core and needs 300 ms and 100 MB to load, numpy and a file of
ranks among it. toktok counts four times as fast, is the one that takes linear time for any text, and needs 400 ms.
Both know letters of Unicode 17, which tiktoken does not, and split texts with such letters otherwise: these are
never given to them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ftplan.core.facts import Encoding
from ftplan.datasets.counting.encodings import Counter, check, spelled
from ftplan.datasets.counting.ranks import rank_file

_PRETOKENIZERS: dict[Encoding, str] = {"o200k_base": "o200k", "o200k_harmony": "o200k", "cl100k_base": "cl100k"}

# Assigned by Unicode 17. Beyond the basic plane, where such texts are rare, their neighbours are taken in.
_UNICODE_17 = re.compile(
    "[\u088f\u0c5c\u0cdc\u1acf-\u1add\u1ae0-\u1aeb\ua7ce\ua7cf\ua7d2\ua7d4\ua7f1"
    "\U00010940-\U0001efff\U0002b73a-\U00033479]"
)
# How the UTF-8 of each of them begins. Most texts have none of the first bytes, and that is soon seen.
_BEGINNINGS = {
    lead: re.compile(lead + second)
    for lead, second in (
        (b"\xe0", rb"[\xa2\xb1\xb3]"),
        (b"\xe1", rb"\xab"),
        (b"\xea", rb"\x9f"),
        (b"\xf0", rb"[\x90-\x9e\xab-\xb3]"),
    )
}


def new_letters(text: str) -> bool:
    """Whether a text has letters that only newer tables know."""
    if text.isascii():
        return False
    data = text.encode("utf-8", "surrogatepass")
    begun = any(lead in data and pair.search(data) for lead, pair in _BEGINNINGS.items())
    return begun and _UNICODE_17.search(text) is not None


@cache
def bulk_counter(encoding: Encoding) -> Counter | None:
    """A function from texts without new letters to their numbers of tokens; None where nothing fast is installed.
    Loads a tokenizer now."""
    return _gigatoken(encoding) or linear_counter(encoding)


@cache
def linear_counter(encoding: Encoding) -> Counter | None:
    """As `bulk_counter`, by what takes linear time for any text."""
    try:
        # Costs 400 ms with the first encoding, and 65 MB.
        import toktok
    except ImportError:
        return None
    check(toktok._encoding(encoding).encode_ordinary, encoding)

    def count(texts: Sequence[str]) -> list[int]:
        # One thread: who wants more of the machine asks for more processes.
        try:
            counts: list[int] = toktok.batch_count(texts, encoding, 1)
        except UnicodeEncodeError:
            counts = toktok.batch_count([spelled(text) for text in texts], encoding, 1)
        return counts

    return count


def _gigatoken(encoding: Encoding) -> Counter | None:
    try:
        import gigatoken
    except ImportError:
        return None
    with rank_file(encoding) as path:
        if path is None:
            return None
        # No special tokens: they are ordinary text in a dataset.
        encode = gigatoken.Tokenizer.from_tiktoken(path, _PRETOKENIZERS[encoding], {}).encode
    check(lambda text: [int(number) for number in encode(text)], encoding)

    def count(texts: Sequence[str]) -> list[int]:
        try:
            return [len(encode(text)) for text in texts]
        except TypeError:  # What cannot be UTF-8 is no text to it.
            return [len(encode(spelled(text))) for text in texts]

    return count
