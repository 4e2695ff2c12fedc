"""The commands `dataset ...`: what is done with a dataset file before it is declared. One module for each."""

from __future__ import annotations

import click

from ftplan.cli.dataset.check import check
from ftplan.cli.dataset.convert import convert
from ftplan.cli.dataset.diff import diff
from ftplan.cli.dataset.pin import pin
from ftplan.cli.dataset.sample import sample
from ftplan.cli.dataset.split import split
from ftplan.cli.dataset.stats import stats


@click.group()
def dataset() -> None:
    """Check dataset files, look at them, and prepare them. PATH is any file of yours; no project is needed."""


dataset.add_command(check)
dataset.add_command(stats)
dataset.add_command(split)
dataset.add_command(sample)
dataset.add_command(convert)
dataset.add_command(diff)
dataset.add_command(pin)
