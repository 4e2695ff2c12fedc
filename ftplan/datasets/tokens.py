"""How many tokens a text has: the tokenizer's door. Nothing here goes to the network unless the fallback must.

splintr carries the ranks of both encodings, loads in about 60 ms and agrees with tiktoken on ordinary text. Where
it cannot be imported tiktoken itself is asked, whose ranks may have to be fetched first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from ftplan.core.facts import Encoding
from ftplan.errors import DatasetError, Problem

Encode = Callable[[str], Sequence[int]]

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


def counts(texts: Sequence[str], encoding: Encoding) -> list[int]:
    """The number of tokens of each text by itself, as tiktoken's `encode_ordinary` gives it.

    Special tokens spelled out in a text are ordinary text; a lone surrogate counts as U+FFFD. Raises DatasetError
    where no tokenizer can be loaded or the one loaded gives other ids than published.
    """
    encode = _encoder(encoding)
    return [_count(text, encode) for text in texts]


def counter(encoding: Encoding) -> Callable[[str], int]:
    """A function from a text to its number of tokens; loads the tokenizer now. Raises as `counts` does."""
    encode = _encoder(encoding)
    return lambda text: _count(text, encode)


def _count(text: str, encode: Encode) -> int:
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
        # A lone surrogate, which JSON can spell; tiktoken replaces it in this way too.
        return encode(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


@cache
def _encoder(encoding: Encoding) -> Encode:
    encode = _splintr(encoding) or _tiktoken(encoding)
    if list(encode(PROBE)) != PROBE_IDS[encoding]:
        raise DatasetError(
            "The tokenizer gives other ids than published",
            detail=f"A probe text in {encoding} came out differently, so no count of it could be trusted.",
            advice="Install a release of splintr-rs that ftplan's requirements allow.",
        )
    return encode


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
