"""What became of a dataset that was parted in two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stratum:
    """The rows that have one value, in both halves. `name` is None for the rows that have none."""

    name: str | None
    training: int
    validation: int


@dataclass(frozen=True, slots=True)
class Split:
    """How many rows went where. `groups` are sets of at least two rows that were kept together. `key_to_remove` is a
    key that the rows were told apart by and cannot be trained with, empty where there is none."""

    training: int
    validation: int
    wanted: int
    groups: int = 0
    rows_in_groups: int = 0
    largest_group: int = 0
    strata: tuple[Stratum, ...] = ()
    key_to_remove: str = ""

    @property
    def rows(self) -> int:
        return self.training + self.validation
