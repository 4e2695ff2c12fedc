"""Pages as Chromium shows them: on a desk and on a phone, in light and dark, to eyes and to a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Look, Visit, visit
from example_figures import EMPTY, FIGURES, MANY_TOOLS, ONE_ROW, named
from playwright.sync_api import Browser

from ftplan.views.pages.stats_page import render_stats_page

TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11, level AA
HOSTILE = '"><script>document.title = "taken"</script><img src=x onerror=alert(1)>'
PAGES = {
    "usual": FIGURES,
    "empty": EMPTY,
    "one row": ONE_ROW,
    "hostile": named(HOSTILE + "\u202e"),
    "long names and large figures": replace(
        named("x" * 64), tools=MANY_TOOLS, rows=10**9, tokens=10**12, by_role={"assistant": (10**9, 10**12)}
    ),
}
VIEWS: dict[str, tuple[tuple[int, int], Look]] = {
    "desktop, light": (DESKTOP, "light"),
    "desktop, dark": (DESKTOP, "dark"),
    "phone, light": (PHONE, "light"),
    "phone, dark": (PHONE, "dark"),
}


@pytest.fixture(params=PAGES, scope="module")
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render_stats_page(PAGES[request.param]), encoding="utf-8")
    return path


@pytest.fixture(params=VIEWS, scope="module")
def seen(request: pytest.FixtureRequest, file: Path, browser: Browser) -> Iterator[Visit]:
    size, look = VIEWS[request.param]
    with visit(browser, file, size, look) as found:
        for summary in found.page.query_selector_all("summary"):
            summary.click()
        yield found


@pytest.fixture
def usual(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    path = tmp_path / "page.html"
    path.write_text(render_stats_page(FIGURES), encoding="utf-8")
    with visit(browser, path) as found:
        yield found


def test_nothing_is_fetched_and_nothing_goes_wrong(seen: Visit, file: Path) -> None:
    assert seen.fetched == [file.as_uri()]
    assert seen.said == []
    assert seen.page.title() != "taken"


def test_nothing_hangs_out_of_the_window(seen: Visit) -> None:
    assert seen.overhanging() == []


def test_everything_can_be_read(seen: Visit) -> None:
    texts = seen.text_contrasts()
    assert len(texts) > 20
    assert [(text, ratio) for text, ratio in texts if ratio < TEXT_CONTRAST] == []
    assert [(shape, ratio) for shape, ratio in seen.shape_contrasts() if ratio < SHAPE_CONTRAST] == []


def test_dark_is_dark_and_light_is_light(seen: Visit) -> None:
    dark = seen.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    channels = seen.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(channels) < 3 * 128) is dark


def test_a_screen_reader_finds_its_way(seen: Visit) -> None:
    nodes = seen.nodes()
    roles = [node.role for node in nodes]
    assert (roles.count("banner"), roles.count("main"), roles.count("contentinfo")) == (1, 1, 1)
    levels = [node.level for node in nodes if node.role == "heading"]
    assert levels == [1, *[2] * (len(levels) - 1)]
    assert seen.page.evaluate("document.documentElement.lang") == "en"
    assert all(node.name for node in nodes if node.role in {"heading", "table", "image", "columnheader", "rowheader"})
    assert all(node.name.strip() for node in nodes if node.role == "cell")


def test_every_heading_table_and_picture_has_the_name_it_should(usual: Visit) -> None:
    usual.page.click("summary")
    named_by_role = {role: [n.name for n in usual.nodes() if n.role == role] for role in ("heading", "table", "image")}
    assert named_by_role["heading"] == [
        "train.jsonl", "Tokens a row", "Tokens by role", "Messages a row", "Longest rows", "Tools called",
    ]  # fmt: skip
    assert named_by_role["table"] == [
        "Rows by how many tokens they have",
        "Rows with at most so many tokens",
        "Messages, and tokens of all rows",
        "How many rows have so many messages",
        "The rows with the most tokens",
        "15 calls of 2 tools",
    ]
    (picture,) = named_by_role["image"]
    assert picture.startswith("Histogram of tokens a row. 222 rows from 100 to 2,400 tokens, most often ")


def test_the_table_behind_the_picture_opens_by_keyboard(usual: Visit) -> None:
    table = usual.page.get_by_role("table", name="Rows by how many tokens they have")
    assert not table.is_visible()
    usual.page.keyboard.press("Tab")
    ring = usual.page.evaluate(
        "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    )
    assert ring == ["SUMMARY", "solid"]
    usual.page.keyboard.press("Enter")
    assert table.is_visible()


def test_a_phone_shows_the_page_at_its_own_width(browser: Browser, tmp_path: Path) -> None:
    """Without the meta element for it a phone would lay the page out 980 pixels wide, and shrink it."""
    path = tmp_path / "page.html"
    path.write_text(render_stats_page(FIGURES), encoding="utf-8")
    with visit(browser, path, PHONE, mobile=True) as found:
        assert found.page.evaluate("innerWidth") == PHONE[0]
