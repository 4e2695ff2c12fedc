"""What was spent, as a person, a program and a spreadsheet read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ftplan.core.money.spend_report import Line, SpendReport, Sum
from ftplan.core.money.spending import Spend
from ftplan.views.json_text import plain
from ftplan.views.plan_money import dollar_range, dollars, percent_off
from ftplan.views.sheet import cell
from ftplan.views.style import Style, clean

FIGURES = ("tokens", "estimated", "billed", "error")


def render_spending(report: SpendReport, style: Style, month: str | None = None) -> str:
    """The table of what was billed, then what is reserved for and still open. Ends in a newline."""
    when = f" in {month}" if month else ""
    if not (report.lines or report.open):
        return f"Nothing was spent{when}.\n" if when else "Nothing was spent yet.\n"
    blocks = [_table(report, style)] if report.lines else [f"Nothing was billed{when}.\n"]
    if report.rehearsed.jobs or report.rehearsed.answers:
        blocks.append(_rehearsed(report.rehearsed))
    if report.open:
        blocks.append(_open(report.open, style))
    return "\n".join(blocks)


def spending_document(report: SpendReport) -> dict[str, Any]:
    """The same for programs: amounts in USD, null for what is not known."""
    return {
        "currency": "USD",
        "lines": [{**_plain_line(line), **_plain_sum(line.sum)} for line in report.lines],
        "months": [{"month": month, **_plain_sum(total)} for month, total in report.months],
        "total": _plain_sum(report.total),
        "rehearsed": _plain_sum(report.rehearsed),
        "open": [_plain_open(call) for call in report.open],
    }


def spending_csv(report: SpendReport) -> str:
    """The lines of the table as CSV with a head. A text that a spreadsheet would work out is kept from it by a quote
    in front; what is not known is left empty."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    head = ("month", "address", "provider", "base_model", "job_id", "phase")
    writer.writerow([*head, "rehearsal", "jobs", "unknown", *FIGURES, "answers"])
    for line in report.lines:
        texts = (line.month, line.address, line.provider, line.base_model, line.job_id)
        ended = line.phase.value if line.phase else ""
        one = line.sum
        figures = (one.tokens, one.estimated, one.billed, one.error)
        flags = [str(line.rehearsal).lower(), one.jobs, one.unknown]
        writer.writerow([*map(cell, texts), ended, *flags, *map(_figure, figures), one.answers])
    return sheet.getvalue()


def _figure(figure: int | Decimal | None) -> str:
    return "" if figure is None else f"{figure:f}" if isinstance(figure, Decimal) else str(figure)


def _plain_line(line: Line) -> dict[str, Any]:
    one_job = {"job_id": line.job_id, "phase": plain(line.phase)} if line.job_id else {}
    names = {name: getattr(line, name) for name in ("provider", "base_model", "rehearsal")}
    return {"month": line.month, "address": line.address, **names, **one_job}


def _plain_sum(one: Sum) -> dict[str, Any]:
    return {name: plain(getattr(one, name)) for name in ("jobs", "answers", "unknown", *FIGURES, "exact")}


def _plain_open(call: Spend) -> dict[str, Any]:
    return {
        "address": call.address,
        **{name: getattr(call, name) for name in ("provider", "base_model", "rehearsal")},
        "job_id": call.job_id or None,
        "since": call.at,
        "tokens": call.reserved_tokens,
        "low": plain(call.reserved_low),
        "high": plain(call.reserved_high),
    }


def _table(report: SpendReport, style: Style) -> str:
    by_job = any(line.job_id for line in report.lines)
    head = ("month", "address", "job" if by_job else "jobs", *FIGURES, "")
    rows = [_row(line) for line in report.lines]
    sums = [(clean(month), "in all", total) for month, total in report.months] if len(report.months) > 1 else []
    sums += [("total", "", report.total)] if report.months and len(report.lines) > 1 else []
    rows += [(name, what, f"{one.jobs:,}", *_figures(one), "") for name, what, one in sums]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [_aligned(row, widths) for row in (head, *rows)]
    lines[0] = style.bold(lines[0])
    if sums:
        lines.insert(1 + len(report.lines), "")
    return "\n".join([*lines, ""])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, figures to the right."""
    padded = [
        f"{cell:>{width}}" if 2 < column < 7 or cell.isdigit() else f"{cell:<{width}}"
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _row(line: Line) -> tuple[str, ...]:
    job = clean(line.job_id) if line.job_id else f"{line.sum.jobs:,}"
    job = f"{line.sum.answers:,} answers" if line.sum.answers else job
    ended = "" if line.phase is None or line.sum.error is not None else line.phase.value
    notes = [note for note in (ended, "rehearsal" if line.rehearsal else "") if note]
    return (clean(line.month), clean(line.address), job, *_figures(line.sum), ", ".join(notes))


def _figures(one: Sum) -> tuple[str, ...]:
    tokens = "-" if one.tokens is None else f"{one.tokens:,}"
    estimated = "-" if one.estimated is None else dollars(one.estimated)
    return (tokens, estimated, _billed(one), "-" if one.error is None else percent_off(one.error))


def _billed(one: Sum) -> str:
    if one.billed is None:
        return "not known"
    known = dollars(one.billed) if one.exact else f"at most {dollars(one.billed)}"
    return f"{known} + {one.unknown} not known" if one.unknown else known


def _rehearsed(one: Sum) -> str:
    jobs = "1 job" if one.jobs == 1 else f"{one.jobs:,} jobs"
    made = f"{jobs} and {one.answers:,} answers" if one.answers else jobs
    amount = "" if one.billed is None else f", and it would have been {_billed(one)} at the service"
    return f"{made} {'was' if made == '1 job' else 'were'} a rehearsal: nothing was billed{amount}.\n"


def _open(calls: Sequence[Spend], style: Style) -> str:
    rows = [_open_row(call) for call in calls]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([style.bold("Reserved for, and not billed yet:"), *(f"  {line}" for line in lines), ""])


def _open_row(call: Spend) -> tuple[str, ...]:
    amount = dollar_range(call.reserved_low, call.reserved_high)
    what = f"job {clean(call.job_id)}" if call.job_id else "a call that may have been made"
    marks = f"{what}, a rehearsal" if call.rehearsal else what
    return (clean(call.address), f"since {clean(call.at[:10]) or 'an unknown day'}", amount, marks)
