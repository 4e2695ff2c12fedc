"""The report of a plan as Chromium shows it: on a desk, on a phone, on paper, in light and dark, by keyboard, to a
screen reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Look, Visit, visit
from example_diffs import refused
from example_reports import many, project, wide_range
from hostile_plan import hostile_plan
from playwright.sync_api import Browser

from ftplan.core.plan import Plan
from ftplan.views.report.report_page import render_report

TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11, level AA
# What is there to tell things apart, and says nothing that is not said beside it.
QUIET = {"grid", "track", "rule"}
HOSTILE = '"><script>document.title = "taken"</script><img src=x onerror=alert(1)>\u202e'
SEEN: dict[str, tuple[Callable[[], Plan], tuple[int, int], Look]] = {
    "desktop, light": (project, DESKTOP, "light"),
    "desktop, dark": (project, DESKTOP, "dark"),
    "phone, light": (project, PHONE, "light"),
    "phone, dark": (project, PHONE, "dark"),
    "refused, dark": (refused, DESKTOP, "dark"),
    "long names and large figures": (wide_range, PHONE, "light"),
    "hostile": (lambda: hostile_plan(HOSTILE), PHONE, "light"),
}


def written(plan: Plan, folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(render_report(plan, checksum="0123456789abcdef" * 4), encoding="utf-8")
    return path


@pytest.fixture(params=SEEN, scope="module")
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Visit]:
    make, size, look = SEEN[request.param]
    with visit(browser, written(make(), tmp_path_factory.mktemp("report")), size, look) as found:
        found.page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        yield found


@pytest.fixture
def usual(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with visit(browser, written(project(), tmp_path)) as found:
        yield found


def test_nothing_is_fetched_and_nothing_goes_wrong(seen: Visit) -> None:
    assert seen.fetched == [seen.page.url]
    assert seen.said == []
    assert seen.page.title() != "taken"


def test_nothing_hangs_out_of_the_window(seen: Visit) -> None:
    assert seen.overhanging() == []


def test_everything_can_be_read(seen: Visit) -> None:
    texts = seen.text_contrasts()
    assert len(texts) > 20
    assert [(text, ratio) for text, ratio in texts if ratio < TEXT_CONTRAST] == []
    strokes = [(name, ratio) for name, ratio in seen.stroke_contrasts() if name not in QUIET]
    assert len(strokes) > 3
    assert [(name, ratio) for name, ratio in strokes if ratio < SHAPE_CONTRAST] == []


def test_a_screen_reader_finds_its_way(seen: Visit) -> None:
    nodes = seen.nodes()
    roles = [node.role for node in nodes]
    landmarks = ("banner", "navigation", "main", "contentinfo")
    assert [roles.count(role) for role in landmarks] == [1, 1, 1, 1]
    levels = [node.level or 0 for node in nodes if node.role == "heading"]
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    named = {"heading", "table", "image", "link", "region", "columnheader", "rowheader"}
    assert [node for node in nodes if node.role in named and not node.name.strip()] == []


def test_every_picture_is_told_in_words(usual: Visit) -> None:
    nodes = usual.nodes()
    assert [node.name for node in nodes if node.role == "image"] == [
        "Bars of the estimated cost of 3 models, $6.15 to $7.75 in all. The dearest is model.support-bot: $4.28. "
        "1 model without a known price.",
        "Timeline of 4 base models. The first to end is gpt-3.5-turbo-0125: ended 52 days ago, on 2026-10-01.",
    ]
    graph = "Graph of 3 datasets and 7 models, 8 of them changed, from what is needed to what needs it."
    assert graph in [node.name for node in nodes if node.role == "group"]
    links = [node.name for node in nodes if node.role == "link"]
    assert "model.polite-bot: train again, $0.80 to $2.40" in links
    assert "dataset.holdout: stays as it is" in links
    assert [node.name for node in nodes if node.role == "region"] == [
        "Picture of what depends on what",
        "Figures of tickets",
        "Changed rows of tickets",
    ]


def test_the_keyboard_skips_to_the_contents_and_goes_on_in_order(usual: Visit) -> None:
    def next_stop() -> str:
        usual.page.keyboard.press("Tab")
        return str(usual.page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent.trim()"))

    assert next_stop() == "Skip to the contents"
    skip = usual.page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert skip >= 0, "it is seen once it has the focus"
    assert [next_stop() for _ in range(3)] == ["What depends on what", "Cost", "Life"]
    usual.page.locator(".skip").focus()
    usual.page.keyboard.press("Enter")
    assert [next_stop() for _ in range(3)] == [
        "model.support-bot",
        "Picture of what depends on what",
        "dataset.holdout: stays as it is",
    ]


def test_a_box_of_the_graph_leads_to_its_section_by_keyboard(usual: Visit) -> None:
    usual.page.locator("a.box[aria-label^='model.triage']").focus()
    assert (
        usual.page.evaluate("getComputedStyle(document.activeElement.querySelector('.outline')).strokeWidth") == "4px"
    )
    usual.page.keyboard.press("Enter")
    section = usual.page.locator(":target")
    assert "model.triage" in section.inner_text()
    assert section.evaluate("(one) => one.getBoundingClientRect().top") < DESKTOP[1]


def test_the_table_behind_a_picture_opens_by_keyboard(usual: Visit) -> None:
    table = usual.page.get_by_role("table", name="What happens to each, and what it needs")
    assert not table.is_visible()
    usual.page.locator("#graph summary").focus()
    usual.page.keyboard.press("Enter")
    assert table.is_visible()


def test_a_phone_shows_the_page_at_its_own_width(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, written(wide_range(), tmp_path), PHONE, mobile=True) as found:
        assert found.page.evaluate("innerWidth") == PHONE[0]
        rows = found.page.evaluate(
            """() => [...document.querySelectorAll(".rows g > g")].map((row) =>
              [row.querySelector(".name:not(.wide)").getBoundingClientRect().right,
               row.querySelector(".figure").getBoundingClientRect().left])"""
        )
        assert len(rows) == 3
        assert [(right, left) for right, left in rows if right >= left] == [], "a name runs into its figure"


def test_paper_shows_what_is_folded_away(usual: Visit) -> None:
    table = usual.page.get_by_role("table", name="What happens to each, and what it needs")
    usual.page.emulate_media(media="print")
    assert table.evaluate("(one) => one.getBoundingClientRect().height") > 100
    assert not usual.page.get_by_role("navigation").is_visible()


def test_many_models_are_drawn_in_a_box_that_scrolls(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, written(many(), tmp_path)) as found:
        box = found.page.get_by_role("region", name="Picture of what depends on what")
        tall, seen_of_it = box.evaluate("(one) => [one.scrollHeight, one.clientHeight]")
        assert tall > seen_of_it > 300
        assert seen_of_it <= DESKTOP[1]
