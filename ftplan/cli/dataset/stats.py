"""The command `dataset stats`: what a dataset looks like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console

if TYPE_CHECKING:
    from ftplan.datasets.preparing.profile import Profile
    from ftplan.views.dataset_text import DatasetFigures

THROUGH_ALL = "Lines are counted through all files, in the order of their names."
PERCENTILES = (0, 25, 50, 75, 95, 99, 100)


@click.command()
@click.option("--method", type=click.Choice(["supervised", "dpo", "reinforcement"]), help="What it is to be used for.")
@click.option("--base-model", metavar="ID", help="Count the tokens as this model does (o200k_base).")
@click.option("--tokenizer", metavar="FILE", type=click.Path(path_type=Path), help="Count by this tokenizer.json.")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write it as a page as well.")
@click.option("--force", is_flag=True, help="Write over a page that is there.")
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def stats(line: CommandLine, /, path: Path, html: Path | None, force: bool, json: bool, **options: Any) -> int:
    """Show what PATH looks like: rows, tokens by role, how long rows are, turns, tools, the longest rows."""
    from ftplan.cli.dataset.check import offer_of, tokenizer_in
    from ftplan.cli.opening.watching import watching
    from ftplan.datasets.preparing.profile import profiled
    from ftplan.datasets.scanning.places import telling_places
    from ftplan.datasets.sources.files import is_plural, opened, whole_files
    from ftplan.views.pages.stats_page import render_stats_page

    offered = offer_of(options["base_model"])[1].encoding if options["base_model"] else "o200k_base"
    encoding, tokenizer = tokenizer_in(options["tokenizer"]) or (offered, None)
    pages = [] if html is None else [html]
    console = Console(no_color=line.no_color)
    with (
        watching(None if json else console) as watch,
        watch(opened(path), str(path)) as file,
        telling_places(file, str(path)),
        whole_files(pages, path, force=force) as drafts,
    ):
        figures = figures_of(str(path), profiled(file, str(path), encoding, options["method"], tokenizer))
        for draft in drafts:
            draft.write(render_stats_page(figures).encode())
    _say(console, figures, json)
    if is_plural(path):
        console.note(THROUGH_ALL)
    for written in pages:
        console.note(f"The page is in {written}.")
    return 0


def _say(console: Console, figures: DatasetFigures, json: bool) -> None:
    if json:
        from ftplan.views.dataset_text import figures_document
        from ftplan.views.json_text import json_text

        console.line(json_text(figures_document(figures)))
    else:
        from ftplan.views.dataset_text import render_figures

        console.say(render_figures(figures, console.style(sys.stdout)).rstrip("\n"))


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
        rows_with_tools=profile.rows_with_tools,
        rows_with_images=profile.rows_with_images,
    )
