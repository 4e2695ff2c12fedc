"""How many tokens a text has: the tokenizers' door. Nothing here goes to the network unless the last resort must.

splintr carries the ranks of every encoding, loads in about 60 ms and agrees with tiktoken on ordinary text. toktok,
where it is installed (`ftplan[fast]`), counts much text half as fast again, and takes linear time for any text, but
needs 400 ms to load. Where splintr cannot be imported tiktoken itself is asked, whose ranks may have to be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from ftplan.core.facts import Encoding
from ftplan.errors import DatasetError, Problem

Encode = Callable[[str], Sequence[int]]
Counter = Callable[[Sequence[str]], list[int]]

# splintr needs half a second for so many letters without a blank, and more than in proportion for more.
LONG_TEXT = 1_000_000

# Letters, accents, CJK, an emoji sequence, a special token spelled out, digits, line ends, code.
PROBE = (
    "Hello, w\u00f6rld! \u4f60\u597d \U0001f469\u200d\U0001f680 <|endoftext|> 12345\r\n\n"
    "  \tdef f(x): return x+1 // Don't"
)
PROBE_IDS: dict[Encoding, list[int]] = {
    "o200k_base": [
        *(13225, 11, 286, 2877, 582, 0, 220, 177519, 61138, 102, 2524, 112927, 222, 464, 91, 419, 1440, 919),
        *(91, 29, 220, 7633, 2548, 46865, 256, 23154, 285, 4061, 3127, 622, 1215, 10, 16, 602, 19666),
    ],
    "cl100k_base": [
        *(9906, 11, 289, 9603, 509, 0, 220, 57668, 53901, 62904, 102, 378, 235, 9468, 248, 222, 83739, 8862, 728),
        *(428, 91, 29, 220, 4513, 1774, 81923, 256, 7604, 282, 2120, 1680, 471, 865, 10, 16, 443, 4418, 956),
    ],
}
# The same ranks and the same way to split; it differs in special tokens alone, which a text cannot spell.
PROBE_IDS["o200k_harmony"] = PROBE_IDS["o200k_base"]

# Assigned by Unicode 17, whose tables toktok has and tiktoken has not: they split otherwise. Beyond the basic plane,
# where such texts are rare, their neighbours are taken in.
UNICODE_17 = (
    "\u088f\u0c5c\u0cdc\u1acf\u1ad0\u1ad1\u1ad2\u1ad3\u1ad4\u1ad5\u1ad6\u1ad7\u1ad8\u1ad9\u1ada\u1adb\u1adc\u1add"
    "\u1ae0\u1ae1\u1ae2\u1ae3\u1ae4\u1ae5\u1ae6\u1ae7\u1ae8\u1ae9\u1aea\u1aeb\ua7ce\ua7cf\ua7d2\ua7d4\ua7f1"
)
UNICODE_17_BEYOND = re.compile("[\U00010940-\U0001efff\U0002b73a-\U00033479]")


def counts(texts: Sequence[str], encoding: Encoding) -> list[int]:
    """The number of tokens of each text by itself, as tiktoken's `encode_ordinary` gives it.

    Special tokens spelled out in a text are ordinary text; a lone surrogate counts as U+FFFD. Raises DatasetError
    where no tokenizer can be loaded or the one loaded gives other ids than published.
    """
    return batch_counter(encoding)(texts)


def counter(encoding: Encoding) -> Callable[[str], int]:
    """A function from a text to its number of tokens; loads the tokenizer now. Raises as `counts` does."""
    encode = _encoder(encoding)
    return lambda text: _count(text, encode, encoding)


def batch_counter(encoding: Encoding, *, much: bool = False) -> Counter:
    """A function from texts to their numbers of tokens, as `counts` gives them; loads a tokenizer now.

    `much` says that there is so much to count that a tokenizer which loads slowly and counts fast is worth it, where
    one is installed.
    """
    fast = _toktok(encoding) if much else None
    if fast is None:
        encode = _encoder(encoding)
        return lambda texts: [_count(text, encode, encoding) for text in texts]

    def count(texts: Sequence[str]) -> list[int]:
        if any(map(_is_new, texts)):
            # Loaded now or never: few files hold such letters.
            return [_count(text, _encoder(encoding), encoding) for text in texts]
        return _batch(texts, fast)

    return count


def _is_new(text: str) -> bool:
    """Whether toktok may split the text otherwise than tiktoken."""
    if text.isascii():
        return False
    # Searching for single characters is ten times as fast as for a class of them.
    return any(map(text.__contains__, UNICODE_17)) or UNICODE_17_BEYOND.search(text) is not None


def _batch(texts: Sequence[str], fast: Counter) -> list[int]:
    try:
        return fast(texts)
    except UnicodeEncodeError:
        return fast([_spelled(text) for text in texts])


def _count(text: str, encode: Encode, encoding: Encoding) -> int:
    if len(text) >= LONG_TEXT and not _is_new(text):
        linear = _toktok(encoding)
        if linear is not None:
            return _batch([text], linear)[0]
    try:
        return len(_ids(text, encode))
    except BaseException as error:
        # A Rust panic reaches Python as PanicException, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise DatasetError(
            "The tokenizer gave up on a text",
            detail=f"It panicked on a text of {len(text):,} characters, probably one long run of one character.",
            advice="Install splintr-rs, which has no such limit, or shorten the text.",
        ) from None


def _ids(text: str, encode: Encode) -> Sequence[int]:
    try:
        return encode(text)
    except UnicodeEncodeError:
        return encode(_spelled(text))


def _spelled(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which JSON can spell; tiktoken replaces them in this way too."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@cache
def _encoder(encoding: Encoding) -> Encode:
    encode = _splintr(encoding) or _tiktoken(encoding)
    _check(encode, encoding)
    return encode


def _check(encode: Encode, encoding: Encoding) -> None:
    if list(encode(PROBE)) != PROBE_IDS[encoding]:
        raise DatasetError(
            "The tokenizer gives other ids than published",
            detail=f"A probe text in {encoding} came out differently, so no count of it could be trusted.",
            advice="Install releases of splintr-rs and toktok-rs that ftplan's requirements allow.",
        )


@cache
def _toktok(encoding: Encoding) -> Counter | None:
    try:
        # Costs 400 ms with the first encoding, and 65 MB.
        import toktok
    except ImportError:
        return None
    _check(toktok._encoding(encoding).encode_ordinary, encoding)
    # One thread: who wants more of the machine asks for more processes.
    return lambda texts: toktok.batch_count(texts, encoding, 1)


def _splintr(encoding: Encoding) -> Encode | None:
    try:
        # Costs about 60 ms with the first encoding; only a dataset that is not cached pays it.
        from splintr import Tokenizer
    except ImportError:
        return None
    # Only encode_ordinary leaves special tokens alone; the batch functions match them.
    encode: Encode = Tokenizer.from_pretrained(encoding).encode_ordinary
    return encode


def _tiktoken(encoding: Encoding) -> Encode:
    try:
        # Costs 25 ms, and several hundred more to read ranks, which it downloads where its cache has none.
        import tiktoken

        return tiktoken.get_encoding(encoding).encode_ordinary
    except Exception as error:
        raise DatasetError(_unloadable(encoding, error)) from error


def _unloadable(encoding: Encoding, error: Exception) -> Problem:
    return Problem(
        "No tokenizer could be loaded",
        f"splintr is not installed, and tiktoken could not load {encoding} ({type(error).__name__}): it fetches "
        "its ranks from the network unless its cache has them.",
        advice="Install splintr-rs, which carries them, or point TIKTOKEN_CACHE_DIR at a folder that has them.",
        command="pip install splintr-rs",
    )
