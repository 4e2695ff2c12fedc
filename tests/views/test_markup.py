"""HTML is made of elements, and text gets into them escaped."""

from __future__ import annotations

from ftplan.views.pages.markup import Html, element, foreign, joined, table


def test_text_is_escaped_and_html_is_not() -> None:
    assert element("b", "<i>", Html("<i></i>")) == "<b>&lt;i&gt;<i></i></b>"


def test_what_is_put_together_by_hand_is_text_again() -> None:
    part = Html("<i></i>")
    for mixed in (f"{part}", part + part, "".join([part]), part.upper()):
        assert "<" not in joined(mixed)


def test_attributes_are_quoted() -> None:
    assert element("b", id='"><i>', hidden=True, title=None, lang=False) == '<b id="&quot;&gt;&lt;i&gt;" hidden></b>'
    assert element("b", class_="x", aria_label="y") == '<b class="x" aria-label="y"></b>'


def test_what_cannot_be_seen_is_written_out() -> None:
    assert joined("a\u202eb\x1b") == "a\\u{202e}b\\u{1b}"


def test_a_foreign_name_does_not_turn_its_neighbours_around() -> None:
    assert joined(foreign("مرحبا"), " 1") == "<bdi>مرحبا</bdi> 1"


def test_lists_are_all_that_is_in_them_and_none_is_nothing() -> None:
    assert joined(["a", ["<", None]], (part for part in "bc")) == "a&lt;bc"


def test_a_table_has_a_caption_and_every_head_a_scope() -> None:
    made = table("C", ("Name", "Figure"), [("a", 1)])
    assert "<caption>C</caption>" in made
    assert made.count("<th ") == made.count("scope=") == 3
    assert made.count('class="number"') == 2
