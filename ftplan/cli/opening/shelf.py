"""The datasets of a project, opened by their names."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ftplan.cli.opening.watching import Watch, unwatched
from ftplan.core.facts import Encoding
from ftplan.core.spec import DatasetSpec, ModelSpec, Project
from ftplan.datasets import Cache, Parting, Pin, Supply, open_dataset
from ftplan.datasets.preparing.heldout import MOST_ROWS, Taken, held_out
from ftplan.datasets.sources.shelter import Shelter
from ftplan.errors import ConfigError, DatasetError, Place, Problem


def shown_name(dataset: DatasetSpec) -> str:
    """How messages name a dataset: by what its path says, and the half of it."""
    return dataset.path if dataset.half is None else f"{dataset.path} ({dataset.half.side} half)"


def askable(taken: Taken, shown: str, place: Place | None = None) -> Taken:
    """The rows that were taken. Raises `DatasetError` where none of them asks anything."""
    if not taken.rows:
        raise DatasetError(
            Problem("Nothing to ask", f"None of the {taken.count:,} rows of {shown} asks anything.", place)
        )
    return taken


class Shelf:
    """What a run opens datasets from: the project's folder, and a `supply` for what is stored elsewhere. What is parted
    once is parted for the whole run, and rows that were taken are those for the whole run: a verdict hours after the
    plan is on what the plan was made for. `cache` keeps what is parted for others."""

    def __init__(
        self, project: Project, cache: Cache, *, allow_outside: bool = False, supply: Supply | None = None
    ) -> None:
        self._project, self._outside = project, allow_outside
        self._supply = supply or Supply(Shelter(cache))
        self._parting = Parting(cache)
        self._watch: Watch = unwatched
        self._taken: dict[tuple[str, int | None, int], Taken] = {}
        self.cache = cache

    def watched(self, watch: Watch) -> Shelf:
        """The same, whose datasets are watched while they are read."""
        shelf = copy(self)
        shelf._watch = watch
        return shelf

    def look(self, name: str) -> BinaryIO | Problem:
        """The dataset called `name`, or its half, open; a problem where it is not there. The caller closes it."""
        dataset = self._project.datasets[name]
        opened = open_dataset(
            Path(self._project.root),
            dataset.path,
            allow_outside=self._outside,
            place=dataset.place,
            pin=Pin(dataset.sha256, dataset.pin_place) if dataset.sha256 is not None else None,
            supply=self._supply,
        )
        if isinstance(opened, Problem):
            return opened
        watched = self._watch(opened, dataset.path)
        return watched if dataset.half is None else self._parting.half(watched, dataset.path, dataset.half)

    def open(self, name: str) -> BinaryIO:
        """The same, for what was there when it was measured. Raises `ConfigError` where it is not any more."""
        opened = self.look(name)
        if isinstance(opened, Problem):
            raise ConfigError(opened)
        return opened

    def taken(self, name: str, limit: int | None, seed: int) -> Taken:
        """Rows of the dataset that models are asked. Raises `DatasetError` where it has none to ask."""
        if (name, limit, seed) not in self._taken:
            with self.open(name) as file:
                found = held_out(file, limit, seed)
            place = self._project.datasets[name].place
            if limit is None and found.count > MOST_ROWS:
                detail = (
                    f"dataset.{name} has {found.count:,} rows, and {MOST_ROWS:,} are the most that models are asked."
                )
                raise DatasetError(Problem("Too many rows to ask", detail, place, "Say how many: `limit: 1000`."))
            self._taken[name, limit, seed] = askable(found, f"dataset.{name}", place)
        return self._taken[name, limit, seed]

    def tokenizer(self, model: ModelSpec) -> tuple[Encoding, bytes]:
        """The file that `model` names to count its tokens by, and the encoding it stands for. Raises `DatasetError`
        where there is none."""
        from ftplan.datasets.counting.hub_tokenizer import read_tokenizer

        path, place = model.tokenizer or "", model.place_of("tokenizer")
        opened = open_dataset(Path(self._project.root), path, allow_outside=self._outside, place=place)
        if isinstance(opened, Problem):
            raise DatasetError(replace(opened, summary="A tokenizer cannot be opened"))
        with opened:
            return read_tokenizer(opened, path, place)
