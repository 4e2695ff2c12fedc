"""The command `dataset stats`: what a dataset looks like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftplan.cli.argv import CommandLine
from ftplan.cli.console import Console

if TYPE_CHECKING:
    from ftplan.datasets.profile import Profile
    from ftplan.views.dataset_text import DatasetFigures

PERCENTILES = (0, 25, 50, 75, 95, 99, 100)


@click.command()
@click.option("--method", type=click.Choice(["supervised", "dpo", "reinforcement"]), help="What it is to be used for.")
@click.option("--base-model", metavar="ID", help="Count the tokens as this model does (o200k_base).")
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def stats(line: CommandLine, /, path: Path, method: Any, base_model: str | None, json: bool) -> int:
    """Show what PATH looks like: rows, tokens by role, how long rows are, turns, tools, the longest rows."""
    from ftplan.cli.dataset_check import base_called
    from ftplan.datasets.files import opened
    from ftplan.datasets.profile import profiled

    encoding = base_called(base_model).encoding if base_model else "o200k_base"
    with opened(path) as file:
        figures = figures_of(str(path), profiled(file, str(path), encoding, method))
    console = Console(no_color=line.no_color)
    if json:
        from ftplan.views.dataset_text import figures_document
        from ftplan.views.json_text import json_text

        console.line(json_text(figures_document(figures)))
    else:
        from ftplan.views.dataset_text import render_figures

        console.say(render_figures(figures, console.style(sys.stdout)).rstrip("\n"))
    return 0


def figures_of(path: str, profile: Profile) -> DatasetFigures:
    """What a view shows of `profile`."""
    from ftplan.views.dataset_text import DatasetFigures

    return DatasetFigures(
        path=path,
        format=profile.format or "no",
        encoding=profile.encoding,
        bytes=profile.bytes,
        rows=profile.rows,
        tokens=profile.tokens,
        lengths=profile.lengths,
        percentiles=profile.percentiles(PERCENTILES),
        by_role={role: (profile.messages[role], tokens) for role, tokens in profile.by_role.items()},
        turns=profile.turns,
        tools=profile.tools,
        longest=profile.longest,
    )
