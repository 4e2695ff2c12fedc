"""What an action asks its driver to do. An action is a generator that yields effects and does nothing itself, so
the same code runs for real, in a simulator, and with a crash put between any two effects."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from ftplan.core.events import Fact
from ftplan.core.notices import Notice

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Do:
    """Call the outside world. The answer, or the exception, comes back at the yield."""

    label: str
    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Record:
    """Save a fact in the state, now, before anything else happens."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the reader."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Pause:
    """Come back after `seconds`; others go on meanwhile."""

    seconds: float


Effect = Do | Record | Say | Pause
Action = Generator[Effect, Any, T]


def do(label: str, call: Callable[[], T]) -> Action[T]:
    """The answer of `call`, asked through the driver."""
    answer: T = yield Do(label, call)
    return answer
