"""Figures of trainings as one HTML page: charts of all models, then each with its diagnosis and every figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftplan.core.diagnosis import diagnosis
from ftplan.views.metrics_lines import Chart, Line, charts
from ftplan.views.metrics_text import Report, column_title
from ftplan.views.pages.line_chart_svg import STYLESHEET, Drawn, line_chart
from ftplan.views.pages.markup import Html, counted, element, foreign, joined, table
from ftplan.views.pages.page import page


def render_metrics_page(reports: Sequence[Report]) -> str:
    """The whole page. It holds figures and names alone."""
    names = [str(report.address) for report in reports]
    rehearsed = any(report.told.rehearsal for report in reports)
    lead = "A rehearsal: a small stand-in was fitted, and its figures say nothing about the real model."
    return page(
        f"{', '.join(names[:3])}: training metrics",
        header=joined(
            element("p", "Training metrics", class_="kicker"),
            element("h1", foreign(names[0]) if len(names) == 1 else counted(len(names), "model")),
            element("p", lead, class_="lead") if rehearsed else None,
        ),
        main=joined([_drawn(chart) for chart in charts(reports)], [_report(report) for report in reports]),
        footer=element("p", "Written by ftplan metrics. Every figure is in the tables, as it was told."),
        stylesheet=".wide { overflow-x: auto; }\n" + STYLESHEET,
    )


def _drawn(chart: Chart) -> Html:
    lines = [Drawn(line.label, line.points, _remark(line), line.trend) for line in chart.lines]
    marks = {mark.step: mark.label for mark in chart.marks}
    said = f"{chart.title} by step: {', '.join([line.name for line in lines] + list(marks.values()))}."
    return element("section", element("h2", chart.title), line_chart(lines, said, marks), class_="card")


def _remark(line: Line) -> str:
    best = "" if line.best is None else f"best {line.points[line.best]!r} at step {line.best:,}"
    return f"means of {line.around}; {best}" if line.trend else best


def _report(report: Report) -> Html:
    metrics = report.told.metrics
    names = [name for name, series in metrics.columns.items() if series]
    rows = [(f"{step:,}", *(_figure(metrics.columns[name].get(step)) for name in names)) for step in metrics.steps]
    heads = ("Step", *(foreign(column_title(name), 60) for name in names))
    every = element("div", table("As the provider told them", heads, rows), class_="wide")
    figures = element("details", element("summary", f"Every figure of {counted(len(rows), 'step')}"), every)
    return element(
        "section",
        element("h2", foreign(report.address)),
        element("p", "Job ", foreign(report.told.job_id), "" if metrics.complete else ", which is still running"),
        element("ul", list(_said(report))),
        figures if rows else None,
        class_="card",
    )


def _said(report: Report) -> Iterator[Html]:
    findings = diagnosis(report.told.metrics)
    for finding in findings:
        yield element("li", element("b", finding.name), ": ", foreign(finding.sentence, 600))
    if not findings:
        yield element("li", "Nothing stands out.")


def _figure(value: float | None) -> str:
    return "" if value is None else repr(value)
