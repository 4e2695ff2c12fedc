"""The command `plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ftplan.cli.argv import CommandLine
from ftplan.cli.console import Console
from ftplan.cli.options import planning_options, read_request
from ftplan.cli.planning import plan_session, refuse_errors, save_plan
from ftplan.cli.session import open_session
from ftplan.core.keeping.codec import steps_digest
from ftplan.core.plan import Plan
from ftplan.errors import UsageError


@click.command()
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan for apply.")
@click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE", help="Also write it as Markdown.")
@click.option("--explain-cost", is_flag=True, help="Also show how the bill was reckoned.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when something is left to do.")
@click.option("--destroy", is_flag=True, help="Plan to delete what is managed.")
@click.option("--offline", is_flag=True, help="No key, no network: the state alone.")
@planning_options
@click.pass_obj
def plan(
    line: CommandLine,
    /,
    out: Path | None,
    markdown: Path | None,
    explain_cost: bool,
    detailed_exitcode: bool,
    **options: Any,
) -> int:
    """Show what would be uploaded, trained and spent, and why. Changes nothing."""
    request = read_request("destroy" if options["destroy"] else "normal", options)
    if request.offline and request.mode == "refresh-only":
        raise UsageError(
            "Options exclude each other", detail="-refresh-only needs the providers that -offline forbids."
        )
    console = Console(no_color=line.no_color, json=options["json"], compact_warnings=options["compact_warnings"])
    console.begin()
    with open_session(request, online=not request.offline, console=console) as session:
        state, _ = session.load_state()
        planned = plan_session(session, state, request).plan
    console.plan(planned)
    if explain_cost:
        console.reckoning(planned)
    console.problems(session.warnings)
    if markdown is not None:
        _write_markdown(planned, markdown)
    refuse_errors(planned)
    if out is not None:
        save_plan(planned, out)
        console.say(f"\nSaved the plan to: {out}\nIts checksum is: {steps_digest(planned)}")
        console.say(f"\nTo perform exactly these actions, run:\n    ftplan apply {out}")
    return 2 if detailed_exitcode and (planned.steps or planned.withheld) else 0


def _write_markdown(planned: Plan, path: Path) -> None:
    from ftplan.views.markdown import render_markdown

    try:
        path.write_text(render_markdown(planned), encoding="utf-8")
    except OSError as error:
        raise UsageError("Markdown not written", detail=f"{path}: {error.strerror or error}.") from error
