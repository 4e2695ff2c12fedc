"""Datasets that are parted in two: what the two halves are called, and what must not be said of them.

`NAME` is the half to train with, `NAME-validation` the other. A model that names the first and says nothing of
validation is validated with the second; `validation: null` leaves it aside.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ftplan.config.tree import Path, Tree, dotted
from ftplan.config.wording import quoted
from ftplan.core.remote_path import is_remote
from ftplan.core.spec import SPLIT_SEED, VALIDATION_SUFFIX, Side, SplitSpec
from ftplan.errors import Problem


def read_split(tree: Tree, dataset: Path) -> SplitSpec | None:
    """How the dataset declared at a path is parted, None where it stays whole. Only for a tree without problems."""
    said = tree.mapping(*dataset, "split")
    if not said:
        return None
    return SplitSpec(
        validation=Fraction(str(said["validation"])),
        seed=int(said.get("seed", SPLIT_SEED)),
        stratify=said.get("stratify"),
        together=said.get("together", "near"),
        place=tree.place((*dataset, "split")),
    )


@dataclass(frozen=True, slots=True)
class Halves:
    """The datasets that are parted: where each is declared, by the name of its half to train with and by the name of
    its half to validate with."""

    training: Mapping[str, Path]
    validation: Mapping[str, Path]

    @staticmethod
    def of(tree: Tree) -> Halves:
        training = dict(_parted(tree))
        return Halves(training, {name + VALIDATION_SUFFIX: path for name, path in training.items()})

    def other(self, tree: Tree, model: str) -> str | None:
        """The half that a model is validated with because it is trained with the other; None where it says otherwise,
        or its dataset stays whole."""
        if "validation" in tree.mapping("models", model):
            return None
        name = name_at(tree, ("models", model, "dataset"))
        return name + VALIDATION_SUFFIX if name is not None and name in self.training else None

    def file_at(self, tree: Tree, path: Path) -> tuple[str, Side | None] | None:
        """The file that a dataset reference leads to, in one spelling, and the half of it; None where it leads
        nowhere."""
        name = name_at(tree, path)
        if name is None:
            return None
        side: Side | None = "training" if name in self.training else "validation" if name in self.validation else None
        declared = self.training.get(name) or self.validation.get(name) or ("datasets", name)
        file = tree.text(*declared, "path") or name
        return file if is_remote(file) else posixpath.normpath(file), side


def share_rows(training: tuple[str, Side | None], other: tuple[str, Side | None]) -> bool:
    """Whether one file is meant, and not two halves of it; each as `Halves.file_at` gives it."""
    sides = {training[1], other[1]}
    return training[0] == other[0] and (None in sides or sides == {"validation"})


def name_at(tree: Tree, path: Path) -> str | None:
    """What the dataset is called that a reference names; one that is given by its path is called by it."""
    return tree.text(*path, "path") if isinstance(tree.get(*path), dict) else tree.text(*path)


def half_problems(tree: Tree, halves: Halves) -> Iterator[Problem]:
    """Names that two datasets would have, a path that is parted in two ways, a half that is taken for the other."""
    yield from _taken_names(tree, halves)
    yield from _two_ways(tree)
    for model in tree.mapping("models"):
        yield from _training_half_to_validate(tree, model, halves)


def _parted(tree: Tree) -> Iterator[tuple[str, Path]]:
    """Each dataset that is parted, by the name of its half to train with, with where it is declared."""
    for path in declarations(tree):
        name = str(path[1]) if path[0] == "datasets" else tree.text(*path, "path")
        if name is not None and tree.get(*path, "split") is not None:
            yield name, path


def declarations(tree: Tree) -> Iterator[Path]:
    """Where datasets are declared: by a name, or by models and evaluations that give their path."""
    yield from (("datasets", name) for name in tree.mapping("datasets"))
    yield from _inline(tree)


def _inline(tree: Tree) -> Iterator[Path]:
    for model in tree.mapping("models"):
        yield from (("models", model, key) for key in ("dataset", "validation") if tree.get("models", model, key))
    yield from (("evals", name, "dataset") for name in tree.mapping("evals") if tree.get("evals", name, "dataset"))


def _taken_names(tree: Tree, halves: Halves) -> Iterator[Problem]:
    inline = {name_at(tree, path): path for path in _inline(tree) if isinstance(tree.get(*path), dict)}
    for name, path in halves.validation.items():
        taken: Path | None = ("datasets", name) if name in tree.mapping("datasets") else inline.get(name)
        if taken is not None:
            detail = f"{dotted(path)} is split, and its half to validate with is called {quoted(name)} as well."
            advice = "Give one of the two another name."
            yield Problem("Two datasets of one name", detail, tree.key_place(taken), advice, address=f"dataset.{name}")


def _two_ways(tree: Tree) -> Iterator[Problem]:
    """A path that is given where it is used is one dataset, and is called by its path."""
    first: dict[str, Path] = {}
    for path in _inline(tree):
        name = name_at(tree, path)
        if name is None or name in tree.mapping("datasets"):
            continue
        before = first.setdefault(name, path)
        if _split_said(tree, before) != _split_said(tree, path):
            detail = f"{dotted(path)} and {dotted(before)} give {quoted(name)}, and split it differently."
            advice = "Declare it under `datasets` by two names, one for each."
            yield Problem("One dataset, split in two ways", detail, tree.place(path), advice)


def _split_said(tree: Tree, path: Path) -> object:
    return tree.get(*path, "split") if isinstance(tree.get(*path), dict) else None


def _training_half_to_validate(tree: Tree, model: str, halves: Halves) -> Iterator[Problem]:
    path: Path = ("models", model, "validation")
    name = tree.text(*path)
    if name is None or name not in halves.training:
        return
    detail = f"models.{model}: {quoted(name)} is split, and by its name alone it is the half to train with."
    own = name == name_at(tree, ("models", model, "dataset"))
    leave = "Leave `validation` out to be validated with the other half, or write" if own else "Write"
    advice = f'{leave} "{name}{VALIDATION_SUFFIX}".'
    yield Problem("Validation is a training half", detail, tree.place(path), advice, address=f"model.{model}")
