"""The command `dataset diff`: which rows changed between two files, or since a commit."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import click

from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.cli.talking.options import Request
from ftplan.core.dataset_diff import LISTED_ROWS, DatasetDiff
from ftplan.core.facts import Encoding
from ftplan.core.nearness import did_you_mean
from ftplan.core.spec import DatasetSpec
from ftplan.errors import DatasetError, Place, Problem, UsageError

DOCUMENT_VERSION = "1.0"


@click.command()
@click.option("--base", metavar="REVISION", help="The old side: what was committed, such as origin/main.")
@click.option("--show-rows", type=click.IntRange(0, LISTED_ROWS), default=0, metavar="N", help="Show N changed rows.")
@click.option("--base-model", metavar="ID", help="Count the tokens as this model does, and mind its limit.")
@click.option("--tokenizer", metavar="FILE", type=click.Path(path_type=Path), help="Count by this tokenizer.json.")
@click.option("--json", is_flag=True, help="One JSON object.")
@click.option("--markdown", is_flag=True, help="Markdown, for a pull request.")
@click.argument("paths", nargs=-1, metavar="OLD NEW | PATH|dataset.NAME...")
@click.pass_obj
def diff(line: CommandLine, /, base: str | None, paths: tuple[str, ...], json: bool, **options: Any) -> int:
    """Show which rows changed: between the files OLD and NEW, or in each PATH since a commit.

    With -base and no PATH these are the datasets of the project here that changed. Exits with 0 whether rows changed or
    not.
    """
    if json and options["markdown"]:
        raise UsageError("Options exclude each other", detail="-json and -markdown both go to stdout.")
    asked = _asked(options["base_model"], options["tokenizer"], options["show_rows"])
    if base is not None:
        found = dict(_since(base, paths, asked))
    elif len(paths) == 2:
        found = {paths[1]: _between(*paths, asked)}
    else:
        raise UsageError("Wrong usage", detail="Name two files, OLD and NEW, or a commit with -base=REVISION.")
    _say(Console(no_color=line.no_color), found, base, json=json, markdown=options["markdown"])
    return 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """How rows are counted, and how many of them are shown."""

    encoding: Encoding
    tokenizers: dict[Encoding, bytes]
    limit: int | None
    show_rows: int


def _asked(base_model: str | None, tokenizer: Path | None, show_rows: int) -> _Asked:
    from ftplan.cli.dataset.check import offer_of, tokenizer_in

    base = offer_of(base_model)[1] if base_model is not None else None
    own = tokenizer_in(tokenizer)
    encoding = own[0] if own else base.encoding if base else "o200k_base"
    return _Asked(encoding, dict([own]) if own else {}, base.max_example_tokens if base else None, show_rows)


def _between(old: str, new: str, asked: _Asked) -> DatasetDiff:
    from ftplan.datasets.sources.files import opened

    with opened(Path(old)) as before, opened(Path(new)) as after:
        return _compared(before, old, after, new, asked)


def _since(revision: str, names: tuple[str, ...], asked: _Asked) -> Iterator[tuple[str, DatasetDiff]]:
    """What became of each dataset since `revision`; of the project's own, where none is named, only of those whose rows
    did change."""
    from ftplan.datasets.sources.committed import Committed

    committed = Committed(Path(), revision, os.environ)
    for path, declared in _named(names):
        if names or not committed.holds(path):
            found = _one_since(committed, path, declared, asked)
            if names or found.changed or found.moved:
                yield path, found


def _one_since(committed: Any, path: str, declared: DatasetSpec | None, asked: _Asked) -> DatasetDiff:
    """One dataset since a commit; one that was not there then has no rows before."""
    with _now(path, declared) as after, committed.opened(path) as before:
        return _compared(before, f"{path} as of {committed.revision}", after, path, asked)


def _now(path: str, declared: DatasetSpec | None) -> BinaryIO:
    """What `path` means now. What a configuration names, which may be a stranger's, stays in the project."""
    from ftplan.datasets import open_dataset
    from ftplan.datasets.sources.files import opened

    if declared is None:
        return opened(Path(path))
    found = open_dataset(Path(), path, place=declared.place)
    if isinstance(found, Problem):
        raise DatasetError(found)
    return found


def _compared(before: BinaryIO | None, old: str, after: BinaryIO, new: str, asked: _Asked) -> DatasetDiff:
    from ftplan.datasets import RowIndex, difference, index_rows, with_texts

    # What was not there had no rows: all of them are new.
    former = RowIndex(encoding=asked.encoding)
    if before is not None:
        try:
            former = index_rows(before, old, asked.encoding, tokenizers=asked.tokenizers)
        except DatasetError as error:
            # Two files may have one name here, and one of them is in nobody's folder.
            raise DatasetError([replace(told, place=_place(told, old)) for told in error.problems]) from None
    now = index_rows(after, new, asked.encoding, tokenizers=asked.tokenizers)
    found = difference(former, now, old_name=old, new_name=new, limit=asked.limit)
    try:
        return with_texts(found, asked.show_rows, before, after)
    except OSError as error:
        raise DatasetError("The dataset cannot be read", detail=f"{new}: {error.strerror or error}.") from error


def _place(problem: Problem, path: str) -> Place:
    return replace(problem.place, path=path) if problem.place is not None else Place(path)


def _named(names: tuple[str, ...]) -> Iterator[tuple[str, DatasetSpec | None]]:
    """The paths that are meant, with the dataset of the project that each was declared as: those of the project where
    none is named."""
    wanted = [name for name in names if name.startswith("dataset.") and not os.path.lexists(name)]
    declared = _declared() if wanted or not names else {}
    for name in names or sorted(declared):
        if not names or name in wanted:
            dataset = _one_of(declared, name)
            yield dataset.path, dataset
        else:
            yield name, None


def _declared() -> dict[str, DatasetSpec]:
    """The project's datasets that are files here, by their addresses; of several with one path the first."""
    from ftplan.cli.opening.session import open_session
    from ftplan.core.remote_path import is_remote

    with open_session(Request(), online=False, measured=False) as session:
        datasets = session.project.datasets.values()
    return {str(dataset.address): dataset for dataset in datasets if not is_remote(dataset.path)}


def _one_of(declared: dict[str, DatasetSpec], name: str) -> DatasetSpec:
    if name in declared:
        return declared[name]
    detail = f"The project here declares no {name[:80]} that is a file."
    raise UsageError("No such dataset", detail=detail, advice=did_you_mean(name, sorted(declared), lead="Declared are"))


def _say(console: Console, found: dict[str, DatasetDiff], base: str | None, *, json: bool, markdown: bool) -> None:
    if json:
        from ftplan.core.keeping.plain import to_plain
        from ftplan.views.json_text import json_text

        diffs = [{"path": path, **to_plain(diff)} for path, diff in found.items()]
        console.line(json_text({"format_version": DOCUMENT_VERSION, "dataset_diffs": diffs}))
    elif markdown:
        from ftplan.views.markdown.comment import LIMITS
        from ftplan.views.markdown.diff import render_diff_markdown

        each = LIMITS["github"] // max(1, len(found))
        console.line("\n\n".join(render_diff_markdown(diff, path, each) for path, diff in found.items()))
    elif found:
        from ftplan.views.diff_text import render_diff

        style = console.style(sys.stdout)
        console.say("\n".join(render_diff(diff, path, style) for path, diff in found.items()).rstrip("\n"))
    else:
        console.say(f"No dataset of this project changed since {base}.")
