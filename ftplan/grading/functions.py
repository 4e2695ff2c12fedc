"""A grader that is a function of the user's own. It runs only where whoever runs the command allowed it by name."""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ftplan.core.comparing.comparison import answer_text
from ftplan.core.comparing.questions import Answer, HeldOut
from ftplan.core.recipe import digest
from ftplan.errors import FtplanError, GateRefused, Place, Problem
from ftplan.grading.grade import AsksNobody, Grade


@dataclass(frozen=True, slots=True)
class Function(AsksNobody):
    """What the function called `name` says of an answer."""

    name: str
    call: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
    place: Place | None = None

    def grade(self, row: HeldOut, answer: Answer, reply: Answer | None) -> Grade:
        """A number from 0 to 1, or a truth. Raises `FtplanError` for anything else it gives or raises."""
        given = {
            "text": answer_text(answer),
            "tool_calls": list(answer.tool_calls),
            "finish_reason": answer.finish_reason,
        }
        try:
            # A copy to the last list: what one answer is graded by must not be what the grader of another left.
            score = self.call(deepcopy(dict(row.row)), given)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail = f"{self.name} raised {type(error).__name__} on line {row.line} ({where.filename}:{where.lineno})."
            raise FtplanError(Problem("A grader broke off", detail, self.place)) from error
        if not isinstance(score, (bool, int, float)) or not 0 <= score <= 1:
            detail = f"{self.name} gave {type(score).__name__} on line {row.line}; a number from 0 to 1 is wanted."
            raise FtplanError(Problem("A grader gave no score", detail, self.place))
        return Grade(float(score))


def not_allowed(name: str, place: Place | None) -> Problem:
    """That the function `name` may not run here."""
    detail = f"{name} would run here, and nobody who runs this allowed it. Nothing was started."
    return Problem("Function not allowed", detail, place, f"If you know what it does: -allow-function={name}")


def source_digest(name: str, folder: str) -> str:
    """sha256 of the files in `folder` that the function `name` stands in and that these import in their turn; none of
    them is run for it. Empty where it stands elsewhere."""
    found: dict[str, str] = {}
    waiting = [name.partition(":")[0]]
    while waiting:
        module = waiting.pop()
        for path in _files_of(Path(folder), module):
            if str(path) not in found:
                source = path.read_bytes()
                found[str(path)] = sha256(source).hexdigest()
                waiting += _imported(source, module, is_package=path.name == "__init__.py")
    named = [[str(Path(path).relative_to(folder)), known] for path, known in sorted(found.items())]
    return digest(named) if named else ""


def _files_of(folder: Path, module: str) -> Iterator[Path]:
    """The file of a module in `folder` as an import would find it, and those of the packages that it is in."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        below = folder.joinpath(*parts[:count])
        path = next((one for one in (below / "__init__.py", below.with_suffix(".py")) if one.is_file()), None)
        if path is not None:
            yield path


def _imported(source: bytes, module: str, *, is_package: bool) -> Iterator[str]:
    """The modules that a source names, also where it imports names from one: these may be modules as well."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*filter(None, above), *([node.module] if node.module else [])])
            yield from (part for alias in node.names for part in (base, f"{base}.{alias.name}".strip(".")) if part)


def function(name: str, allowed: frozenset[str], folder: str, place: Place | None) -> Function:
    """The function `name`, imported from what is installed or from `folder`. Raises `GateRefused` where it is not among
    those `allowed`: a file of somebody's pull request must not choose what runs here. Raises `FtplanError` where there
    is none."""
    if name not in allowed:
        raise GateRefused(not_allowed(name, place))
    module, _, attribute = name.partition(":")
    # At the end, so that nothing in the folder stands in for a library.
    sys.path.append(folder)
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:
        detail = f"{module} cannot be imported: {type(error).__name__}: {str(error)[:200]}."
        raise FtplanError(Problem("No such function", detail, place)) from error
    finally:
        sys.path.remove(folder)
    if not callable(found):
        raise FtplanError(Problem("No such function", f"{module} has no function {attribute}.", place))
    return Function(name, found, place)
