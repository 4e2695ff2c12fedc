"""The rows of datasets, held against those that models were trained on. What is kept of rows for that, hashes and
counts and never what they say, stands beside the state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ftplan.cli.opening.session import Session
from ftplan.cli.opening.shelf import shown_name
from ftplan.cli.planning.planned import Planned
from ftplan.core.dataset_diff import DatasetDiff
from ftplan.core.deciding.changed_data import ChangedData, changed_data, remembered_contents
from ftplan.core.desired import Desired
from ftplan.core.facts import DatasetFacts, Encoding
from ftplan.core.plan import Plan
from ftplan.core.records import State
from ftplan.core.steps import Step
from ftplan.core.stores import KeepsBeside
from ftplan.datasets import RowIndex, difference, index_rows, with_texts

# What the diff of a plan calls the two sides: the content before has no path any more.
_SHOWN_DIGITS = 12
_ENDING = ".rows"


def with_dataset_diffs(session: Session, state: State, planned: Planned, show_rows: int = 0) -> Plan:
    """The plan, with what changed in each dataset that holds other rows than its models were trained on; the texts of
    the first `show_rows` changed rows only where they were asked for."""
    if planned.plan.mode != "normal":
        return planned.plan
    rows = _Rows(session, planned.desired)
    diffs = {change.name: rows.diff(change, show_rows) for change in changed_data(planned.desired, state)}
    return replace(planned.plan, dataset_diffs=diffs)


def keep_rows(session: Session, desired: Desired, state: State, steps: Iterable[Step]) -> None:
    """Keeps beside the state what the rows are that `steps` train on, and those that models were trained on already.
    Raises `FtplanError` where it cannot be written."""
    if not isinstance(session.backend, KeepsBeside):
        return
    wanted, there = remembered_contents(state, steps), session.backend.beside_names()
    rows = _Rows(session, desired)
    for name, facts in sorted(desired.datasets.items()):
        if facts.content_sha256 in wanted and _file_name(facts.content_sha256) not in there:
            session.backend.keep_beside(_file_name(facts.content_sha256), rows.now(name).encode())


def drop_rows(session: Session, state: State, steps: Iterable[Step]) -> None:
    """Lets go of what is kept of contents that no model of `state` was trained on, and that `steps` train none on."""
    if not isinstance(session.backend, KeepsBeside):
        return
    wanted = {_file_name(content) for content in remembered_contents(state, steps)}
    for name in session.backend.beside_names():
        if name.endswith(_ENDING) and name not in wanted:
            session.backend.drop_beside(name)


class _Rows:
    """The rows of a project's datasets, as they are now and as they are remembered. Each is read at most once."""

    def __init__(self, session: Session, desired: Desired) -> None:
        self._session, self._desired = session, desired
        self._now: dict[str, RowIndex] = {}

    def diff(self, change: ChangedData, show_rows: int) -> DatasetDiff:
        partners = (
            self._before(change.partner_before),
            self.now(change.partner) if change.partner is not None else None,
        )
        facts = self._desired.datasets[change.name]
        found = difference(
            self._before(change.before),
            self.now(change.name),
            old_name=change.before[:_SHOWN_DIGITS],
            new_name=facts.content_sha256[:_SHOWN_DIGITS],
            limit=_limit(facts),
            shared_with=partners,
        )
        if not show_rows:
            return found
        with self._session.shelf.open(change.name) as file:
            return with_texts(found, show_rows, None, file)

    def now(self, name: str) -> RowIndex:
        """What the dataset called `name` holds now."""
        if name not in self._now:
            shelf = self._session.shelf
            encoding = _encoding(self._desired.datasets[name])
            with shelf.open(name) as file:
                self._now[name] = index_rows(
                    file,
                    shown_name(self._desired.dataset(name)),
                    encoding,
                    tokenizers=self._session.tokenizers,
                    cache=shelf.cache,
                )
        return self._now[name]

    def _before(self, content: str | None) -> RowIndex | None:
        backend = self._session.backend
        if content is None or not isinstance(backend, KeepsBeside):
            return None
        data = backend.beside(_file_name(content))
        return RowIndex.decode(data) if data is not None else None


def _file_name(content: str) -> str:
    return f"{content}{_ENDING}"


def _encoding(facts: DatasetFacts) -> Encoding | None:
    """What the tokens of a dataset are told in: where its models count them differently, the same each time."""
    return min(facts.tokens, default=None)


def _limit(facts: DatasetFacts) -> int | None:
    encoding = _encoding(facts)
    return facts.tokens[encoding].limit if encoding is not None else None
