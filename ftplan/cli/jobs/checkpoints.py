"""The command `checkpoints`: the models that a training left along its way, with what was measured there."""

from __future__ import annotations

import sys
from typing import Any

import click

from ftplan.cli.opening.remembered import model_with_job
from ftplan.cli.opening.session import open_session
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import config_options, config_request
from ftplan.core.ports import HasCheckpoints
from ftplan.errors import FtplanError, Problem


@click.command()
@click.option("--json", is_flag=True, help="A JSON list.")
@click.argument("address")
@config_options
@click.pass_obj
def checkpoints(line: CommandLine, /, address: str, json: bool, **options: Any) -> int:
    """List the checkpoints that are kept of the job of ADDRESS, with what was measured there. Changes nothing.

    `checkpoint: {step: N}` or `checkpoint: {best: valid_loss}` in the YAML of a model makes one of them its output.
    """
    from ftplan.views.checkpoint_text import checkpoints_document, render_checkpoints
    from ftplan.views.json_text import json_text

    console = Console(no_color=line.no_color)
    with open_session(config_request(options), online=True, measured=False) as session:
        state, _ = session.load_state()
        record = model_with_job(address, state, "No job")
        provider = session.provider(record.provider, f"The job of model.{record.name} is at")
        kept = provider.checkpoints(record.job.id) if isinstance(provider, HasCheckpoints) else None
    if kept is None:
        detail = f"{record.provider} tells no checkpoints of the job {record.job.id} of model.{record.name}."
        raise FtplanError(Problem("No checkpoints", detail, advice="Its figures are shown by metrics."))
    if json:
        console.line(json_text(checkpoints_document(record, kept)))
    else:
        console.say(render_checkpoints(record, kept, console.style(sys.stdout)))
    return 0
