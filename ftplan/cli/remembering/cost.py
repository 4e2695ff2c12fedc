"""The command `cost`: what was spent up to now, from the state alone."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import config_options, config_request
from ftplan.errors import UsageError

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@click.command()
@click.option("--month", metavar="YYYY-MM", help="Only this month.")
@click.option(
    "--by", type=click.Choice(["model", "job"]), default="model", help="One line a model and month, or a job."
)
@click.option("--json", is_flag=True, help="One JSON object.")
@click.option("--csv", is_flag=True, help="The table as CSV.")
@config_options
@click.pass_obj
def cost(line: CommandLine, /, month: str | None, by: str, json: bool, csv: bool, **options: Any) -> int:
    """Show what was estimated and billed, by model and month. Reads the state alone."""
    from ftplan.cli.remembering.state import stored_state
    from ftplan.core.money.spend_report import spend_report
    from ftplan.core.money.spending import spends
    from ftplan.views.json_text import json_text
    from ftplan.views.spend_text import render_spending, spending_csv, spending_document

    if json and csv:
        raise UsageError("Options exclude each other", detail="-json and -csv cannot be given together.")
    if month is not None and not _MONTH.fullmatch(month):
        raise UsageError("Invalid -month", detail=f"It is written as a year and a month, 2026-11, not {month[:40]!r}.")
    console = Console(no_color=line.no_color)
    report = spend_report(spends(stored_state(config_request(options))), month=month, by_job=by == "job")
    if json:
        console.line(json_text(spending_document(report)))
    elif csv:
        console.line(spending_csv(report).rstrip("\n"))
    else:
        console.say(render_spending(report, console.style(sys.stdout), month).rstrip("\n"))
    return 0
