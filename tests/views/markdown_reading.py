"""Markdown as a host reads it, taken apart: what is ours, what stands in code, and what got out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
OUR_TAGS = {"details", "summary", "code"}
_CODE_ELEMENT = re.compile(r"<code>[^<>]*</code>")
_CODE = "<code>"


@dataclass(slots=True)
class Reading:
    """One document. `skeleton` is all of it that does not stand in code, element by element, in order."""

    skeleton: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)

    @staticmethod
    def of(text: str) -> Reading:
        found = Reading()
        for token in PARSER.parse(text):
            found._take(token)
        return found

    def words(self) -> str:
        """What is read as words rather than as code."""
        return "\n".join(part.removeprefix("text ") for part in self.skeleton if part.startswith("text "))

    def _take(self, token: Token) -> None:
        for child in token.children or ():
            self._take(child)
        if token.type in ("code_inline", "fence", "code_block", "softbreak", "hardbreak", "inline"):
            # How many lines of code follow one another is for the text to say.
            self._add(_CODE if "code" in token.type or token.type == "fence" else "")
        elif token.type.startswith("html"):
            self.html.append(token.content)
            self._add(f"html {_CODE_ELEMENT.sub(_CODE, token.content).strip()}")
        elif token.type == "text":
            self._add(f"text {token.content}" if token.content.strip() else "")
        else:
            self._add(f"{token.type} {token.attrs or ''}".strip())

    def _add(self, part: str) -> None:
        if part and not (part == _CODE and self.skeleton[-1:] == [_CODE]):
            self.skeleton.append(part)


class Tags(HTMLParser):
    """The elements of a document's own HTML: `open` are those that nothing closes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: set[str] = set()
        self.attributes: list[object] = []
        self.comments: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.names.add(f"!{decl}")

    def handle_pi(self, data: str) -> None:
        self.names.add(f"?{data}")


def cells(line: str, pairs: bool) -> int:
    """How many cells a line of a table has: with `pairs` a backslash takes any sign after it along, as cmark has it,
    otherwise it is looked for right before a pipe, as markdown-it does."""
    plain = re.sub(r"\\[!-/:-@\[-`{-~]", "", line) if pairs else line.replace("\\|", "")
    return plain.count("|") - 1


def check_sound(text: str) -> None:
    """No element stays open, nothing but our own tags without an attribute, one comment, no line that is a command."""
    reading = Reading.of(text)
    tags = Tags("\n".join(reading.html))
    assert tags.names <= OUR_TAGS
    assert tags.attributes == []
    assert tags.open == []
    assert len(tags.comments) <= 1
    assert not [part for part in reading.skeleton if part.startswith(("link", "image", "heading_open "))]
    for line in text.split("\n"):
        # GitLab looks for its commands line by line, and takes no fence of more than three backticks for one.
        assert not line.startswith("/"), line
    check_tables(text)


def check_tables(text: str) -> None:
    """Every line of a table has as many cells as its head, whoever counts."""
    columns = 0
    for line in text.split("\n"):
        if not line.startswith("| "):
            columns = columns if line.startswith("|") else 0
            continue
        counts = {cells(line, True), cells(line, False)}
        columns = columns or cells(line, True)
        assert counts == {columns}, line
