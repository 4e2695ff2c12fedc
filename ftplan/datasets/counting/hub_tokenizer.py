"""Open models' own tokenizers, from the tokenizer.json that is published with their weights: tokenizers' door.

`tokenizers` (`ftplan[tokenizers]`; Apache-2.0, kept by Hugging Face, wheels for everything) counts what the services
count that host such models. The file is data of the project like any other: it may come from a stranger's pull
request, so it is bounded, and named by its hash, which keeps counts of one apart from counts of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, BinaryIO

from ftplan.core.facts import FILE_ENCODING, Encoding
from ftplan.datasets.counting.encodings import Counter, spelled
from ftplan.errors import DatasetError, Place, Problem

# The largest published ones, of 262,000 tokens, have 35 MB.
MAX_BYTES = 128 * 1024 * 1024
_INSTALL = "pip install 'ftplan[tokenizers]'"


def read_tokenizer(file: BinaryIO, shown_path: str, place: Place | None = None) -> tuple[Encoding, bytes]:
    """The encoding that a tokenizer's file stands for, and the file. Raises DatasetError where it is none, or where no
    tokenizer can be made of it here."""
    data = file.read(MAX_BYTES + 1)
    where = place or Place(shown_path)
    if len(data) > MAX_BYTES:
        detail = f"{shown_path} has more than {MAX_BYTES:,} bytes."
        raise DatasetError(Problem("A tokenizer is too large", detail, where))
    _tokenizer(data, shown_path, where)
    return f"{FILE_ENCODING}{hashlib.sha256(data).hexdigest()[:16]}", data


def file_counter(data: bytes) -> Counter:
    """A function from texts to their numbers of tokens by the tokenizer in `data`, without the special tokens that a
    service puts around them. Raises DatasetError where `data` holds none."""
    tokenizer = _tokenizer(data, "tokenizer.json", None)

    def count(texts: Sequence[str]) -> list[int]:
        try:
            found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        except TypeError:  # What cannot be UTF-8 is no text to it.
            found = tokenizer.encode_batch_fast([spelled(text) for text in texts], add_special_tokens=False)
        return [len(encoding) for encoding in found]

    return count


def _tokenizer(data: bytes, shown_path: str, place: Place | None) -> Any:
    try:
        # Costs 40 ms, and as much again a megabyte of the file.
        from tokenizers import Tokenizer
    except ImportError:
        detail = f"{shown_path} is a Hugging Face tokenizer, which takes a package that is not installed."
        raise DatasetError(
            Problem("A tokenizer cannot be read", detail, place, "Install it, or leave the tokenizer out:", _INSTALL)
        ) from None
    try:
        tokenizer = Tokenizer.from_buffer(data)
    except Exception as error:  # Its own errors are of no more special class.
        detail = f"{shown_path} holds no tokenizer: {str(error)[:200]}"
        advice = "Name the tokenizer.json that is published with the model."
        raise DatasetError(Problem("A tokenizer cannot be read", detail, place, advice)) from None
    # Special tokens spelled out in a text are ordinary text, and nothing is cut or filled up.
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
