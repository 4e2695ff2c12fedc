"""The command `dataset pin`: the digest that a dataset is pinned to in the YAML."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ftplan.cli.opening.supplying import open_supply
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request
from ftplan.core.remote_path import is_remote
from ftplan.datasets import Supply
from ftplan.datasets.keeping.recognition import sha256_of
from ftplan.datasets.reading.walking import Refused
from ftplan.datasets.sources.files import opened_as_stored
from ftplan.errors import DatasetError, Place, Problem
from ftplan.views.json_text import json_text


@click.command()
@click.option("--json", is_flag=True, help="One JSON object.")
@click.argument("path")
@click.pass_obj
def pin(line: CommandLine, /, path: str, json: bool) -> int:
    """Print the SHA-256 of a file as it is stored, and the line that pins a dataset to it.

    PATH is a file of yours, or s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/BLOB, hf://datasets/OWNER/NAME/PATH.
    What is stored there is fetched with the credentials of your environment, and kept for the next plan.
    """
    console = Console(no_color=line.no_color)
    supply = open_supply(Request(allow_remote=True))
    if is_remote(path) or "://" in path:
        sha256, size = _fetched(path, supply)
    else:
        with opened_as_stored(Path(path)) as file:
            size = os.fstat(file.fileno()).st_size
            sha256 = sha256_of(file, supply.shelter.cache)
    if json:
        console.line(json_text({"path": path, "sha256": sha256, "bytes": size}))
        return 0
    console.say(f"{path}: {size:,} bytes. In ftplan.yaml, below `datasets`:\n")
    console.line(f"  NAME: {{path: {json_text(path)}, sha256: {sha256}}}")
    return 0


def _fetched(path: str, supply: Supply) -> tuple[str, int]:
    place = Place(path)
    try:
        sha256 = supply.fetched(path)
        kept = supply.shelter.find(sha256)
        if kept is None:
            raise Refused(
                "A dataset cannot be opened", f"{path} was fetched, and taken away.", "Run the command again."
            )
        with kept:
            return sha256, os.fstat(kept.fileno()).st_size
    except Refused as refused:
        raise DatasetError(Problem(refused.summary, refused.detail, place, refused.advice)) from None
    except DatasetError:
        raise
    except OSError as error:
        detail = f"{path}: {error.strerror or type(error).__name__}."
        raise DatasetError(Problem("A remote dataset cannot be kept", detail, place)) from None
