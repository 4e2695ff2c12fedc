"""What looks like a secret, or like data about a person, in lines of a dataset. It is only ever named by its kind.

A pattern runs only where `suspects` met something that may be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from ftplan.datasets.scanning.suspects import Kind, Stretch, number_runs, stretches

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
        (b"xox", "a Slack token", rb"(?<!\w)xox[abposr]-[A-Za-z0-9-]{15,}"),
        (b"AIza", "a Google API key", rb"(?<!\w)AIza[0-9A-Za-z_-]{35}"),
        (b"_live_", "a Stripe key", rb"(?<!\w)[sr]k_live_[0-9A-Za-z]{16,}"),
        (b"hf_", "a Hugging Face token", rb"(?<!\w)hf_[A-Za-z0-9]{30,}"),
        (b"PRIVATE KEY-----", "a private key", rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
        (b"eyJ", "a JSON Web Token", rb"(?<![\w-])eyJ[A-Za-z0-9_-]{17,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
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

MOST_STRETCHES = 20_000
# By kind of stretch: what of the text before it and behind it still decides what it is.
_AROUND: Mapping[Kind, tuple[int, int]] = {"secret": (40, 200), "mail": (80, 80), "number": (2, 64)}


def sensitive_in(
    block: bytes, search: Callable[[bytes], Iterable[Stretch]] = stretches
) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    """Where in lines of a file secrets, and where personal data seem to stand, and of which kinds. `search` finds where
    a closer look is worth it."""
    secrets: set[tuple[int, str]] = set()
    personal: set[tuple[int, str]] = set()
    found = list(islice(search(block), MOST_STRETCHES + 1))
    if len(found) > MOST_STRETCHES:
        # Nobody's text: to look at all of it is less work, and takes less memory, than to look everywhere in it.
        found = [(kind, 0, len(block)) for kind in _AROUND]
    for kind, start, end in _joined(found):
        before, behind = _AROUND[kind]
        first = max(0, start - before)
        # Of the first character nobody knows here what stands before it; a number is found from its first digit on.
        begin = start - first if kind == "number" else min(first, 1)
        text = block[first : end + behind]
        seen = [(at, name) for at, name in _SEERS[kind](_spoken(text), begin) if first + at < end]
        if kind == "number" and seen:
            # Held against the runs, whoever searched: what is found must not depend on what is installed.
            runs = list(number_runs(text))
            seen = [(at, name) for at, name in seen if any(start <= at < end for start, end in runs)]
        (secrets if kind == "secret" else personal).update((first + at, name) for at, name in seen)
    return secrets, personal


def _joined(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """Stretches of one kind that lie close together as one, so that no text is looked at over and over again."""
    open_one: Stretch | None = None
    for kind, start, end in sorted(found):
        if open_one is not None and open_one[0] == kind and start - _AROUND[kind][0] <= open_one[2] + _AROUND[kind][1]:
            open_one = (kind, open_one[1], max(open_one[2], end))
            continue
        if open_one is not None:
            yield open_one
        open_one = (kind, start, end)
    if open_one is not None:
        yield open_one


def _secrets(text: bytes, begin: int) -> Iterator[tuple[int, str]]:
    for mark, kind, pattern in _SECRETS:
        if mark in text:
            yield from ((found.start(), kind) for found in pattern.finditer(text, begin))


def _mails(text: bytes, begin: int) -> Iterator[tuple[int, str]]:
    for found in _MAIL.finditer(text, begin):
        if not _NOBODYS.search(found[1]):
            yield found.start(), "an e-mail address"


def _numbers(text: bytes, begin: int) -> Iterator[tuple[int, str]]:
    if b"+" in text:
        yield from ((found.start(), "a phone number") for found in _PHONE.finditer(text, begin))
    yield from ((at, "a card number") for at in _fitting(_CARD.finditer(text, begin), _is_card))
    yield from ((at, "an account number (IBAN)") for at in _fitting(_ACCOUNT.finditer(text, begin), _is_account))
    if b"-" in text:
        yield from ((found.start(), "a US social security number") for found in _US_NUMBER.finditer(text, begin))


_SEERS: Mapping[Kind, Callable[[bytes, int], Iterator[tuple[int, str]]]] = {
    "secret": _secrets,
    "mail": _mails,
    "number": _numbers,
}


def _spoken(text: bytes) -> bytes:
    """`text` without the escapes of line feeds and tabs, whose letters would stand before the next word."""
    return text.replace(b"\\n", b"  ").replace(b"\\t", b"  ")


def _fitting(matches: Iterable[re.Match[bytes]], fits: Callable[[str], bool]) -> Iterator[int]:
    for found in matches:
        if fits(re.sub(rb"[ -]", b"", found[0]).decode("ascii")):
            yield found.start()


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
