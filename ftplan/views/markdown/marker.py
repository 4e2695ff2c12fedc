"""The hidden first line of a plan's Markdown: which plan it is, for the program that posts it and reads it back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_LINE = re.compile(r"<!-- ftplan:plan project=(\S*) workspace=(\S*) checksum=([0-9a-f]*)(?: head=([0-9a-f]*))? -->")


@dataclass(frozen=True, slots=True)
class Marker:
    """What a comment is about. `checksum` is empty where the plan is refused: nothing of it may be applied. `head` is
    the commit that was planned, where the run knows it."""

    project: str
    workspace: str = "default"
    checksum: str = ""
    head: str = ""

    @property
    def thread(self) -> tuple[str, str]:
        """What a comment is found again by: each project and workspace has one of its own."""
        return (self.project, self.workspace)


def marker_line(marker: Marker) -> str:
    """An HTML comment that no name can get out of."""
    # An apostrophe or a dot may stay; a hyphen may not, since two of them and an angle bracket end the comment.
    project, workspace = (quote(name, safe="").replace("-", "%2D") for name in marker.thread)
    head = f" head={marker.head}" if marker.head else ""
    return f"<!-- ftplan:plan project={project} workspace={workspace} checksum={marker.checksum}{head} -->"


def marker_in(text: str) -> Marker | None:
    """The marker that `text` begins with; None where it begins with anything else. Nothing further down is one: there
    somebody else's words may stand."""
    found = _LINE.fullmatch(text.split("\n", 1)[0].rstrip("\r"))
    return found and Marker(unquote(found[1]), unquote(found[2]), found[3], found[4] or "")
