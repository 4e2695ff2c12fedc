"""What looks like a secret or like personal data is found alike, whoever looks for where it may stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ftplan.datasets.scanning import suspects
from ftplan.datasets.scanning.sensitive import sensitive_in

pytest.importorskip("re2")

SHOWN = [
    "sk-" + "proj-abcdefghijklmnopqrst",
    "AK" + "IAIOSFODNN7EXAMPLE",
    "ghp_" + "a1" * 18,
    "github_pat_" + "A1" * 15,
    "glpat-" + "x" * 20,
    "xo" + "xb-123456789012-abcdefghijkl",
    "AIza" + "a" * 35,
    "sk_live_" + "a" * 16,
    "rk_live_" + "a" * 16,
    "hf_" + "a" * 30,
    "-----BEGIN RSA PRIV" + "ATE KEY-----\nMIIEpAIBAAKCAQEA7bq",
    "ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "jane.doe+list@mail.acme.io",
    "a@example.com",
    "+49 171 1234567",
    "+1 (212) 555-0123",
    "+33 1 23 45 67 89",
    "4111 1111 1111 1111",
    "4111111111111111",
    "3782-822463-10005",
    "DE89 3704 0044 0532 0130 00",
    "GB29NWBK60161331926819",
    "078-05-1120",
    "order 1234567890123456",
    "2026-11-22 10:11:12",
    "3.14159265358979",
]
GLUE = [
    " ",
    ", ",
    "\n",
    "\t",
    "(",
    ")",
    "",
    "x",
    "é",
    '"',
    "\\",
    "12",
    "-",
    ".",
    "@",
    "+",
    "_" * 40,
    "11 " * 30,
    "1 " * 30,
    "+1 2 3 4 5 6 7 8",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
]


def lines(texts: list[str], *, ascii: bool) -> bytes:
    rows = [{"messages": [{"role": "user", "content": text}]} for text in texts]
    return b"".join(json.dumps(row, ensure_ascii=ascii).encode() + b"\n" for row in rows)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(SHOWN + GLUE), max_size=12).map("".join), max_size=6),
    st.booleans(),
)
@example([text + "\n" for text in SHOWN], False)
@example(["+1 2 3 4 5 6 7 812078-05-1120"], False)
@example(["+4 12345 67", "x" * 5000 + "@acme.io", "1" * 5000 + "@acme.io", "4111 1111 1111 1111@acme.io"], True)
def test_both_searches_find_the_same(texts, ascii):
    block = lines(texts, ascii=ascii)
    assert sensitive_in(block, suspects.fast_stretches()) == sensitive_in(block, suspects.plain_stretches)


@pytest.mark.parametrize("text", SHOWN)
def test_all_of_a_block_is_looked_at_as_if_the_search_left_nothing_out(text):
    block = lines([f"before {text} behind", text], ascii=True)
    everywhere = ((kind, 0, len(block)) for kind in ("secret", "mail", "number"))
    assert sensitive_in(block, lambda _: everywhere) == sensitive_in(block, suspects.plain_stretches)


@pytest.mark.parametrize("text", ["1" * 400_000, "a@" * 100_000, "+1 2" * 100_000, "a" * 400_000, "-" * 400_000])
def test_a_hostile_text_is_looked_through_in_linear_time(text):
    # Were it not, the test would not end.
    for search in (suspects.fast_stretches(), suspects.plain_stretches):
        sensitive_in(lines([text], ascii=True), search)


def test_among_more_suspects_than_anybody_writes_the_real_one_is_found():
    block = lines(["@ " * 30_000 + "jane@acme.io", "+4" * 30_000 + " +49 171 1234567"], ascii=True)
    for search in (suspects.fast_stretches(), suspects.plain_stretches):
        assert {kind for _, kind in sensitive_in(block, search)[1]} == {"an e-mail address", "a phone number"}
