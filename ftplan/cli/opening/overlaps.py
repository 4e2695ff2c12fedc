"""Training and validation data held against each other: no row should stand in both, and halves be as declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from ftplan.cli.opening.shelf import Shelf, shown_name
from ftplan.core.facts import DatasetFacts
from ftplan.core.spec import VALIDATION_SUFFIX, DatasetSpec, Project
from ftplan.datasets import Shared, shared_rows
from ftplan.datasets.preparing.splitting import is_far_off, wanted_rows
from ftplan.datasets.reading.derived import derived_of
from ftplan.datasets.rows.rules import SPLIT_SHARE
from ftplan.datasets.scanning.findings import levelled
from ftplan.datasets.scanning.places import place_of
from ftplan.errors import Problem

LOOSER = "With together: identical only rows that are wholly the same are kept on one side."


def overlaps(project: Project, facts: Mapping[str, DatasetFacts], shelf: Shelf) -> Iterator[Problem]:
    """A warning for each pair of training and validation data with rows in common. Halves of one dataset have none:
    like rows are on one side."""
    pairs = {(model.dataset, model.validation) for model in project.models.values()}
    for training, validation in sorted((t, v) for t, v in pairs if v is not None):
        both = project.datasets[training], project.datasets[validation]
        if training in facts and validation in facts and not both[0].is_other_half_of(both[1]):
            yield from levelled(_problems(both, facts, shelf), both[1].rules)


def uneven_halves(project: Project, facts: Mapping[str, DatasetFacts]) -> Iterator[Problem]:
    """A warning for each split that could not part the rows as it says."""
    for name, dataset in sorted(project.datasets.items()):
        training = facts.get(name.removesuffix(VALIDATION_SUFFIX))
        if dataset.half is None or dataset.half.side != "validation" or name not in facts or training is None:
            continue
        split, rows = dataset.half.split, facts[name].rows
        wanted = wanted_rows(training.rows + rows, split.validation)
        if is_far_off(rows, wanted):
            detail = f"{rows:,} rows are for validation instead of {wanted:,}: rows that ask alike are kept together."
            told = SPLIT_SHARE.problem(detail, split.place, "" if split.together == "identical" else LOOSER)
            yield from levelled([replace(told, address=str(dataset.address))], dataset.rules)


def _problems(both: tuple[DatasetSpec, DatasetSpec], facts: Mapping[str, DatasetFacts], shelf: Shelf) -> list[Problem]:
    training, validation = (facts[dataset.name].sha256 for dataset in both)
    question = shelf.cache.question("overlap", validation)
    shared = shelf.cache.found(training, question, Shared)
    if shared is not None and not shared.rows:
        return []
    with ExitStack() as stack:
        files = [shelf.look(dataset.name) for dataset in both]
        opened = [stack.enter_context(file) for file in files if not isinstance(file, Problem)]
        if len(opened) < len(files):
            return []  # gone since it was measured
        if shared is None:
            shared = shared_rows(*opened)
            shelf.cache.keep(training, question, shared)
        return _told(shared, both, opened)


def _told(shared: Shared, both: tuple[DatasetSpec, DatasetSpec], files: list[BinaryIO]) -> list[Problem]:
    names = shown_name(both[0]), shown_name(both[1])
    if all(derived_of(file) is None for file in files):
        return shared.problems(*names)
    places = partial(place_of, files[1], both[1].path), partial(place_of, files[0], both[0].path)
    return shared.problems(*names, places)
