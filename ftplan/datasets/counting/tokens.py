"""How many tokens a text has: the tokenizers' door. Nothing here goes to the network unless the last resort must.

splintr carries the ranks of every encoding, loads in about 60 ms and agrees with tiktoken on ordinary text. What loads
slower and counts faster is in `bulk`, for who installed it. Where splintr cannot be imported tiktoken itself is
asked, whose ranks may have to be fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ftplan.core.facts import Encoding
from ftplan.datasets.counting.bulk import bulk_counter, linear_counter, new_letters
from ftplan.datasets.counting.encodings import Counter, Encode, check, spelled
from ftplan.errors import DatasetError, Problem

# splintr needs half a second for so many letters without a blank, and more than in proportion for more.
LONG_TEXT = 1_000_000


def counts(texts: Sequence[str], encoding: Encoding) -> list[int]:
    """The number of tokens of each text by itself, as tiktoken's `encode_ordinary` gives it.

    Special tokens spelled out in a text are ordinary text; a lone surrogate counts as U+FFFD. Raises DatasetError
    where no tokenizer can be loaded or the one loaded gives other ids than published.
    """
    return batch_counter(encoding)(texts)


def batch_counter(encoding: Encoding, *, much: bool = False, tokenizer: bytes | None = None) -> Counter:
    """A function from texts to their numbers of tokens, as `counts` gives them; loads a tokenizer now.

    `much` says that there is so much to count that a tokenizer which loads slowly and counts fast is worth it, where
    one is installed. `tokenizer` is the file of an encoding that has its own.
    """
    if tokenizer is not None:
        from ftplan.datasets.counting.hub_tokenizer import file_counter

        return file_counter(tokenizer)
    fast = bulk_counter(encoding) if much else None
    if fast is None:
        encode = _encoder(encoding)
        return lambda texts: [_count(text, encode, encoding) for text in texts]

    def count(texts: Sequence[str]) -> list[int]:
        odd = [len(text) >= LONG_TEXT or new_letters(text) for text in texts]
        if not any(odd):
            return fast(texts)
        counts = iter(fast([text for text, is_odd in zip(texts, odd, strict=True) if not is_odd]))
        # Loaded now or never: few files hold such texts.
        encode = _encoder(encoding)
        pairs = zip(texts, odd, strict=True)
        return [_count(text, encode, encoding) if is_odd else next(counts) for text, is_odd in pairs]

    return count


def _count(text: str, encode: Encode, encoding: Encoding) -> int:
    if len(text) >= LONG_TEXT and not new_letters(text):
        linear = linear_counter(encoding)
        if linear is not None:
            return linear([text])[0]
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
        return encode(spelled(text))


@cache
def _encoder(encoding: Encoding) -> Encode:
    encode = _splintr(encoding) or _tiktoken(encoding)
    check(encode, encoding)
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
