"""Puts the values of variables in place. `${var.NAME}` is all there is; `$${` writes `${`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ftplan.config.compose import MAX_NODES, MAX_PROBLEMS, MAX_TEXT
from ftplan.config.tree import Path, Tree, dotted
from ftplan.config.variables import Values
from ftplan.config.wording import listed, near_miss, quoted
from ftplan.errors import Problem

_MARK = re.compile(r"(?P<escape>\$\$\{)|\$\{(?:[ ]*var\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)[ ]*\}|(?P<other>[^}]*\}?))")
# Where a value from outside could change which file, host or key is used before anybody has looked at it.
_FIXED_SECTIONS = ("variables", "version", "state")
_FIXED_PROVIDER_KEYS = ("api_key_env", "base_url")


def interpolate(tree: Tree, variables: Values) -> tuple[Tree, list[Problem]]:
    """`tree` with variables filled in, and what could not be."""
    work = _Interpolation(tree, variables)
    value = work.filled(tree.value, ())
    filled = replace(
        tree,
        value=value,
        drawn=work.drawn,
        sensitive=frozenset(path for path, names in work.drawn.items() if variables.sensitive & set(names)),
        unresolved=frozenset(work.unresolved),
    )
    return filled, work.problems


def _is_fixed(path: Path) -> bool:
    if path and path[0] == "providers":
        return len(path) > 2 and path[2] in _FIXED_PROVIDER_KEYS
    return bool(path) and path[0] in _FIXED_SECTIONS


class _Interpolation:
    def __init__(self, tree: Tree, variables: Values) -> None:
        self.problems: list[Problem] = []
        self.drawn: dict[Path, tuple[str, ...]] = {}
        self.unresolved: set[Path] = set()
        self._tree = tree
        self._variables = variables
        self._nodes = self._text = 0
        self._is_full = False

    def filled(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            for key in value:
                if "${" in key:
                    self._report("Variable in a key", "Keys are taken as they are written.", path, key=key)
            return {key: self.filled(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value and path[-1:] != ("description",):
            return self._bounded(self._text_filled(value, path), path)
        return value

    def _text_filled(self, text: str, path: Path) -> Any:
        matches = list(_MARK.finditer(text))
        names = tuple(match["name"] for match in matches if match["name"])
        if any(match["other"] is not None for match in matches):
            detail = f"{dotted(path)} holds {quoted(text)}; only ${{var.NAME}} is interpolated."
            return self._unfilled(path, text, "Unknown interpolation", detail, "To write `${` itself, write `$${`.")
        if names and _is_fixed(path):
            detail = f"{dotted(path)} must be written out: it is read before variables have values."
            return self._unfilled(path, text, "Variable not allowed here", detail)
        unknown = [name for name in names if name not in self._variables.declared]
        for name in unknown:
            if len(self.problems) < MAX_PROBLEMS:
                detail = f"{dotted(path)} uses ${{var.{name}}}; declared are {listed(self._variables.declared)}."
                self._report("Unknown variable", detail, path, advice=near_miss(name, self._variables.declared))
        if unknown or set(names) & self._variables.missing:
            self.unresolved.add(path)
            return text
        if names:
            self.drawn[path] = names
        if len(matches) == 1 and names and matches[0].group() == text:
            return self._variables.values[names[0]]
        return self._joined(text, path)

    def _joined(self, text: str, path: Path) -> str:
        values = self._variables.values
        length = len(text) + sum(len(str(values[match["name"]])) for match in _MARK.finditer(text) if match["name"])
        if self._text + length > MAX_TEXT:
            return self._overflowing(path)  # it is not even built
        for name in {match["name"] for match in _MARK.finditer(text)} - {None}:
            if isinstance(values[name], list):
                detail = f"The variable {name} is a list; inside a longer text it has no meaning."
                self._report("Wrong type of variable", detail, path)
        return _MARK.sub(lambda match: "${" if match["escape"] else _as_text(values[match["name"]]), text)

    def _bounded(self, value: Any, path: Path) -> Any:
        """`value` while all that was filled in stays small."""
        items = value if isinstance(value, list) else [value]
        self._nodes += len(items)
        self._text += sum(len(item) for item in items if isinstance(item, str))
        full = self._text > MAX_TEXT or self._nodes > MAX_NODES
        return self._overflowing(path) if full else value

    def _overflowing(self, path: Path) -> str:
        """Nothing; reported once."""
        if not self._is_full:
            self._report("Too many values", "With its variables filled in the file is too large.", path)
        self._is_full = True
        self.unresolved.add(path)
        return ""

    def _unfilled(self, path: Path, text: str, summary: str, detail: str, advice: str = "") -> str:
        self.unresolved.add(path)
        self._report(summary, detail, path, advice=advice)
        return text

    def _report(self, summary: str, detail: str, path: Path, *, key: str = "", advice: str = "") -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            return
        place = self._tree.key_place((*path, key)) if key else self._tree.place(path)
        self.problems.append(Problem(summary, detail, place, advice=advice))


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
