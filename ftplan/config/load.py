"""Finds the configuration and reads it: every step in order, every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ftplan.config.characters import decode_text
from ftplan.config.checks import reference_problems
from ftplan.config.compose import parse_tree
from ftplan.config.decode import decode_project
from ftplan.config.interpolate import interpolate
from ftplan.config.safety import safety_problems
from ftplan.config.shape import shape_problems
from ftplan.config.source import read_source
from ftplan.config.tree import Tree
from ftplan.config.variables import private_lines, resolve_variables
from ftplan.core.spec import Project
from ftplan.errors import Place, Problem

FILE_NAMES = ("ftplan.yaml", "ftplan.yml")
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Loaded:
    """What reading gave. `project` is None exactly when one of `problems` is an error; warnings may stand with it."""

    project: Project | None
    problems: list[Problem] = field(default_factory=list)


def find_config(directory: Path) -> Path | Problem:
    """The configuration of `directory`: ftplan.yaml, or ftplan.yml."""
    found = [directory / name for name in FILE_NAMES if (directory / name).exists()]
    if len(found) == 1:
        return found[0]
    if found:
        detail = f"Both {' and '.join(FILE_NAMES)} are there, and which of them is meant cannot be known."
        return Problem("Two configurations", detail, Place(str(found[1])), advice="Remove one of them.")
    return Problem(
        "No configuration",
        f"There is no ftplan.yaml in {os.path.abspath(directory)}.",
        Place(str(directory / FILE_NAMES[0])),
        advice="Go to the folder that holds it, name it with -chdir=DIR, or write a first one:",
        command="ftplan init",
    )


def load_project(
    path: Path,
    *,
    variables: Mapping[str, str] | None = None,
    var_files: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
    allow_outside: bool = False,
) -> Loaded:
    """The project declared in the file `path`.

    `variables` are the -var pairs, `environ` is where FTPLAN_VAR_* are looked for. Raises nothing for what a user
    can write. Reads `path` and `var_files`, and nothing else.
    """
    data = read_source(path)
    if isinstance(data, Problem):
        return Loaded(None, [data])
    text, problems = decode_text(data, str(path))
    tree, more = parse_tree(text, str(path)) if not problems else (None, problems)
    if tree is None or tree.value is None:
        return Loaded(None, _ordered(more, path) or [_empty(path)])
    tree = replace(tree, private_lines=private_lines(tree))
    values, wrong_values = resolve_variables(tree, variables or {}, var_files, environ or {})
    filled, unfilled = interpolate(tree, values)
    found = [*more, *wrong_values, *unfilled, *_meaning_problems(filled, allow_outside)]
    problems = _ordered(found, path)
    if any(problem.severity == "error" for problem in problems):
        return Loaded(None, problems)
    root = os.path.dirname(os.path.abspath(path))
    return Loaded(decode_project(filled, root, values.shown()), problems)


def _meaning_problems(tree: Tree, allow_outside: bool) -> list[Problem]:
    """Of two problems with one value the graver is told: a secret is no unknown key, an unsafe path no unknown name."""
    grave = safety_problems(tree, allow_outside)
    told = {_position(problem) for problem in grave}
    others = [*shape_problems(tree), *reference_problems(tree)]
    return grave + [problem for problem in others if _position(problem) not in told]


def _position(problem: Problem) -> tuple[int, int]:
    place = problem.place
    return (place.line or 0, place.column or 0) if place else (0, 0)


def _ordered(problems: Iterable[Problem], path: Path) -> list[Problem]:
    """In the order of the file, after what stands outside of it; each once; cut where the list is endless."""

    def rank(problem: Problem) -> tuple[bool, tuple[int, int]]:
        inside = bool(problem.place and problem.place.path == str(path))
        return inside, _position(problem) if inside else (0, 0)

    unique = sorted(dict.fromkeys(problems), key=rank)
    if len(unique) <= MAX_PROBLEMS:
        return unique
    errors = [problem for problem in unique if problem.severity == "error"]
    detail = f"{len(unique) - MAX_PROBLEMS} more were found; they are told once these are gone."
    return [*(errors or unique)[:MAX_PROBLEMS], Problem("More problems", detail, Place(str(path)), severity="warning")]


def _empty(path: Path) -> Problem:
    place = Place(str(path), 1, 1, "")
    return Problem("Empty configuration", f"{path} declares nothing.", place, command="ftplan init")
