"""Lines told by the file they stand in, where what was read is made of several files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from ftplan.datasets.reading.derived import derived_of
from ftplan.datasets.scanning.findings import Remark
from ftplan.errors import DatasetError, Place, Problem


def place_of(file: BinaryIO, shown_path: str, line: int) -> Place:
    """Where a line of `file`, which messages call `shown_path`, stands. Raises OSError where that has to be read."""
    derived = derived_of(file)
    return Place(shown_path, line) if derived is None else derived.place(line)


def located(problem: Problem, file: BinaryIO, shown_path: str) -> Problem:
    """`problem` with the place that its line has in the file it is from."""
    place = problem.place
    if derived_of(file) is None or place is None or place.line is None or place.path != shown_path:
        return problem
    own = place_of(file, shown_path, place.line)
    return replace(problem, place=replace(place, path=own.path, line=own.line))


def told(remark: Remark, file: BinaryIO, shown_path: str) -> Problem:
    """The problem that a remark on `file` is, with the place of each line that it lists."""
    problem = remark.problem(shown_path)
    if derived_of(file) is None:
        return problem
    listed = ", ".join(map(str, remark.lines))
    places = ", ".join(str(place_of(file, shown_path, line)) for line in remark.lines)
    return replace(located(problem, file, shown_path), detail=problem.detail.replace(listed, places, 1))


@contextmanager
def telling_places(file: BinaryIO, shown_path: str) -> Iterator[None]:
    """What is wrong with `file` is told with the places of its lines."""
    try:
        yield
    except DatasetError as error:
        if derived_of(file) is None:
            raise
        raise DatasetError(_all_located(error.problems, file, shown_path)) from None


def _all_located(problems: Iterable[Problem], file: BinaryIO, shown_path: str) -> list[Problem]:
    return [located(problem, file, shown_path) for problem in problems]
