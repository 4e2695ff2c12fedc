"""What a browser would make of a page: its elements, which have to be closed in order, its links, and its text."""

from __future__ import annotations

from html.parser import HTMLParser


class Reader(HTMLParser):
    """`attributes` are all values by name, `links` the targets of links, `ids` the places they may lead to, `said` the
    text of each element by its name, with what stands in the elements in it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.attributes: dict[str, set[str]] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.said: dict[str, list[str]] = {}
        self._pieces: list[str] = []
        self._open: list[str] = []
        self._begun: list[int] = []
        self.feed(page)
        self.close()
        assert self._open == []
        self.text = "".join(self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
            self.links += [value or ""] if name == "href" else []
            self.ids += [value or ""] if name == "id" else []
        if tag != "meta":
            self._open.append(tag)
            self._begun.append(len(self._pieces))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self.said.setdefault(tag, []).append(" ".join("".join(self._pieces[self._begun.pop() :]).split()))

    def handle_data(self, data: str) -> None:
        self._pieces.append(data)
