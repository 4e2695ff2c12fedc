"""Where in a block of lines something may stand that is worth a closer look, found at the speed of the machine.

Whatever is secret has a long word in it, and whatever is a person's number a run of digits: nearly all of a file is
neither, and is passed over without being taken apart. RE2 (`ftplan[fast]`; google-re2 is kept by Google, and takes
linear time for any text) looks for all of it in one go. Where it is not installed, bytes are mapped to what they can
be part of, and runs of those are searched for, which takes five times as long.

Either finds more than there is, and nothing depends on how much more: `sensitive` judges every stretch by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal

Kind = Literal["secret", "mail", "number"]
Stretch = tuple[Kind, int, int]

# Each to the end of what it can be, so that nothing else begins within one and goes on behind it.
_ANY_OF = (
    r"sk-[A-Za-z0-9_-]{20,}",
    r"AKIA[0-9A-Z]{16,}",
    r"gh[pos]_[A-Za-z0-9]{36,}",
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"xox[abposr]-[A-Za-z0-9-]{15,}",
    r"AIza[0-9A-Za-z_-]{35,}",
    r"k_live_[0-9A-Za-z]{16,}",
    r"hf_[A-Za-z0-9]{30,}",
    r"PRIVATE KEY-----",
    r"eyJ[A-Za-z0-9_-]{17,}\.eyJ",
    r"@",
    r"\+[1-9](?:[ ().-]{0,2}[0-9]){7,}",
    r"[0-9](?:[ -]?[0-9]){12,}",
    r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,}",
    r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
)

_WORDS = bytes(ord("a") if (code < 128 and chr(code).isalnum()) or code in b"_-" else ord(" ") for code in range(256))
_LONG_WORD = b"a" * 20
_KEY = b"PRIVATE KEY-----"
_MARKS = (
    b"sk-",
    b"AKIA",
    b"ghp_",
    b"gho_",
    b"ghs_",
    b"github_pat_",
    b"glpat-",
    b"xox",
    b"AIza",
    b"k_live_",
    b"hf_",
    b"eyJ",
)
# 0 for a digit, - for what may stand between the digits of one number, x for everything else.
_DIGITS = bytes(48 if code in b"0123456789" else 45 if code in b" ().-" else 120 for code in range(256))
_LONG_NUMBER = re.compile(rb"00[0-]{5,}")
_FEWEST_DIGITS = 7
# A number of any kind begins at most so far before its first digit: with a plus, or with the letters of a country.
_BEFORE_DIGITS = 8


def stretches(block: bytes) -> Iterator[Stretch]:
    """Where secrets and personal data may stand, and of which kind, as (kind, start, end): everywhere they do, and
    elsewhere."""
    search = _search()
    return search(block) if search is not None else plain_stretches(block)


def fast_stretches() -> Callable[[bytes], Iterator[Stretch]] | None:
    """As `stretches`, by RE2; None where it is not installed."""
    try:
        # Costs 5 ms, once a row is read that nobody looked at before.
        import re2
    except ImportError:
        return None
    pattern: Any = re2.compile("|".join(_ANY_OF).encode())
    return lambda block: (told for found in pattern.finditer(block) for told in _told(block, *found.span()))


def plain_stretches(block: bytes) -> Iterator[Stretch]:
    """As `stretches`, by nothing but Python's own searches."""
    words = block.translate(_WORDS)
    at = words.find(_LONG_WORD)
    while at >= 0:
        end = words.find(b" ", at)
        end = end if end >= 0 else len(words)
        word = block[at:end]
        if any(mark in word for mark in _MARKS):
            yield "secret", at, end
        at = words.find(_LONG_WORD, end)
    yield from (("secret", at, at + len(_KEY)) for at in _places(_KEY, block))
    yield from (("mail", at, at + 1) for at in _places(b"@", block))
    yield from (("number", start, end) for start, end in number_runs(block))


def number_runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Where enough digits stand close together to be somebody's number, two of them side by side, and what may stand
    before them in it."""
    digits, behind_last = text.translate(_DIGITS), 0
    for run in _LONG_NUMBER.finditer(digits):
        if run[0].count(b"0") >= _FEWEST_DIGITS:
            # Single digits before the first two belong to the number: begun within, it would be read as another one.
            begin = max(behind_last, digits.rfind(b"x", behind_last, run.start()) + 1)
            yield max(0, begin - _BEFORE_DIGITS), run.end()
        behind_last = run.end()


@cache
def _search() -> Callable[[bytes], Iterator[Stretch]] | None:
    return fast_stretches()


def _told(block: bytes, start: int, end: int) -> Iterator[Stretch]:
    if block[start] == ord("@"):
        yield "mail", start, end
        return
    yield "number", start, end
    # A number begins with + or a digit, or with two letters of a country and a digit. A secret may run into one.
    if not (block[start] in b"+0123456789" or block[start + 2] in b"0123456789"):
        yield "secret", start, end


def _places(mark: bytes, block: bytes) -> Iterator[int]:
    at = block.find(mark)
    while at >= 0:
        yield at
        at = block.find(mark, at + len(mark))
