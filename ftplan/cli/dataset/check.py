"""The command `dataset check`: everything that is wrong with dataset files, before anything is uploaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import click

from ftplan.cli.opening.machines import machines_for
from ftplan.cli.opening.watching import Watch, watching
from ftplan.cli.talking.argv import CommandLine
from ftplan.cli.talking.console import Console
from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.facts import Encoding
from ftplan.core.nearness import did_you_mean
from ftplan.core.spec import MethodKind, RuleLevel
from ftplan.datasets import Cache, Demands, Measured, measure
from ftplan.datasets.rows.rules import BY_NAME, WARNINGS
from ftplan.datasets.scanning.findings import levelled
from ftplan.datasets.scanning.measure import PRESUMED_EXAMPLE_TOKENS
from ftplan.datasets.scanning.shards import Machines
from ftplan.datasets.sources.files import beside, opened, whole_files
from ftplan.errors import FtplanError, Problem, UsageError

FORMATS = ("text", "json", "sarif", "github")
LEVELS = ("error", "warning", "off")


@dataclass(frozen=True, slots=True)
class Checked:
    """One file with what was found in it; `mended` counts by rule what its clean copy has no more."""

    path: str
    measured: Measured
    problems: tuple[Problem, ...]
    mended: Mapping[str, int]
    copy: str | None = None


@click.command()
@click.option("--method", type=click.Choice(["supervised", "dpo", "reinforcement"]), help="What it is to be used for.")
@click.option("--base-model", metavar="ID", help="Count its tokens, and mind its limits and its service's.")
@click.option("--tokenizer", metavar="FILE", type=click.Path(path_type=Path), help="Count by this tokenizer.json.")
@click.option("--rule", "levels", multiple=True, metavar="NAME=LEVEL", help="A warning as error, warning or off.")
@click.option("--privacy", type=bool, default=True, help="=false: look for no secrets and personal data.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to say it (text).")
@click.option("--json", is_flag=True, help="Short for -format=json.")
@click.option("--fix", is_flag=True, help="Write a clean copy of what can be mended without guessing.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="The clean copy (NAME.clean.jsonl).")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--parallelism", type=click.IntRange(1), default=None, help="Processes for large files (all cores).")
@click.option("--ray", metavar="ADDRESS", help="Read larger ones by a Ray cluster: local, auto, HOST:PORT.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def check(line: CommandLine, /, paths: tuple[Path, ...], form: str, json: bool, fix: bool, **options: Any) -> int:
    """Check dataset files: every rule, every row, the tokens. Needs no project and no key.

    Files may be compressed (.gz, .zst). A pattern in quotes is one dataset, as it is in ftplan.yaml.
    Exits with 1 where a rule is broken that the service refuses, or that was raised to an error.
    """
    if options["out"] is not None and (not fix or len(paths) > 1):
        raise UsageError("Options do not go together", detail="-out names the clean copy of one file, with -fix.")
    asked = _Asked(read_levels(options["levels"]), **_questions(options))
    console = Console(no_color=line.no_color)
    form = "json" if json else form
    spread = machines_for(os.environ, options["ray"], processes=asked.processes)
    with watching(console if form == "text" else None) as watch, spread as machines:
        asked = replace(asked, machines=machines)
        checked = [_check(path, asked, watch, fix, options["out"], options["force"]) for path in paths]
    _say(console, form, checked)
    return int(any(problem.severity == "error" for one in checked for problem in one.problems))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the files are held to."""

    levels: Mapping[str, RuleLevel]
    method: MethodKind | None
    offer: tuple[Catalog, BaseModel] | None
    privacy: bool
    processes: int
    tokenizer: tuple[Encoding, bytes] | None = None
    machines: Machines | None = None

    @property
    def encoding(self) -> Encoding:
        if self.tokenizer is not None:
            return self.tokenizer[0]
        return self.offer[1].encoding if self.offer else "o200k_base"

    @property
    def demands(self) -> Demands:
        """What a plan would hold a training file to."""
        if self.offer is None:
            return Demands(self.method, privacy=self.privacy)
        catalog, base = self.offer
        limit = base.max_example_tokens
        return Demands(
            self.method,
            min_rows=catalog.min_rows,
            max_rows=catalog.max_graded_rows if self.method == "reinforcement" else None,
            longest={self.encoding: limit} if limit is not None else {},
            presumed={self.encoding: PRESUMED_EXAMPLE_TOKENS} if limit is None else {},
            privacy=self.privacy,
            max_bytes=catalog.max_file_bytes,
            max_image_rows=catalog.max_image_rows,
            without_images=(base.id,) if base.images is False else (),
        )


def read_levels(words: Sequence[str]) -> dict[str, RuleLevel]:
    """`NAME=LEVEL` each, as a mapping. Raises `UsageError` for every one that is wrong."""
    levels: dict[str, RuleLevel] = {}
    wrong = []
    for word in words:
        name, _, level = word.partition("=")
        if name in WARNINGS and level in LEVELS:
            levels[name] = cast(RuleLevel, level)
        else:
            wrong.append(_wrong_level(word, name, level))
    if wrong:
        raise UsageError(wrong)
    return levels


def _wrong_level(word: str, name: str, level: str) -> Problem:
    if name in BY_NAME and name not in WARNINGS:
        detail = f"{name} is an error always: the service refuses such files."
    elif name in WARNINGS:
        detail = f"{name} can be {', '.join(LEVELS)}, not {level[:40]!r}."
    else:
        detail = f"-rule={word[:80]} names no warning. They are: {', '.join(sorted(WARNINGS))}."
    return Problem("Unusable -rule", detail, advice="Write it as -rule=duplicate-rows=error.")


def _questions(options: Mapping[str, Any]) -> dict[str, Any]:
    offer = offer_of(options["base_model"]) if options["base_model"] else None
    return {
        "method": options["method"],
        "offer": offer,
        "privacy": options["privacy"],
        "processes": options["parallelism"] or os.cpu_count() or 1,
        "tokenizer": tokenizer_in(options["tokenizer"]),
    }


def tokenizer_in(path: Path | None) -> tuple[Encoding, bytes] | None:
    """The tokenizer that the file at `path` holds, and its encoding's name. Raises DatasetError where there is none."""
    if path is None:
        return None
    from ftplan.datasets.counting.hub_tokenizer import read_tokenizer

    with opened(path) as file:
        return read_tokenizer(file, str(path))


def offer_of(name: str) -> tuple[Catalog, BaseModel]:
    """What is known of a base model, and of the first service that offers it. Raises `UsageError` for one that nobody
    does."""

    from ftplan.providers.catalog import BUILT_IN, load_catalog

    known: set[str] = set()
    for catalog in map(load_catalog, BUILT_IN):
        base = catalog.base(catalog.canonical(name))
        if base is not None:
            return catalog, base
        known |= {*catalog.models, *catalog.aliases}
    advice = did_you_mean(name, sorted(known))
    raise UsageError("Unknown base model", detail=f"-base-model={name[:80]} is in no catalog.", advice=advice)


def _check(path: Path, asked: _Asked, watch: Watch, fix: bool, out: Path | None, force: bool) -> Checked:
    copy, mended = _mend(path, watch, out, force) if fix else (None, {})
    try:
        with watch(opened(copy or path), str(copy or path)) as file:
            measured = measure(
                file,
                str(copy or path),
                {asked.encoding},
                asked.demands,
                cache=Cache.of_user(os.environ),
                processes=asked.processes,
                machines=asked.machines,
                tokenizers=dict([asked.tokenizer] if asked.tokenizer else []),
            )
    except FtplanError as error:
        measured = Measured(None, tuple(error.problems))
    problems = tuple(levelled(measured.problems, asked.levels))
    return Checked(str(path), measured, problems, mended, str(copy) if copy else None)


def _mend(path: Path, watch: Watch, out: Path | None, force: bool) -> tuple[Path, Mapping[str, int]]:
    from ftplan.datasets.preparing.mending import mended

    copy = out or beside(path, "clean.jsonl")
    with watch(opened(path), str(path)) as file, whole_files([copy], path, force=force) as (target,):
        return copy, mended(file, target, str(path))


def _say(console: Console, form: str, checked: Sequence[Checked]) -> None:
    problems = [problem for one in checked for problem in one.problems]
    if form == "github":
        from ftplan.views.annotations import github_annotation

        for problem in problems:
            console.line(github_annotation(problem))
    elif form == "sarif":
        from ftplan.views.annotations import RuleText, sarif_document
        from ftplan.views.json_text import json_text

        rules = [RuleText(rule.name, rule.summary, rule.says, rule.level) for rule in BY_NAME.values()]
        console.line(json_text(sarif_document(problems, rules)))
    elif form == "json":
        from ftplan.views.json_text import json_text

        console.line(json_text(_document(checked)))
    else:
        from ftplan.views.check_text import render_checked

        for one in checked:
            errors = sum(problem.severity == "error" for problem in one.problems)
            told = (errors, len(one.problems) - errors)
            style = console.style(sys.stdout)
            console.say(render_checked(one.path, one.measured.facts, told, one.copy, one.mended, style))
        console.problems(problems)


def _document(checked: Sequence[Checked]) -> dict[str, Any]:
    from ftplan.core.keeping.plain import to_plain
    from ftplan.views.json_documents import validate_document

    files = []
    for one in checked:
        facts = to_plain(one.measured.facts) if one.measured.facts else None
        copy = {"copy": one.copy, "mended": dict(one.mended)} if one.copy else {}
        files.append({"path": one.path, "facts": facts, **copy})
    return {**validate_document(problem for one in checked for problem in one.problems), "datasets": files}
