"""The command `plan`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ftplan.cli.judging.judge import foreign_functions_notes, judging_options, with_judging
from ftplan.cli.opening.session import open_session
from ftplan.cli.planning.planned import plan_session, refuse_errors, save_plan
from ftplan.cli.planning.rowdiffs import with_dataset_diffs
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import console_of
from ftplan.cli.talking.documents import Documents, document_options, say_checksum
from ftplan.cli.talking.options import planning_options, read_request
from ftplan.core.dataset_diff import LISTED_ROWS
from ftplan.core.keeping.checksum import plan_checksum
from ftplan.errors import UsageError


@click.command()
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan for apply.")
@click.option("--show-rows", type=click.IntRange(0, LISTED_ROWS), default=0, metavar="N", help="Show N changed rows.")
@click.option("--explain-cost", is_flag=True, help="Also show how the bill was reckoned.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when something is left to do.")
@click.option("--destroy", is_flag=True, help="Plan to delete what is managed.")
@click.option("--offline", is_flag=True, help="No key, no network: the state alone.")
@document_options
@judging_options
@planning_options
@click.pass_obj
def plan(
    line: CommandLine,
    /,
    out: Path | None,
    show_rows: int,
    explain_cost: bool,
    detailed_exitcode: bool,
    **options: Any,
) -> int:
    """Show what would be uploaded, trained and spent, and why. Changes nothing."""
    request = with_judging(read_request("destroy" if options["destroy"] else "normal", options), options)
    if request.offline and request.mode == "refresh-only":
        raise UsageError(
            "Options exclude each other", detail="-refresh-only needs the providers that -offline forbids."
        )
    documents = Documents.read(options)
    console = console_of(line, options)
    console.begin()
    with open_session(request, online=not request.offline, console=console) as session:
        state, _ = session.load_state()
        planned = with_dataset_diffs(session, state, plan_session(session, state, request), show_rows)
        told = foreign_functions_notes(planned.steps, session.project, request)
        planned = replace(planned, notes=(*planned.notes, *told))
    console.plan(planned)
    if explain_cost:
        console.reckoning(planned)
    console.problems(session.warnings)
    documents.write(planned, console)
    refuse_errors(planned)
    if out is None:
        say_checksum(console, planned)
    else:
        save_plan(planned, out)
        console.say(f"Saved the plan to: {out}\nIts checksum is: {plan_checksum(planned)}")
        words = ["ftplan", "apply", *(f"-allow-function={name}" for name in sorted(request.functions)), str(out)]
        console.say(f"\nTo perform exactly these actions, run:\n    {shlex.join(words)}")
    return 2 if detailed_exitcode and (planned.steps or planned.withheld) else 0
