"""The command `dataset sample`: a few rows, the same ones each time, as a transcript."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.core.samples import Sample
from ftplan.errors import DatasetError, Place, Problem


@click.command()
@click.option("--n", "count", type=click.IntRange(1, 100_000), default=5, metavar="N", help="How many rows (5).")
@click.option("--seed", type=int, default=7, help="Another seed, other rows (7).")
@click.option("--show", is_flag=True, help="Show what the rows say; without it, only who speaks and how much.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the rows there, unchanged.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--json", is_flag=True, help="One JSON object; with -show each row is in it.")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def sample(
    line: CommandLine, /, path: Path, count: int, seed: int, show: bool, out: Path | None, force: bool, json: bool
) -> int:
    """Look at a few rows of PATH, picked by chance, and the same ones each time."""
    from ftplan.datasets.preparing.sampling import sample as picked
    from ftplan.datasets.scanning.places import place_of
    from ftplan.datasets.sources.files import is_plural, opened, whole_files
    from ftplan.views.json_text import json_text
    from ftplan.views.sample_text import render_sample, sample_document

    with opened(path) as file:
        found, raw = picked(file, count, seed)
        broken = place_of(file, str(path), found.first_broken) if found.first_broken else Place(str(path))
    if not found.rows:
        raise DatasetError(_nothing(found, broken))
    if out is not None:
        with whole_files([out], path, force=force) as (file,):
            file.writelines(row + b"\n" for row in raw)
    console = Console(no_color=line.no_color)
    if json:
        console.line(json_text(sample_document(found, str(path), seed, show=show)))
    else:
        console.say(render_sample(found, str(path), console.style(sys.stdout), show=show))
    if is_plural(path):
        console.note("Lines are counted through all files, in the order of their names.")
    if found.broken:
        console.problems([_broken(found, broken)])
    return 0


def _nothing(sample: Sample, place: Place) -> Problem:
    if not sample.broken:
        return Problem("The file is empty", "It has no rows.", place, "Is it the right file?")
    lines = "line holds" if sample.broken == 1 else "lines hold"
    detail = f"None of its {sample.broken:,} {lines} one JSON object."
    return Problem("The file has no rows", detail, place, "Is it JSON Lines?")


def _broken(sample: Sample, place: Place) -> Problem:
    lines = "1 line holds" if sample.broken == 1 else f"{sample.broken:,} lines hold"
    detail = f"{lines} no JSON object, this one first; the sample is of the others."
    return Problem("Lines were passed over", detail, place, severity="warning")
