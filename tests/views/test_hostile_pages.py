"""Whatever a provider, a file or a configuration says: on no page does it become an element, an attribute or a link."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from example_figures import named
from hostile_plan import hostile_plan
from hostile_text import INJECTIONS, is_harmless

from ftplan.core.plan import Plan
from ftplan.views.pages.stats_page import render_stats_page

FORBIDDEN = {"script", "iframe", "object", "embed", "link", "base", "form", "input", "img", "image", "use"}


def render_report(plan: Plan) -> str:
    report = pytest.importorskip("ftplan.views.report.report_page")
    page: str = report.render_report(plan, checksum="0" * 64)
    return page


PAGES: dict[str, Callable[[str], str]] = {
    "dataset": lambda text: render_stats_page(named(text)),
    "plan": lambda text: render_report(hostile_plan(text)),
}


class Elements(HTMLParser):
    """The kinds of element of a page, those of attribute, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: set[str] = set()
        self.comments = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            self.attributes.add((tag, name))
            if name in ("href", "src", "xlink:href", "action"):
                self.links.add(value or "")

    def handle_comment(self, data: str) -> None:
        self.comments += 1

    def wrong_beside(self, plain: Elements) -> bool:
        """Whether there is anything that the page of a harmless text has not."""
        grown = self.names - plain.names or self.attributes - plain.attributes or self.comments != plain.comments
        outside = [link for link in self.links if not link.startswith("#")]
        return bool(grown or outside)


@pytest.mark.parametrize("page", PAGES)
def test_foreign_text_makes_nothing_of_a_page(page: str) -> None:
    plain = Elements(PAGES[page]("plain"))
    assert not plain.names & FORBIDDEN
    assert not [name for _, name in plain.attributes if name.startswith("on")]
    pages = {name: PAGES[page](text) for name, text in INJECTIONS.items()}
    acted = [name for name, made in pages.items() if Elements(made).wrong_beside(plain) or not is_harmless(made)]
    assert acted == []
