"""A plan's datasets, models and aliases as a picture that is read from left to right, and as the table behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ftplan.views.pages.markup import Html, counted, element, joined, table
from ftplan.views.pages.svg_text import fitted
from ftplan.views.report.graph_layout import Layout, layered
from ftplan.views.report.links import Anchors, link
from ftplan.views.report.plan_graph import USES, Box, PlanGraph
from ftplan.views.report.words import listed
from ftplan.views.style import clean

WIDE, TALL, ACROSS, DOWN = 232, 54, 72, 16
HEAD, EDGE = 30, 2
_MARGIN = 38
_CORNER, _EAR = 8, 12
_NAME_COLUMNS, _SAID_COLUMNS = 22, 28
_HEADINGS = ("Datasets", "Models", "Trained on top")
_NAMES = "Aliases"


def graph_svg(graph: PlanGraph, known: Anchors) -> Html:
    """The picture. Each box leads to its section, and is read out with what happens to it."""
    places = layered(
        [box.address for box in graph.boxes],
        graph.lines,
        [box.address for box in graph.boxes if box.address.startswith("dataset.")],
    )
    width = places.columns * (WIDE + ACROSS) - ACROSS + 2 * EDGE
    height = round(places.height * (TALL + DOWN)) + HEAD
    return element(
        "svg",
        element("g", list(_headings(places, graph)), aria_hidden="true"),
        element("g", [_line(a, b, use, places) for (a, b), use in graph.lines.items()], aria_hidden="true"),
        [_box(box, places, known) for box in graph.boxes],
        class_="graph",
        width=width,
        height=height,
        role="group",
        aria_label=in_words(graph),
    )


def in_words(graph: PlanGraph) -> str:
    """The picture for whoever does not see it."""
    kinds = Counter(box.address.partition(".")[0] for box in graph.boxes)
    changed = sum(bool(box.symbol) for box in graph.boxes)
    named = [counted(kinds[kind], kind) for kind in ("dataset", "model", "alias") if kinds[kind] or kind != "alias"]
    return f"Graph of {listed(named)}, {changed:,} of them changed, from what is needed to what needs it."


def graph_table(graph: PlanGraph, known: Anchors) -> Html:
    """The same, to be read line by line."""
    needs: dict[str, list[Html]] = {}
    for (start, end), use in graph.lines.items():
        needs.setdefault(end, []).append(joined(USES[use], " ", link(start, known)))
    rows = [
        (link(box.address, known), joined(box.symbol, " " if box.symbol else None, box.said), _broken(needs, box))
        for box in graph.boxes
    ]
    return table("What happens to each, and what it needs", ("Address", "What happens", "What it needs"), rows, 3)


def _broken(needs: Mapping[str, list[Html]], box: Box) -> Html:
    parts = needs.get(box.address, [])
    return joined([joined("; " if number else None, part) for number, part in enumerate(parts)]) or joined("nothing")


def _headings(places: Layout, graph: PlanGraph) -> Iterator[Html]:
    first = 0 if any(box.address.startswith("dataset.") for box in graph.boxes) else 1
    for column in range(places.columns):
        kinds = {address.partition(".")[0] for address, (at, _) in places.spots.items() if at == column}
        said = _HEADINGS[min(column + first, len(_HEADINGS) - 1)]
        said = _NAMES if kinds == {"alias"} else f"{said}; {_NAMES.lower()}" if "alias" in kinds else said
        yield element("text", said, x=_left(column), y=12, class_="heading")


def _left(column: int) -> int:
    return EDGE + column * (WIDE + ACROSS)


def _middle(height: float) -> float:
    return round(HEAD + height * (TALL + DOWN) - DOWN / 2, 1)


def _line(start: str, end: str, use: str, places: Layout) -> Html | None:
    """From the right of one box, past others, to the left of another, where it ends in a head."""
    way = places.bends.get((start, end))
    if way is None:
        return None
    column, height = places.spots[start]
    x, y = float(_left(column) + WIDE), _middle(height)
    path = [f"M{x:g} {y:g}"]
    stops = [(_left(c), _middle(h), _left(c) + WIDE) for c, h in way]
    column, height = places.spots[end]
    for to_x, to_y, on_x in [*stops, (_left(column) - 7, _middle(height), 0)]:
        half = (x + to_x) / 2
        path.append(f"C{half:g} {y:g} {half:g} {to_y:g} {to_x:g} {to_y:g}")
        x, y = float(to_x), to_y
        if on_x:
            path.append(f"H{on_x:g}")
            x = float(on_x)
    head = f"M{x + 7:g} {y:g}l-8 -4v8z"
    return joined(element("path", d=" ".join(path), class_=f"way {use}"), element("path", d=head, class_="head"))


def _box(box: Box, places: Layout, known: Anchors) -> Html:
    column, height = places.spots[box.address]
    x, y = _left(column), round(_middle(height) - TALL / 2, 1)
    kind, _, name = box.address.partition(".")
    outline = _sheet(x, y) if kind == "dataset" else _plate(x, y)
    drawn = joined(
        element("title", f"{box.address}: {box.said}"),
        element("path", d=outline, class_="outline"),
        element("path", d=f"M{x + _MARGIN} {y:g}v{TALL}", class_="rule"),
        element("text", box.symbol or "=", x=x + _MARGIN / 2, y=y + TALL / 2, dy=5, class_="symbol"),
        element("text", fitted(clean(name), _NAME_COLUMNS), x=x + _MARGIN + 10, y=y + 22, class_="name"),
        element("text", fitted(clean(box.said), _SAID_COLUMNS), x=x + _MARGIN + 10, y=y + 41, class_="said"),
    )
    anchor = known.get(box.address)
    label = f"{box.address}: {box.said}"
    if anchor is None:
        return element("g", drawn, class_=f"box {box.tone}", role="img", aria_label=label)
    return element("a", drawn, href=f"#{anchor}", class_=f"box {box.tone}", aria_label=label)


def _plate(x: float, y: float) -> str:
    """A model: round at all corners."""
    r = _CORNER
    across, down = WIDE - 2 * r, TALL - 2 * r
    return (
        f"M{x + r} {y:g}h{across}a{r} {r} 0 0 1 {r} {r}v{down}a{r} {r} 0 0 1 -{r} {r}"
        f"h-{across}a{r} {r} 0 0 1 -{r} -{r}v-{down}a{r} {r} 0 0 1 {r} -{r}z"
    )


def _sheet(x: float, y: float) -> str:
    """A dataset: a sheet with one corner turned down."""
    e = _EAR
    return f"M{x} {y:g}h{WIDE - e}l{e} {e}v{TALL - e}h-{WIDE}zM{x + WIDE - e} {y:g}v{e}h{e}"
