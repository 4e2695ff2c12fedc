"""Labels of datasets: policies judge by them, so it must be plain which ones a dataset has, and they are shown."""

from __future__ import annotations

from collections.abc import Iterator

from ftplan.config.halves import declarations, name_at
from ftplan.config.tree import Path, Tree, dotted
from ftplan.config.wording import quoted
from ftplan.errors import Problem


def label_problems(tree: Tree) -> Iterator[Problem]:
    """One path with two sets of labels; a label made of a variable that must not be shown."""
    first: dict[str, Path] = {}
    for path in declarations(tree):
        yield from _sensitive(tree, path)
        name = name_at(tree, path)
        if name is None or path[0] == "datasets" or name in tree.mapping("datasets"):
            continue
        before = first.setdefault(name, path)
        if _labels(tree, before) != _labels(tree, path):
            detail = f"{dotted(path)} and {dotted(before)} give {quoted(name)}, and label it differently."
            advice = "Declare it once under `datasets`, and name it where it is used."
            yield Problem("One dataset, labelled in two ways", detail, tree.place(path), advice)


def _labels(tree: Tree, dataset: Path) -> object:
    return tree.get(*dataset, "labels") or None if isinstance(tree.get(*dataset), dict) else None


def _sensitive(tree: Tree, dataset: Path) -> Iterator[Problem]:
    for key in tree.mapping(*dataset, "labels"):
        path: Path = (*dataset, "labels", key)
        if path in tree.sensitive:
            names = ", ".join("${var." + name + "}" for name in tree.drawn[path])
            detail = f"{dotted(path)} is made of {names}, which is sensitive, and labels are shown in plans."
            yield Problem("Sensitive label", detail, tree.place(path), "Use another variable, or write it out.")
