"""A plan as one HTML page, for the artifacts of a build: what happens, for how much, for how long, on which rows."""

from __future__ import annotations

from collections.abc import Iterator

from ftplan.core.plan import BaseLife, Bill, Plan
from ftplan.views.pages.markup import Html, element, joined
from ftplan.views.pages.page import page
from ftplan.views.report.cost_chart import cost_chart, cost_table, remarks
from ftplan.views.report.diffs import diff_anchors, render_diffs
from ftplan.views.report.graph_svg import graph_svg, graph_table
from ftplan.views.report.head import (
    render_command,
    render_errors,
    render_glance,
    render_head,
    render_warnings,
    title_words,
)
from ftplan.views.report.life_chart import life_chart, life_table
from ftplan.views.report.links import Anchors, anchors
from ftplan.views.report.notes import render_kept, render_notes, render_variables, scrolling, section
from ftplan.views.report.plan_graph import USES, PlanGraph, Use, plan_graph
from ftplan.views.report.steps import render_steps, symbol_legend
from ftplan.views.report.style import REPORT_STYLESHEET
from ftplan.views.style import clean

_PARTS = {
    "graph": "What depends on what",
    "cost": "Cost",
    "life": "Life",
    "rows": "Changed rows",
    "steps": "Steps",
    "kept": "Left as it is",
    "notes": "Notes",
    "drift": "Changed outside",
    "variables": "Variables",
}
_LINES: dict[Use, str] = {
    "dataset": "thin to train on",
    "validation": "dashed to validate with",
    "base_model": "thick to train on top of",
    "model": "dotted to a name for it",
}


def render_report(plan: Plan, *, checksum: str = "") -> str:
    """The whole page, ending in a newline. What rows say is in it only where the plan holds it."""
    known, rows = anchors(plan), diff_anchors(plan.dataset_diffs)
    parts = {
        "graph": _graph(plan_graph(plan), known),
        "cost": _cost(plan.bill, known),
        "life": _life(plan.lives, plan.created_at),
        "rows": joined(render_diffs(plan.dataset_diffs, rows)),
        "steps": joined(render_steps(plan, known, rows)),
        "kept": joined(render_kept(plan, known)),
        **_told(render_notes(plan, known)),
        "variables": joined(render_variables(plan)),
    }
    main = joined(
        render_errors(plan, known),
        render_glance(plan),
        render_warnings(plan, known),
        render_command(plan, checksum),
    )
    shown = {name: part for name, part in parts.items() if part}
    return page(
        f"{clean(plan.project, 80)}: {title_words(plan)}",
        header=render_head(plan),
        contents=_contents(shown),
        main=joined(main, shown.values()),
        footer=element("p", "Written by ftplan. The page loads nothing and runs nothing: it can be kept and sent on."),
        stylesheet=REPORT_STYLESHEET,
    )


def _told(parts: Iterator[Html]) -> dict[str, Html]:
    """Notes and drift, by the names that they stand under."""
    return {"notes" if 'id="notes"' in part else "drift": part for part in parts}


def _contents(shown: dict[str, Html]) -> Html:
    return element("ul", [element("li", element("a", _PARTS[name], href=f"#{name}")) for name in shown])


def _graph(graph: PlanGraph, known: Anchors) -> Html:
    if not graph.boxes:
        return joined()
    drawn = len(graph.boxes)
    out = f"Drawn are {drawn:,} of {drawn + graph.left_out:,}, changed ones first; all are in the lists below."
    return section(
        "graph",
        _PARTS["graph"],
        joined(
            element("figure", scrolling("Picture of what depends on what", graph_svg(graph, known))),
            symbol_legend({box.symbol for box in graph.boxes}),
            element("p", _lines(graph), class_="note") if graph.lines else None,
            element("p", out, class_="note") if graph.left_out else None,
            _behind(scrolling("What depends on what", graph_table(graph, known))),
        ),
    )


def _lines(graph: PlanGraph) -> str:
    used = [_LINES[use] for use in USES if use in graph.lines.values()]
    kinds = f": {', '.join(used)}" if len(used) > 1 else ""
    return f"A line leads from what is needed to what needs it{kinds}."


def _cost(bill: Bill | None, known: Anchors) -> Html:
    if bill is None:
        return joined()
    chart = cost_chart(bill)
    said = element("ul", [element("li", remark) for remark in remarks(bill)], class_="remarks")
    return section(
        "cost",
        "What it costs",
        joined(
            element("figure", chart) if chart else None,
            said,
            _behind(scrolling("How the cost was reckoned", cost_table(bill, known)), "How it was reckoned, as a table"),
        ),
    )


def _life(lives: tuple[BaseLife, ...], today: str) -> Html:
    if not lives:
        return joined()
    chart = life_chart(lives, today)
    legend = "A full line takes new jobs, a striped one only answers; the mark is the day on which it ends."
    return section(
        "life",
        "How long it will live",
        joined(
            element("figure", chart) if chart else element("p", "No end of a base model is known.", class_="note"),
            element("p", legend, class_="note") if chart else None,
            _behind(scrolling("The life of base models", life_table(lives))),
        ),
    )


def _behind(content: Html, said: str = "The picture as a table") -> Html:
    return element("details", element("summary", said), content)
