"""The frame of every page: one file that loads nothing, runs nothing, and is read by people and machines alike."""

from __future__ import annotations

from ftplan.views.pages.markup import Html, element, joined
from ftplan.views.pages.page_style import STYLESHEET

# A page is opened from a disk, a mail or a CI artifact: whatever got into it could load nothing and run nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(
    title: str, *, header: Html, main: Html, footer: Html, contents: Html | None = None, stylesheet: str = ""
) -> str:
    """A whole document in English, ending in a newline. `header` holds its one `h1`. `contents` are the links of a long
    page, which the keyboard can skip; `stylesheet` is what it looks like beyond what all pages do."""
    head = element(
        "head",
        # First of all, since a browser guesses only until it has read it.
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content="ftplan"),
        element("title", title),
        element("style", Html(STYLESHEET + stylesheet)),
    )
    body = element(
        "body",
        element("a", "Skip to the contents", href="#main", class_="skip") if contents else None,
        element("header", header),
        element("nav", contents, aria_label="On this page") if contents else None,
        element("main", main, id="main" if contents else None, tabindex="-1" if contents else None),
        element("footer", footer),
    )
    return joined(Html("<!doctype html>\n"), element("html", head, body, lang="en"))
