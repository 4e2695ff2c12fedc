"""A page as a real browser shows it: headless Chromium at a width, in light or dark, with what it said and fetched.

Chromium is the system's own (Debian: `apt-get install chromium`). Where there is none, the tests that need it are
skipped, and `.ci/run` installs it first.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing but the page is to be fetched, not even by the browser for itself.
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = (1280, 900), (360, 740)
Look = Literal["light", "dark"]

# Every piece of text that is shown, with its contrast to what is painted behind it (WCAG 2.2, 1.4.3). Backgrounds are
# those of the elements around it, so text must not stand on top of anything else that is painted.
_CONTRASTS = """() => {
  const channels = (colour) => {
    const found = colour.match(/^rgba?\\(([\\d.]+), ([\\d.]+), ([\\d.]+)(?:, ([\\d.]+))?\\)$/);
    if (!found) throw new Error(`a colour that is not understood: ${colour}`);
    return [+found[1], +found[2], +found[3], found[4] === undefined ? 1 : +found[4]];
  };
  const over = (top, ground) => top.slice(0, 3).map((value, at) => value * top[3] + ground[at] * (1 - top[3]));
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const own = channels(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const painted = (element, of) => {
    const behind = ground(element.closest("svg")?.parentElement ?? element);
    return contrast(over(channels(getComputedStyle(element)[of]), behind), behind);
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || element instanceof SVGTitleElement || !element.checkVisibility()) continue;
    texts.push([text, painted(element, element instanceof SVGElement ? "fill" : "color")]);
  }
  const shapes = [...document.querySelectorAll("svg rect")].map((rect) => [rect.getAttribute("class") ?? "rect",
    painted(rect, "fill")]);
  const strokes = [...document.querySelectorAll("svg line, svg path")]
    .filter((one) => one.checkVisibility() && getComputedStyle(one).stroke !== "none")
    .map((one) => [one.getAttribute("class") ?? one.tagName, painted(one, "stroke")]);
  return {texts, shapes, strokes};
}"""
# What reaches out of the window sideways, though no bar to scroll by need be there for it. What stands in a box that
# scrolls by itself does not.
_OVERHANGING = """() => {
  const scrolls = (element) => element && (["auto", "scroll"].includes(getComputedStyle(element).overflowX)
    || scrolls(element.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 0.5)
    .filter((element) => !scrolls(element.parentElement))
    .map((element) => element.outerHTML.slice(0, 80));
}"""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the accessibility tree, as a screen reader is given it."""

    role: str
    name: str
    level: int | None = None


@dataclass(slots=True)
class Visit:
    """An open page: `said` is what stands on the browser's console, `fetched` every address it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def nodes(self) -> list[Node]:
        """The accessibility tree in reading order, without what is ignored in it."""
        session = self.page.context.new_cdp_session(self.page)
        found = session.send("Accessibility.getFullAXTree")["nodes"]
        session.detach()
        by_id = {node["nodeId"]: node for node in found}
        return [_node(node) for node in _in_order(found[0], by_id) if not node["ignored"]]

    def text_contrasts(self) -> list[tuple[str, float]]:
        """Each text that can be seen, with its contrast."""
        return [(text, ratio) for text, ratio in self.page.evaluate(_CONTRASTS)["texts"]]

    def shape_contrasts(self) -> list[tuple[str, float]]:
        """Each shape of a picture by its class, with its contrast to what lies behind the picture."""
        return [(name, ratio) for name, ratio in self.page.evaluate(_CONTRASTS)["shapes"]]

    def stroke_contrasts(self) -> list[tuple[str, float]]:
        """Each line of a picture by its class, with its contrast to what lies behind the picture."""
        return [(name, ratio) for name, ratio in self.page.evaluate(_CONTRASTS)["strokes"]]

    def overhanging(self) -> list[str]:
        """What does not fit into the width of the window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found: list[str] = self.page.evaluate(_OVERHANGING)
        return [*found, *([f"the page, by {wide} pixels"] if wide > 0 else [])]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The browser, for as long as it lasts; skips the test where none is installed."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(CHROMIUM)} is on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser, file: Path, size: tuple[int, int] = DESKTOP, look: Look = "light", *, mobile: bool = False
) -> Iterator[Visit]:
    """The page in `file`, open in a window of its own; `mobile` lays it out as a phone does."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=look, is_mobile=mobile, has_touch=mobile
    )
    try:
        found = Visit(context.new_page())
        found.page.on("console", lambda message: found.said.append(message.text))
        found.page.on("pageerror", lambda error: found.said.append(str(error)))
        found.page.on("request", lambda request: found.fetched.append(request.url))
        found.page.goto(file.resolve().as_uri())
        yield found
    finally:
        context.close()


def _in_order(node: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("childIds", ()):
        if child in by_id:
            yield from _in_order(by_id[child], by_id)


def _node(node: dict[str, Any]) -> Node:
    levels = [one["value"]["value"] for one in node.get("properties", ()) if one["name"] == "level"]
    return Node(node["role"]["value"], node.get("name", {}).get("value", ""), levels[0] if levels else None)
