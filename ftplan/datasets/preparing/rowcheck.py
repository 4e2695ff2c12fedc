"""The rows of a file, one after the other, with everything that is wrong in any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ftplan.core.facts import Format
from ftplan.datasets.reading.lines import MAX_LINE_BYTES
from ftplan.datasets.rows.faults import Fault
from ftplan.datasets.rows.formats import CHAT_KEYS, COMPLETION_KEYS, PREFERENCE_KEYS, format_used, row_faults
from ftplan.datasets.rows.jsonrow import decoded, document_fault
from ftplan.datasets.rows.rules import LONG_LINE
from ftplan.datasets.scanning.blockread import FAULTS_A_ROW, LISTED_PROBLEMS
from ftplan.errors import Place, Problem

_OWN_KEYS: Mapping[Format, frozenset[str]] = {
    "chat": CHAT_KEYS,
    "preference": PREFERENCE_KEYS,
    "completion": COMPLETION_KEYS,
}


class RowCheck:
    """Reads lines as rows of the format that the first of them has. `apart` is a key that rows may have beside those
    of their format: what they are told apart by before they are trained with."""

    def __init__(self, path: str, apart: str | None = None) -> None:
        self._path, self._apart = path, apart
        self._format: Format | None = None
        self._problems: list[Problem] = []
        self._wrong = 0
        self.rows_with_apart = 0

    def row(self, number: int, line: bytes | None) -> dict[str, Any] | None:
        """The row on a line, None where it is wrong. `line` is None for one that is too long to be read."""
        if line is None:
            detail = f"It has more than {MAX_LINE_BYTES // 1024**2} MiB."
            self._note([LONG_LINE.problem(detail, Place(self._path, number))])
            return None
        found = (document_fault(line) if number == 1 else None) or decoded(line)
        faults = [found] if isinstance(found, Fault) else self._faults(found)
        problems = [fault.at(self._path, number) for fault in faults]
        if any(problem.severity == "error" for problem in problems):
            self._note(problems)
            return None
        return found if isinstance(found, dict) else None

    def problems(self) -> Iterator[Problem]:
        """What is wrong: the first few problems, and how many more lines have one."""
        yield from self._problems
        listed = len({problem.place.line for problem in self._problems if problem.place})
        if self._wrong > listed:
            more = self._wrong - listed
            detail = f"{more:,} more {'line is' if more == 1 else 'lines are'} wrong in {self._path}."
            yield Problem("More lines are wrong", detail, advice="Correct those listed and look again.")

    def _note(self, problems: list[Problem]) -> None:
        self._wrong += 1
        self._problems += problems[: LISTED_PROBLEMS - len(self._problems)]

    def _faults(self, row: dict[str, Any]) -> list[Fault]:
        if self._format is None:
            used = format_used(row, None)
            if isinstance(used, Fault):
                return [used]
            self._format = used
        return list(islice(row_faults(self._without_apart(row, self._format), self._format), FAULTS_A_ROW))

    def _without_apart(self, row: dict[str, Any], format: Format) -> dict[str, Any]:
        """The row as it will be trained with. Reinforcement rows may have any keys; they keep them."""
        key = self._apart
        if key is None or key not in row or format == "reinforcement" or key in _OWN_KEYS[format]:
            return row
        self.rows_with_apart += 1
        return {name: value for name, value in row.items() if name != key}
