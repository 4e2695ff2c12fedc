"""The command `dataset check`: everything that is wrong with dataset files, before anything is uploaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click

from ftplan.cli.argv import CommandLine
from ftplan.cli.console import Console
from ftplan.core.facts import BaseModel
from ftplan.core.spec import MethodKind, RuleLevel
from ftplan.datasets import Cache, Demands, Measured, measure
from ftplan.datasets.files import opened, whole_files
from ftplan.datasets.findings import levelled
from ftplan.datasets.measure import PRESUMED_EXAMPLE_TOKENS
from ftplan.datasets.rules import BY_NAME, WARNINGS
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
@click.option("--base-model", metavar="ID", help="Count its tokens, and mind its limit of tokens an example.")
@click.option("--rule", "levels", multiple=True, metavar="NAME=LEVEL", help="A warning as error, warning or off.")
@click.option("--privacy", type=bool, default=True, help="=false: look for no secrets and personal data.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to say it (text).")
@click.option("--json", is_flag=True, help="Short for -format=json.")
@click.option("--fix", is_flag=True, help="Write a clean copy of what can be mended without guessing.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="The clean copy (NAME.clean.jsonl).")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--parallelism", type=click.IntRange(1), default=None, help="Processes for large files (all cores).")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def check(line: CommandLine, /, paths: tuple[Path, ...], form: str, json: bool, fix: bool, **options: Any) -> int:
    """Check dataset files: every rule, every row, the tokens. Needs no project and no key.

    Exits with 1 where a rule is broken that the service refuses, or that was raised to an error.
    """
    if options["out"] is not None and (not fix or len(paths) > 1):
        raise UsageError("Options do not go together", detail="-out names the clean copy of one file, with -fix.")
    asked = _Asked(read_levels(options["levels"]), **_questions(options))
    checked = [_check(path, asked, fix, options["out"], options["force"]) for path in paths]
    _say(Console(no_color=line.no_color), "json" if json else form, checked)
    return int(any(problem.severity == "error" for one in checked for problem in one.problems))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the files are held to."""

    levels: Mapping[str, RuleLevel]
    method: MethodKind | None
    base: BaseModel | None
    privacy: bool
    processes: int

    @property
    def demands(self) -> Demands:
        longest = {self.base.encoding: self.base.max_example_tokens} if self.base else {}
        known = {encoding: limit for encoding, limit in longest.items() if limit is not None}
        presumed = {encoding: PRESUMED_EXAMPLE_TOKENS for encoding in longest if encoding not in known}
        return Demands(self.method, longest=known, presumed=presumed, privacy=self.privacy)


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
    base = base_called(options["base_model"]) if options["base_model"] else None
    processes = options["parallelism"] or os.cpu_count() or 1
    return {"method": options["method"], "base": base, "privacy": options["privacy"], "processes": processes}


def base_called(name: str) -> BaseModel:
    """What is known of a base model, whoever offers it. Raises `UsageError` for one that nobody does."""
    from difflib import get_close_matches

    from ftplan.providers.catalog import BUILT_IN, load_catalog

    known: set[str] = set()
    for catalog in map(load_catalog, BUILT_IN):
        base = catalog.base(catalog.canonical(name))
        if base is not None:
            return base
        known |= {*catalog.models, *catalog.aliases}
    near = get_close_matches(name, sorted(known), n=1)
    advice = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(known))}."
    raise UsageError("Unknown base model", detail=f"-base-model={name[:80]} is in no catalog.", advice=advice)


def _check(path: Path, asked: _Asked, fix: bool, out: Path | None, force: bool) -> Checked:
    copy, mended = _mend(path, out, force) if fix else (None, {})
    try:
        with opened(copy or path) as file:
            measured = measure(
                file,
                str(copy or path),
                {asked.base.encoding} if asked.base else {"o200k_base"},
                asked.demands,
                cache=Cache.of_user(os.environ),
                processes=asked.processes,
            )
    except FtplanError as error:
        measured = Measured(None, tuple(error.problems))
    problems = tuple(levelled(measured.problems, asked.levels))
    return Checked(str(path), measured, problems, mended, str(copy) if copy else None)


def _mend(path: Path, out: Path | None, force: bool) -> tuple[Path, Mapping[str, int]]:
    from ftplan.datasets.mending import mended

    copy = out or path.with_name(f"{path.stem}.clean.jsonl")
    with opened(path) as file, whole_files([copy], path, force=force) as (target,):
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
    from ftplan.core.plain import to_plain
    from ftplan.views.json_documents import validate_document

    files = []
    for one in checked:
        facts = to_plain(one.measured.facts) if one.measured.facts else None
        copy = {"copy": one.copy, "mended": dict(one.mended)} if one.copy else {}
        files.append({"path": one.path, "facts": facts, **copy})
    return {**validate_document(problem for one in checked for problem in one.problems), "datasets": files}
