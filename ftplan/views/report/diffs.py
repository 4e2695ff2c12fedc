"""What changed in the rows of datasets: figures before and after, what got worse, the rows by line, what some say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftplan.core.dataset_diff import DatasetDiff, RowChange
from ftplan.views.diff_text import alarms, changed_tools, figures
from ftplan.views.diff_words import changed_rows
from ftplan.views.pages.markup import Html, counted, element, foreign, joined, table
from ftplan.views.report.links import Anchors, distinct
from ftplan.views.report.notes import scrolling, section
from ftplan.views.report.texts import render_texts

IN_SIGHT = 10
LISTED = 500
"""So many changed rows of one dataset are listed; all of them are counted."""
QUOTED = 100
"""So many rows of the whole page are quoted, where there are texts to quote."""
_TOOLS = 40
# The blanks do not break.
_SIGNS = {"added": "+\u00a0added", "removed": "-\u00a0removed", "edited": "~\u00a0edited"}
_TOOL_WORDS = {"+": "is offered or called now", "-": "is gone", "~": "is defined otherwise now"}
_NONE = "–"


def diff_anchors(diffs: Mapping[str, DatasetDiff]) -> Anchors:
    """An id for the diff of each dataset, by its name."""
    return {name: f"rows-{anchor}" for name, anchor in distinct(sorted(diffs)).items()}


def render_diffs(diffs: Mapping[str, DatasetDiff], known: Anchors) -> Iterator[Html]:
    """All diffs in one card."""
    if not diffs:
        return
    room = QUOTED
    blocks = []
    for name in sorted(diffs):
        quoted = [change for change in diffs[name].rows if change.texts][:room]
        room -= len(quoted)
        blocks.append(_block(name, diffs[name], quoted, known[name]))
    yield section("rows", "Changed rows", joined(blocks))


def _block(name: str, diff: DatasetDiff, quoted: list[RowChange], anchor: str) -> Html:
    warned = [element("li", foreign(alarm, 400)) for alarm in alarms(diff)]
    unknown = "What it held before is not remembered, so no row can be compared."
    return element(
        "div",
        element("h3", foreign(name, 120), ": ", changed_rows(diff)),
        element("p", "From ", foreign(diff.old, 120), " to ", foreign(diff.new, 120), ".", class_="note"),
        element("p", unknown, class_="note") if diff.before is None else None,
        element("ul", warned, class_="alarms") if warned else None,
        _figures(name, diff),
        _tools(diff),
        _listed(name, diff),
        _quoted(diff, quoted),
        id=anchor,
        class_="step",
    )


def _figures(name: str, diff: DatasetDiff) -> Html:
    # Of roles, those that changed.
    told = [one for one in figures(diff) if not (one[0].startswith("messages of ") and one[1] == one[2])]
    if diff.before is not None:
        told[1:1] = [("unchanged rows", None, diff.unchanged), ("of them in another order", None, diff.moved)]
    rows = [(foreign(what, 80), _number(was), _number(now), _change(was, now)) for what, was, now in told]
    return scrolling(f"Figures of {name}", table("Before and after", ("Figure", "Before", "After", "Change"), rows))


def _tools(diff: DatasetDiff) -> Html | None:
    changed = changed_tools(diff.before, diff.after) if diff.before else ()
    if not changed:
        return None
    items = [
        element("li", f"{sign} tool ", element("code", foreign(tool, 64)), f" {_TOOL_WORDS[sign]}")
        for sign, tool in changed[:_TOOLS]
    ]
    items += [element("li", f"and {len(changed) - _TOOLS:,} more")] if len(changed) > _TOOLS else []
    return element("ul", items, class_="reasons")


def _listed(name: str, diff: DatasetDiff) -> Html | None:
    """The changed rows by their lines."""
    if not diff.rows:
        return None
    shown = diff.rows[:LISTED]
    cells = [
        (_SIGNS[change.kind], _number(change.old_line), _number(change.new_line), _tokens(change)) for change in shown
    ]
    beyond = max(diff.changed, len(diff.rows)) - len(shown)
    caption = f"The first {len(shown):,} changed rows, by line" if beyond else "Changed rows, by line"
    grid = scrolling(
        f"Changed rows of {name}",
        table(caption, ("Row", "Line before", "Line after", "Tokens"), cells),
    )
    more = element("p", f"And {beyond:,} more, counted above and not listed.", class_="note") if beyond else None
    if len(shown) <= IN_SIGHT:
        return joined(grid, more)
    return element("details", element("summary", f"{counted(len(shown), 'row')} by line"), grid, more)


def _quoted(diff: DatasetDiff, quoted: list[RowChange]) -> Html | None:
    if not quoted:
        return None
    held = sum(1 for change in diff.rows if change.texts)
    more = held - len(quoted)
    return element(
        "details",
        element("summary", f"What {counted(len(quoted), 'changed row')} say{'s' if len(quoted) == 1 else ''}"),
        [render_texts(change) for change in quoted],
        element("p", f"And {more:,} more rows, not quoted here.", class_="note") if more else None,
        open=len(quoted) <= IN_SIGHT,
    )


def _tokens(change: RowChange) -> str:
    old, new = change.old_tokens, change.new_tokens
    if old is not None and new is not None:
        return f"{old:,} → {new:,}" if old != new else f"{new:,}"
    return _number(new if old is None else old)


def _number(value: int | None) -> str:
    return _NONE if value is None else f"{value:,}"


def _change(was: int | None, now: int | None) -> str:
    return "" if was is None or now is None else f"{now - was:+,}" if was != now else "same"
