"""The doors to where things are kept: the state, as bytes and a lock and nothing of what is in them, and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ftplan.core.comparing.questions import Answer
from ftplan.errors import Problem


@dataclass(frozen=True, slots=True)
class Blob:
    """The stored bytes, and the store's tag for exactly these bytes."""

    data: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds a lock. `id` names this one claim; `created` in UTC, ISO 8601."""

    id: str
    operation: str
    who: str
    host: str
    pid: int
    created: str
    version: str
    info: Mapping[str, Any] = field(default_factory=dict)


class Backend(Protocol):
    """A place for one state. It moves bytes and knows nothing of what is in them."""

    def where(self) -> str:
        """The place in a user's words: a path or a URL without secrets."""

    def load(self) -> Blob | None:
        """What is stored, None where nothing ever was. Raises `StateError`."""

    def save(self, data: bytes, replacing: str | None) -> str:
        """The new tag. `replacing` is the tag last read or written, None for "nothing was there". Raises
        `StateConflict` when something else is there now, `StateError` when it cannot be written."""

    def lock(self, claim: Claim, timeout: float) -> Claim | None:
        """Takes the lock, waiting up to `timeout` seconds. A claim whose holder is provably gone may be taken over,
        by one run alone, and is what comes back; None where nobody's was. Raises `LockHeld`, naming the holder."""

    def unlock(self, claim_id: str) -> None:
        """Gives the lock back. Silent when it is not ours any more."""

    def holder(self) -> Claim | None:
        """Who holds the lock, None when nobody does."""

    def break_lock(self, claim_id: str) -> None:
        """Takes the lock from whoever holds it under exactly this id. Raises `StateError` for any other id."""


class StateStore(Backend, Protocol):
    """A backend as commands use it: what cannot be stored or used goes into a file near whoever runs them."""

    def rescue(self, data: bytes) -> str:
        """The path of an emergency copy of `data`. Raises OSError when it can be written nowhere."""

    def keep_aside(self) -> tuple[str, str | None]:
        """Copies or moves a state that cannot be used out of the way: its name now, and the tag under which what is
        left is to be replaced. Raises `StateError`."""


@runtime_checkable
class KeepsBeside(Protocol):
    """A backend with room beside the state for what belongs to it and can be made again. Names are digits, lower case
    letters, dots and hyphens, at most 100. Nothing here is guarded by the lock: who keeps something names it by what
    is in it."""

    def keep_beside(self, name: str, data: bytes) -> None:
        """Keeps `data` under `name`. Raises `StateError`."""

    def beside(self, name: str) -> bytes | None:
        """What was kept under `name`; None where nothing was, or nothing to be trusted."""

    def beside_names(self) -> tuple[str, ...]:
        """What is kept."""

    def drop_beside(self, name: str) -> None:
        """Takes away what was kept under `name`."""


class AnswerStore(Protocol):
    """What models have answered, by `question_key`: it was paid for, and is not asked again. It never fails: what
    cannot be kept or read is asked anew, and `troubles` tell so."""

    def kept_answers(self, keys: Sequence[str]) -> Mapping[str, Answer]:
        """The answers to exactly these questions, as far as there are any to be trusted."""

    def claim(self, key: str) -> bool:
        """Whether nobody else is asking this question: until it is released, or this process ends, nobody does."""

    def release(self, key: str) -> None:
        """Lets others ask it."""

    def keep_answer(self, key: str, answer: Answer) -> None:
        """Keeps an answer, durably, before anybody else hears of it."""

    def troubles(self) -> list[Problem]:
        """Warnings of why answers are not kept, or are not found again; what was told is not told again."""
