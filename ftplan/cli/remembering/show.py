"""The command `show`: the state, or a saved plan, for people, programs, pull requests and the build's artifacts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.documents import STDOUT, Documents, document_options, say_checksum
from ftplan.cli.talking.options import config_options, config_request
from ftplan.core.plan import Plan
from ftplan.errors import UsageError


@click.command()
@click.option("--json", is_flag=True, help="Terraform's plan document, or the state's.")
@document_options
@click.argument("planfile", required=False, type=click.Path(path_type=Path))
@config_options
@click.pass_obj
def show(
    line: CommandLine,
    /,
    json: bool,
    planfile: Path | None,
    **options: Any,
) -> int:
    """Show the state, or the saved plan in PLANFILE."""
    console, documents = Console(no_color=line.no_color), Documents.read(options)
    if planfile is not None:
        from ftplan.cli.planning.planned import read_plan

        return _show_plan(console, read_plan(planfile), json, documents)
    if documents.wanted:
        raise UsageError("Wrong usage", detail="-markdown and -html show a saved plan: name its PLANFILE.")
    from ftplan.cli.remembering.state import stored_state
    from ftplan.views.json_documents import state_document
    from ftplan.views.json_text import json_text
    from ftplan.views.state_text import render_state

    state = stored_state(config_request(options))
    console.line(json_text(state_document(state)) if json else render_state(state, console.style(sys.stdout)))
    return 0


def _show_plan(console: Console, plan: Plan, json: bool, documents: Documents) -> int:
    if json and documents.markdown == STDOUT:
        raise UsageError("Options exclude each other", detail="-json and -markdown are both for stdout; name a FILE.")
    documents.write(plan, console)
    if json:
        from ftplan.views.json_text import json_text
        from ftplan.views.plan_json import plan_document

        console.line(json_text(plan_document(plan)))
    elif not documents.wanted:
        console.plan(plan, errors=True)
        say_checksum(console, plan)
    return 0
