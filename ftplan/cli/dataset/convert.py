"""The command `dataset convert`: other people's files become rows that can be trained on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.core.conversions import Container, Converted
from ftplan.errors import Problem, UsageError

if TYPE_CHECKING:
    from ftplan.datasets.converting.conversion import Order

LISTED_LINES = 5


@click.command()
@click.option(
    "--from",
    "source",
    type=click.Choice(["auto", "sharegpt", "alpaca", "csv", "parquet"]),
    default="auto",
    help="What the columns mean (sharegpt, alpaca) or what kind of file it is (csv, parquet); by default the file "
    "tells, and what it was taken for is said.",
)
@click.option("--to", "target", type=click.Choice(["chat", "preference"]), default="chat", help="Rows to make (chat).")
@click.option("--columns", multiple=True, metavar="OURS=THEIRS,...", help="prompt=question,completion=answer")
@click.option("--system", metavar="TEXT", help="A system message for rows that have none.")
@click.option("--skip-broken", is_flag=True, help="Leave records out that cannot be converted, and count them.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Default: NAME.chat.jsonl.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def convert(line: CommandLine, /, path: Path, json: bool, out: Path | None, force: bool, **options: Any) -> int:
    """Make rows to train with of PATH: ShareGPT or Alpaca files, CSV, JSON or Parquet."""
    from ftplan.cli.opening.watching import watching
    from ftplan.datasets.converting.conversion import convert as converted
    from ftplan.datasets.sources.files import beside, opened_alone, whole_files
    from ftplan.views.conversion_text import conversion_document, render_conversion
    from ftplan.views.json_text import json_text

    order = _order(options)
    made = out or beside(path, f"{order.target}.jsonl")
    console = Console(no_color=line.no_color)
    with (
        watching(None if json else console) as watch,
        watch(opened_alone(path), str(path)) as file,
        whole_files([made], path, force=force) as (rows,),
    ):
        done = converted(file, str(path), order, rows)
    if json:
        console.line(json_text(conversion_document(done, str(path), str(made))))
    else:
        console.say(render_conversion(done, str(path), str(made), console.style(sys.stdout)))
    if done.broken:
        console.problems([_left_out(done)])
    return 0


def _order(options: dict[str, Any]) -> Order:
    from ftplan.datasets.converting.conversion import Order
    from ftplan.datasets.converting.shapes import COLUMNS

    containers: dict[str, Container] = {"csv": "CSV", "parquet": "Parquet"}
    source, target = options["source"], options["target"]
    system = options["system"]
    if system is not None and not system.strip():
        raise UsageError("Invalid -system", detail="It holds no text.")
    return Order(
        target=target,
        container=containers.get(source),
        # For preference pairs ShareGPT and Alpaca only name the prompt; the pair is what counts.
        shape=source if source in ("sharegpt", "alpaca") and target == "chat" else None,
        columns=read_columns(options["columns"], COLUMNS[target]),
        system=system,
        skip_broken=options["skip_broken"],
    )


def read_columns(texts: tuple[str, ...], known: tuple[str, ...]) -> dict[str, str]:
    """Pairs of our name for a column and the file's. Raises `UsageError`."""
    columns: dict[str, str] = {}
    for pair in (pair for text in texts for pair in text.split(",") if pair.strip()):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not (equals and theirs) or ours not in known or ours in columns:
            detail = f"{pair[:60]!r} is not of the form OURS=THEIRS, with each of ours once: {', '.join(known)}."
            advice = "For example -columns=prompt=question,completion=answer."
            raise UsageError("Invalid -columns", detail=detail, advice=advice)
        columns[ours] = theirs
    if len(set(columns.values())) < len(columns):
        raise UsageError("Invalid -columns", detail="One column of the file cannot be two of ours.")
    return columns


def _left_out(done: Converted) -> Problem:
    records = "1 record was" if done.broken == 1 else f"{done.broken:,} records were"
    first = done.problems[0]
    others = [str(p.place.line) for p in done.problems[1:LISTED_LINES] if p.place and p.place.line]
    also = f" Further ones start on line {', '.join(others)}." if others else ""
    detail = f"{records} left out, this one first: {first.summary}. {first.detail}{also}"
    return Problem("Records were left out", detail, first.place, severity="warning")
