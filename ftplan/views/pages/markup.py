"""HTML that foreign text cannot get out of: what is not `Html` is cleaned and escaped on its way into an element."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from ftplan.views.style import clean

TEXT_CHARACTERS = 1000
# In an SVG nothing is: there every element is closed.
_VOID = frozenset({"meta"})
# Most elements stand on lines of their own, so that two pages can be compared with any diff.
_FRAMES = ("html", "head", "body", "header", "nav", "main", "footer")
_HOLDERS = ("section", "div", "dl", "ul", "figure", "details", "svg", "g")
_PARTS = (
    "title",
    "meta",
    "style",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "li",
    "dt",
    "dd",
    "summary",
    "caption",
    "th",
    "td",
    "rect",
    "line",
    "path",
    "text",
)
_OPENS_LINES = frozenset({*_FRAMES, *_HOLDERS, "table", "thead", "tbody", "tr"})
_ENDS_LINES = _OPENS_LINES.union(_PARTS)


class Html(str):
    """Text that is HTML already. Everything that is put together of it with `+`, `join` or an f-string is a plain
    string again, and is escaped: a mistake shows on the page, and does nothing there."""

    __slots__ = ()


def element(name: str, /, *content: object, **attributes: object) -> Html:
    """One element. A `_` at the end of an attribute's name is left away, any other is a hyphen; an attribute that is
    None or False is left out, and True stands without a value."""
    end = "\n" if name in _ENDS_LINES else ""
    head = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    if name in _VOID:
        return Html(head + end)
    start = "\n" if name in _OPENS_LINES else ""
    return Html(f"{head}{start}{joined(*content)}</{name}>{end}")


def joined(*content: object) -> Html:
    """All of `content`, one after the other; lists and other iterables with all that is in them, None as nothing."""
    return Html("".join(map(_escaped, content)))


def foreign(text: object, limit: int = 200) -> Html:
    """A name that came from outside, kept from turning around what stands beside it."""
    return element("bdi", clean(text, limit))


def table(caption: object, heads: Sequence[object], rows: Iterable[Sequence[object]], numbers: int = 1) -> Html:
    """A table whose first column names the rows; the columns from the `numbers`th on hold figures."""

    def kind(column: int) -> str | None:
        return "number" if column >= numbers else None

    top = [element("th", head, scope="col", class_=kind(column)) for column, head in enumerate(heads)]
    body = [
        element(
            "tr",
            element("th", cells[0], scope="row"),
            [element("td", cell, class_=kind(column)) for column, cell in enumerate(cells[1:], 1)],
        )
        for cells in rows
    ]
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", top)),
        element("tbody", body),
    )


def counted(count: int, what: str) -> str:
    """So many of `what`, which is a word that takes an s, or es where it ends in one."""
    return f"1 {what}" if count == 1 else f"{count:,} {what}{'es' if what.endswith('s') else 's'}"


def _escaped(content: object) -> str:
    if isinstance(content, Html):
        return content
    if content is None:
        return ""
    if isinstance(content, Iterable) and not isinstance(content, str):
        return joined(*content)
    return html.escape(clean(content, TEXT_CHARACTERS))


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(clean(value, TEXT_CHARACTERS))}"'
