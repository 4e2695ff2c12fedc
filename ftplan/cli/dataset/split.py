"""The command `dataset split`: one file of rows becomes two, for training and for validation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.core.spec import SPLIT_SEED
from ftplan.core.splits import Split
from ftplan.datasets.preparing.splitting import is_far_off
from ftplan.datasets.rows.rules import SPLIT_SHARE
from ftplan.errors import Place, Problem, UsageError

FEWEST_ROWS = 10


@click.command()
@click.option("--validation", default="0.1", metavar="SHARE", help="Share of the rows to validate with (0.1).")
@click.option("--seed", type=int, default=SPLIT_SEED, help="Another seed, other halves (7).")
@click.option("--stratify", metavar="KEY", help="The same share of each value of this key (a.b or messages.0.content).")
@click.option(
    "--together",
    type=click.Choice(["near", "same", "identical"]),
    default="near",
    help="What stays on one side: rows that ask nearly the same (near), the same but for case and punctuation "
    "(same), or rows that are the same as a whole (identical).",
)
@click.option("--train-out", metavar="FILE", type=click.Path(path_type=Path), help="Default: NAME.train.jsonl.")
@click.option("--validation-out", metavar="FILE", type=click.Path(path_type=Path), help="NAME.validation.jsonl.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def split(line: CommandLine, /, path: Path, json: bool, **options: Any) -> int:
    """Split PATH into rows to train with and rows to validate with.

    Rows that ask alike stay together. The halves depend on what the rows say and on the seed, not on their order.
    """
    from ftplan.cli.opening.watching import watching
    from ftplan.datasets.preparing.halves import Wish, write_halves
    from ftplan.datasets.preparing.halves import split as parted
    from ftplan.datasets.scanning.places import telling_places
    from ftplan.datasets.sources.files import beside, opened, whole_files
    from ftplan.views.json_text import json_text
    from ftplan.views.split_text import render_split, split_document

    wish = Wish(read_share(options["validation"]), options["seed"], options["stratify"], options["together"])
    training = options["train_out"] or beside(path, "train.jsonl")
    validation = options["validation_out"] or beside(path, "validation.jsonl")
    console = Console(no_color=line.no_color)
    with (
        watching(None if json else console) as watch,
        watch(opened(path), str(path)) as file,
        whole_files([training, validation], path, force=options["force"]) as halves,
    ):
        with telling_places(file, str(path)):
            found, sides, sha256 = parted(file, str(path), wish)
        write_halves(file, sides, sha256, *halves)
    names = (str(training), str(validation))
    if json:
        console.line(json_text(split_document(found, *names, wish.stratify)))
    else:
        console.say(render_split(found, *names, wish.stratify, console.style(sys.stdout)))
    console.problems(_warnings(found, *names, wish.together))
    return 0


def read_share(text: str) -> Fraction:
    """A share of rows, exactly as it was written. Raises `UsageError`."""
    try:
        share = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share < 1:
        detail = f"It is a share between 0 and 1 such as 0.1, not {text[:40]!r}."
        raise UsageError("Invalid -validation", detail=detail)
    return share


def _warnings(split: Split, training: str, validation: str, together: str) -> Iterator[Problem]:
    for name, rows in ((training, split.training), (validation, split.validation)):
        if rows < FEWEST_ROWS:
            detail = f"It has {rows} {'row' if rows == 1 else 'rows'}; a job needs at least {FEWEST_ROWS}."
            advice = "Add rows, or split with another -validation."
            yield Problem("A half has few rows", detail, Place(name), advice, severity="warning")
    if is_far_off(split.validation, split.wanted):
        detail = (
            f"{split.validation:,} rows are for validation instead of {split.wanted:,}: rows that ask alike are kept "
            f"together, and the largest group of them has {split.largest_group:,} rows."
        )
        yield SPLIT_SHARE.problem(detail, advice=_looser(together))
    if split.key_to_remove:
        detail = f"The rows of both halves still have the key {split.key_to_remove!r}, which no row format knows."
        advice = "Take it out of them before you train: they would be refused."
        yield Problem("A key has to be taken out", detail, advice=advice, severity="warning")
    small = [s for s in split.strata if not (s.training and s.validation)]
    if small:
        rows = sum(s.training + s.validation for s in small)
        values = "1 value has" if len(small) == 1 else f"{len(small):,} values have"
        yield Problem(
            "Values stand on one side only",
            f"{values} too few rows, or rows too much alike, to be on both sides; {rows:,} rows in all. What a model "
            f"makes of them is not measured, or was not taught.",
            advice="Add rows with these values, or split with a larger -validation.",
            severity="warning",
        )


def _looser(together: str) -> str:
    return "" if together == "identical" else "With -together=identical only rows that are wholly the same are kept."
