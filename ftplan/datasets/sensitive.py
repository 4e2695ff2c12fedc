"""What looks like a secret, or like data about a person, in lines of a dataset. It is only ever named by its kind.

A block of lines is looked through by fast searches for fixed bytes first; a pattern runs only around what they met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

# The forms that the services themselves publish for secret scanners.
_SECRETS: Sequence[tuple[bytes, str, re.Pattern[bytes]]] = tuple(
    (mark, kind, re.compile(pattern))
    for mark, kind, pattern in (
        (b"sk-", "an API key (sk-...)", rb"(?<![\w-])sk-[A-Za-z0-9_-]{20,}"),
        (b"AKIA", "an AWS access key", rb"(?<!\w)AKIA[0-9A-Z]{16}(?!\w)"),
        (b"ghp_", "a GitHub token", rb"(?<!\w)ghp_[A-Za-z0-9]{36}"),
        (b"gho_", "a GitHub token", rb"(?<!\w)gho_[A-Za-z0-9]{36}"),
        (b"ghs_", "a GitHub token", rb"(?<!\w)ghs_[A-Za-z0-9]{36}"),
        (b"github_pat_", "a GitHub token", rb"(?<!\w)github_pat_[A-Za-z0-9_]{22,}"),
        (b"glpat-", "a GitLab token", rb"(?<!\w)glpat-[A-Za-z0-9_-]{20,}"),
        (b"xox", "a Slack token", rb"(?<!\w)xox[abposr]-[A-Za-z0-9-]{10,}"),
        (b"AIza", "a Google API key", rb"(?<!\w)AIza[0-9A-Za-z_-]{35}"),
        (b"_live_", "a Stripe key", rb"(?<!\w)[sr]k_live_[0-9A-Za-z]{16,}"),
        (b"hf_", "a Hugging Face token", rb"(?<!\w)hf_[A-Za-z0-9]{30,}"),
        (b"PRIVATE KEY-----", "a private key", rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
        (b"eyJ", "a JSON Web Token", rb"(?<![\w-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)
_MAIL = re.compile(
    rb"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24})"
)
# RFC 2606 keeps these for examples: nobody lives there.
_NOBODYS = re.compile(rb"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid|localhost)$", re.IGNORECASE)
_PHONE = re.compile(rb"(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){7,14}(?!\d)")
_CARD = re.compile(rb"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_ACCOUNT = re.compile(rb"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_US_NUMBER = re.compile(rb"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")

# Whatever is secret has a long word in it, and whatever is a number a run of digits: what cannot be either is passed
# over at the speed of a search for one character.
_WORDS = bytes(ord("a") if (code < 128 and chr(code).isalnum()) or code in b"_-" else ord(" ") for code in range(256))
_LONG_WORD = b"a" * 20
_STARTS = frozenset(mark[:2] for mark, _, _ in _SECRETS) | {b"rk"}
_KEY_ENDS = b"KEY-----"
# 0 for a digit, - for what may stand between the digits of one number, x for everything else.
_DIGITS = bytes(48 if code in b"0123456789" else 45 if code in b" ().-" else 120 for code in range(256))
_LONG_NUMBER = re.compile(rb"00[0-]{6,}")
_BEFORE, _BEHIND = 64, 200
FEWEST_DIGITS = 8


def secrets_in(block: bytes) -> Iterator[tuple[int, str]]:
    """Where in `block` a secret seems to stand, and of which kind."""
    words = block.translate(_WORDS)
    at = words.find(_LONG_WORD)
    while at >= 0:
        end = words.find(b" ", at)
        end = end if end >= 0 else len(words)
        # Behind a backslash the first letter belongs to the escape: \\n, \\t.
        start = at + 1 if block[at - 1 : at] == b"\\" else at
        if block[start : start + 2] in _STARTS or block.find(_KEY_ENDS, max(0, at - 16), start) >= 0:
            # A whole image may be one word: its beginning tells what it is.
            text = _spoken(block[max(0, at - _BEFORE) : min(end, at + _BEHIND) + _BEHIND])
            yield from ((at, kind) for mark, kind, pattern in _SECRETS if mark in text and pattern.search(text))
        at = words.find(_LONG_WORD, end)


def personal_in(block: bytes) -> Iterator[tuple[int, str]]:
    """Where in `block` personal data seems to stand, and of which kind."""
    for at in _places(b"@", block):
        found = _MAIL.search(_spoken(block[max(0, at - _BEFORE) : at + _BEHIND]))
        if found and not _NOBODYS.search(found[1]):
            yield at, "an e-mail address"
    for run in _LONG_NUMBER.finditer(block.translate(_DIGITS)):
        if run[0].count(b"0") < FEWEST_DIGITS:
            continue
        # A number of any of these kinds begins at most eight characters before its first two digits in a row.
        kind = _number_kind(_spoken(block[max(0, run.start() - 8) : run.end() + _BEFORE]))
        if kind:
            yield run.start(), kind


def _spoken(text: bytes) -> bytes:
    """`text` without the escapes of line feeds and tabs, whose letters would stand before the next word."""
    return text.replace(b"\\n", b"  ").replace(b"\\t", b"  ")


def _places(mark: bytes, block: bytes) -> Iterator[int]:
    at = block.find(mark)
    while at >= 0:
        yield at
        at = block.find(mark, at + len(mark))


def _number_kind(text: bytes) -> str:
    if _PHONE.search(text):
        return "a phone number"
    if _any(_CARD, text, _is_card):
        return "a card number"
    if _any(_ACCOUNT, text, _is_account):
        return "an account number (IBAN)"
    return "a US social security number" if _US_NUMBER.search(text) else ""


def _any(pattern: re.Pattern[bytes], text: bytes, fits: Callable[[str], bool]) -> bool:
    return any(fits(re.sub(rb"[ -]", b"", found[0]).decode("ascii")) for found in pattern.finditer(text))


def _is_card(digits: str) -> bool:
    """The check digit of ISO/IEC 7812 (Luhn), for numbers of the large issuers: any number fits one time in ten."""
    if len(digits) not in (14, 15, 16) or digits[0] not in "3456" or len(set(digits)) < 2:
        return False
    doubled = [int(digit) * (1 + number % 2) for number, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_account(text: str) -> bool:
    """The check digits of ISO 13616."""
    moved = text[4:] + text[:4]
    return 15 <= len(text) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
