"""Foreign text never moves a cursor, hides a word or commands a CI runner."""

from __future__ import annotations

import unicodedata

import pytest
from hostile_text import HOSTILE, check_is_harmless
from hypothesis import given
from hypothesis import strategies as st

from ftplan.views.style import Style, clean, clean_lines

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(st.characters(exclude_categories=()), max_size=400), st.integers(1, 300))
def test_whatever_is_cleaned_holds_nothing_hidden_and_keeps_its_limit(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert not [c for c in shown if unicodedata.category(c) in HIDDEN]
    assert len(shown) <= limit
    shown.encode("utf-8")


@given(st.text(st.sampled_from("#:[vso aA\n\\u{}3"), max_size=30))
def test_no_mixture_of_marks_becomes_a_command(text: str) -> None:
    for line in clean_lines(text):
        check_is_harmless(line)


@given(st.text(st.characters(categories=("L", "N", "P")), max_size=100))
def test_what_is_harmless_is_shown_as_it_is(text: str) -> None:
    if not any(mark in text for mark in ("::", "##", "section_")):
        assert clean(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    check_is_harmless(clean(text))


def test_what_cannot_be_seen_is_named() -> None:
    assert clean("a\x1b[2Jb\u202ec") == "a\\u{1b}[2Jb\\u{202e}c"


def test_a_model_id_with_two_colons_stays_as_it_is() -> None:
    assert clean("ft:gpt-4.1-mini-2025-04-14:acme::Abc123") == "ft:gpt-4.1-mini-2025-04-14:acme::Abc123"


def test_no_escape_is_cut_in_its_middle() -> None:
    assert clean("abc\x1bdef", 6) == "abc…"
    assert clean("abcdefghij", 6) == "abcde…"


def test_many_lines_are_cut_with_a_notice() -> None:
    assert clean_lines("a\nb\nc", lines=2) == ["a", "b", "... (1 more lines)"]


def test_without_colour_nothing_is_added() -> None:
    assert Style(False).paint("x", "bold", "red") == "x"
    assert Style(True).symbol("-/+").count("\x1b[") == 6
