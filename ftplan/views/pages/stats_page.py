"""What a dataset looks like, as one HTML page: the figures of `dataset_text`, to be kept, sent and shown around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from ftplan.views.dataset_text import DatasetFigures
from ftplan.views.pages.histogram_svg import Bar, bars, histogram_svg
from ftplan.views.pages.markup import Html, counted, element, foreign, joined, table
from ftplan.views.pages.page import page
from ftplan.views.progress_text import size

LISTED_TOOLS = 40
LISTED_TURNS = 20
NOTHING = "–"
MARKED = {50: "median", 95: "95 % up to"}


def render_stats_page(figures: DatasetFigures) -> str:
    """The whole page. It holds figures and names alone: nothing that a row says."""
    name = PurePath(figures.path).name or figures.path
    lead = _lead(figures, name)
    return page(
        f"{name}: dataset stats",
        header=joined(
            element("p", "Dataset stats", class_="kicker"),
            element("h1", foreign(name, 400)),
            element("p", lead, class_="lead") if lead else None,
        ),
        main=joined(_facts(figures), _cards(figures) if figures.rows else None),
        footer=element("p", "Written by ftplan dataset stats. It holds figures and names, and nothing that rows say."),
    )


def _lead(figures: DatasetFigures, name: str) -> Html | None:
    if not figures.rows:
        return joined("The file has no rows.")
    return foreign(figures.path, 400) if figures.path != name else None


def _facts(figures: DatasetFigures) -> Html:
    """The figures that most people come for, at one glance."""
    told = [
        ("Rows", f"{figures.rows:,}", joined(foreign(figures.format), " format")),
        ("Tokens", f"{figures.tokens:,}", foreign(figures.encoding)),
        ("Tokens a row", f"{figures.tokens / max(1, figures.rows):,.0f}", "on average"),
        ("Size", size(figures.bytes), counted(figures.bytes, "byte")),
        ("Rows with tools", f"{figures.rows_with_tools:,}", _of_all(figures.rows_with_tools, figures.rows)),
        ("Rows with images", f"{figures.rows_with_images:,}", _of_all(figures.rows_with_images, figures.rows)),
    ]
    boxes = [
        element("div", element("dt", what), element("dd", said, " ", element("small", more)))
        for what, said, more in told
    ]
    return element("dl", boxes, class_="facts")


def _cards(figures: DatasetFigures) -> Iterator[Html]:
    yield _card("Tokens a row", _lengths(figures))
    yield element(
        "div",
        _card("Tokens by role", _roles(figures)),
        _card("Messages a row", _turns(figures)),
        _card("Longest rows", _longest(figures)),
        _card("Tools called", _tools(figures)),
        class_="cards",
    )


def _card(heading: str, content: Html) -> Html:
    return element("section", element("h2", heading), content, class_="card")


def _lengths(figures: DatasetFigures) -> Html:
    found = bars(figures.lengths)
    marks = {words: figures.percentiles[percent] for percent, words in MARKED.items() if percent in figures.percentiles}
    picture = element("figure", histogram_svg(found, marks, _in_words(figures, found)))
    ranks = table(
        "Rows with at most so many tokens",
        ("Rows", "Tokens"),
        [(_rank(percent), f"{length:,}") for percent, length in figures.percentiles.items()],
    )
    spans = table(
        "Rows by how many tokens they have",
        ("Tokens", "Rows", "Share"),
        [(str(bar), f"{bar.count:,}", _share(bar.count, figures.rows)) for bar in found],
    )
    behind = element("details", element("summary", "The picture as a table"), spans)
    return element("div", element("div", picture, behind), ranks, class_="beside")


def _in_words(figures: DatasetFigures, found: Sequence[Bar]) -> str:
    """The picture for whoever does not see it."""
    most = max(found, key=lambda bar: bar.count)
    half = f" Half of them have at most {figures.percentiles[50]:,}." if 50 in figures.percentiles else ""
    return (
        f"Histogram of tokens a row. {counted(figures.rows, 'row')} from {min(figures.lengths):,} to "
        f"{max(figures.lengths):,} tokens, most often {most} ({counted(most.count, 'row')}).{half}"
    )


def _rank(percent: int) -> str:
    return {0: "Shortest", 50: "50 % (median)", 100: "Longest"}.get(percent, f"{percent} %")


def _roles(figures: DatasetFigures) -> Html:
    ranked = sorted(figures.by_role.items(), key=lambda item: (-item[1][1], item[0]))
    rows = [
        (foreign(role, 40), f"{messages:,}" if messages else NOTHING, f"{tokens:,}", _metered(tokens, figures.tokens))
        for role, (messages, tokens) in ranked
    ]
    return table("Messages, and tokens of all rows", ("Role", "Messages", "Tokens", "Share"), rows)


def _longest(figures: DatasetFigures) -> Html:
    median = max(1, figures.percentiles.get(50, 1))
    rows = [(f"line {line}", f"{tokens:,}", f"{tokens / median:,.1f}") for tokens, line in figures.longest]
    return table("The rows with the most tokens", ("Row", "Tokens", "Times the median"), rows)


def _turns(figures: DatasetFigures) -> Html:
    """The commonest numbers of messages, in their own order; what is left of them in one row."""
    common = sorted(figures.turns, key=lambda turns: (-figures.turns[turns], turns))[:LISTED_TURNS]
    rows = [(counted(turns, "message"), figures.turns[turns]) for turns in sorted(common)]
    left = sum(figures.turns.values()) - sum(count for _, count in rows)
    rows += [("any other number", left)] if left else []
    return table(
        "How many rows have so many messages",
        ("Messages", "Rows", "Share"),
        [(name, f"{count:,}", _metered(count, figures.rows)) for name, count in rows],
    )


def _tools(figures: DatasetFigures) -> Html:
    if not figures.tools:
        return element("p", "No row calls a tool.", class_="note")
    calls = sum(figures.tools.values())
    ranked = sorted(figures.tools.items(), key=lambda item: (-item[1], item[0]))
    rows = [(foreign(tool, 64), count) for tool, count in ranked[:LISTED_TOOLS]]
    left = calls - sum(count for _, count in rows)
    rows += [(joined(f"{len(ranked) - LISTED_TOOLS:,} more"), left)] if left else []
    caption = f"{counted(calls, 'call')} of {counted(len(ranked), 'tool')}"
    return table(
        caption,
        ("Tool", "Calls", "Share"),
        [(name, f"{count:,}", _metered(count, calls)) for name, count in rows],
    )


def _metered(part: int, whole: int) -> Html:
    return joined(_meter(part, whole), element("span", _share(part, whole), class_="share"))


def _meter(part: int, whole: int) -> Html:
    """A bar beside a figure, which says the same: whoever does not see it misses nothing."""
    bar = element("rect", width=f"{100 * part / max(1, whole):.2f}%", height="100%")
    return element("svg", bar, class_="meter", aria_hidden="true")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f} %"


def _of_all(part: int, whole: int) -> str:
    return "none" if not part else "all of them" if part == whole else f"{_share(part, whole)} of all"
