"""The page of a dataset: its figures, and no way out for a name that came from outside."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from example_figures import EMPTY, FIGURES, MANY_TOOLS, named
from hostile_text import HOSTILE, check_is_harmless
from hypothesis import given
from hypothesis import strategies as st
from page_reading import Reader

from ftplan.views.pages.histogram_svg import FEWEST_BARS, MOST_BARS, bars, histogram_svg
from ftplan.views.pages.page import POLICY
from ftplan.views.pages.stats_page import LISTED_TOOLS, LISTED_TURNS, render_stats_page

MARKUP = (
    '"><script>alert(1)</script>',
    "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "--><!--",
    "&lt;b&gt; &amp; &#60;",
    "</bdi></td></table><a href=javascript:alert(1)>",
)
KNOWN = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "h1", "h2", "p", "bdi",
    "dl", "div", "dt", "dd", "small", "figure", "svg", "g", "rect", "line", "text", "details", "summary", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "span",
}  # fmt: skip


def test_the_page_of_a_dataset(golden) -> None:
    golden("stats_page.html", render_stats_page(FIGURES))


def test_the_page_is_the_same_each_time() -> None:
    turned = replace(FIGURES, tools=dict(reversed(FIGURES.tools.items())), turns=dict(reversed(FIGURES.turns.items())))
    assert render_stats_page(turned) == render_stats_page(FIGURES)


def test_the_page_of_an_empty_dataset_says_so() -> None:
    said = Reader(render_stats_page(EMPTY)).text
    assert "The file has no rows." in said
    assert "Tokens by role" not in said


@pytest.mark.parametrize("name", [*MARKUP, *HOSTILE])
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    page = render_stats_page(named(name))
    read = Reader(page)
    plain = Reader(render_stats_page(named("plain")))
    assert read.names == plain.names, "a name has made an element"
    assert set(read.attributes) == set(plain.attributes), "a name has made an attribute"
    check_is_harmless(page)


@given(st.text(max_size=60))
def test_no_name_at_all_changes_what_the_page_is_made_of(name: str) -> None:
    # With a / in it, it is a name in a folder, and the page has a line more.
    read = Reader(render_stats_page(named(f"x{name}".replace("/", "_"))))
    assert set(read.names) <= KNOWN
    assert read.names == Reader(render_stats_page(named("plain"))).names


def test_the_page_may_load_nothing_and_run_nothing() -> None:
    page = render_stats_page(FIGURES)
    read = Reader(page)
    assert POLICY == "default-src 'none'; style-src 'unsafe-inline'"
    assert POLICY in read.attributes["content"]
    assert set(read.names) == KNOWN
    assert not {name for name in read.attributes if name.startswith("on") or name in ("src", "href", "style")}
    assert "url(" not in page
    assert "@import" not in page


def test_many_tools_and_numbers_of_messages_end_in_a_sum() -> None:
    tools, turns = MANY_TOOLS, {n: 100 - n for n in range(1, 60)}
    text = Reader(render_stats_page(replace(FIGURES, tools=tools, turns=turns))).text
    assert f"{len(tools) - LISTED_TOOLS} more" in text
    assert f"{LISTED_TURNS} messages" in text
    assert f"{LISTED_TURNS + 1} messages" not in text
    assert "any other number" in text


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
def test_every_number_is_in_one_bar(numbers: list[int]) -> None:
    found = bars(numbers)
    assert sum(bar.count for bar in found) == len(numbers)
    assert all(earlier.last + 1 == later.first for earlier, later in pairwise(found))
    assert FEWEST_BARS <= len(found) <= MOST_BARS + 2
    assert len({bar.last - bar.first for bar in found if not bar.far}) == 1
    assert [bar for bar in found[:-1] if bar.far] == []


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=50))
def test_nothing_is_drawn_outside_of_the_picture(numbers: list[int]) -> None:
    read = Reader(histogram_svg(bars(numbers), {"median": sorted(numbers)[len(numbers) // 2]}, "a picture"))
    across = {float(value.rstrip("%")) for name in ("x", "x1", "x2", "width") for value in read.attributes[name]}
    assert -8 <= min(across) <= max(across) <= 100
    assert all(float(value) >= 0 for name in ("y", "y1", "y2", "height") for value in read.attributes[name])


def test_few_far_longer_rows_share_a_bar_of_their_own() -> None:
    found = bars([*range(100, 200)] * 3 + [5_000])
    assert (found[-1].far, found[-1].count, found[-1].last) == (True, 1, 5_000)
    assert found[-2].last < 250
