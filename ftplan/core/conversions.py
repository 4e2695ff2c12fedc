"""What became of a foreign file that was made into rows of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftplan.errors import Problem

Container = Literal["CSV", "JSON Lines", "a JSON list", "Parquet"]
Shape = Literal["sharegpt", "alpaca", "pairs", "preference"]
Target = Literal["chat", "preference"]


@dataclass(frozen=True, slots=True)
class Converted:
    """`dropped` names what rows have no place for and was left behind. `broken` records were left out; `problems` are
    what is wrong with the first of them. `delimiter` is a CSV file's."""

    container: Container
    shape: Shape
    rows: int
    broken: int = 0
    problems: tuple[Problem, ...] = ()
    dropped: tuple[str, ...] = ()
    delimiter: str = ""
