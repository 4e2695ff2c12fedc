"""What every action needs to know of the run it is part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.entries import Answered
from ftplan.core.events import Event
from ftplan.core.handover import EvalRecord, Origin, Target
from ftplan.core.ports import CALL_TIMEOUT_SECONDS, Clock, Provider
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address


class Judge(Protocol):
    """Who says how models do, a part of the way at a time: what was paid for is entered in between, and others have
    their turn."""

    def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord | None:
        """How a model does in the evaluation of this name, beside what is in use, by a state: asked, or known already.
        None where there is more to ask: called again, it goes on from there."""

    def bought(self) -> Sequence[Answered]:
        """What was paid for since this was asked last, also where nothing came of it."""


GIVE_UP_SECONDS = 900.0
"""A provider that has not answered a read for so long is given up for this run."""

SHORTEST_PAUSE_SECONDS = 0.5


def pause_asked_for(retry_after: float | None, otherwise: float) -> float:
    """Seconds to wait before asking again. A provider that asks for none is not hammered all the same."""
    return max(SHORTEST_PAUSE_SECONDS, otherwise if retry_after is None else retry_after)


@dataclass(frozen=True, slots=True)
class Run:
    """One apply. `state` gives the state as last saved; `open_dataset` opens the bytes of a dataset by its
    name; `poll_seconds` and `list_lag_seconds` override what the catalogs say. No paid call takes longer than
    `call_seconds`. `from_nothing` says that there was no state when the run began: none yet, or none any more.
    `origin` says who runs it, and `judge` evaluates models."""

    desired: Desired
    providers: Mapping[str, Provider]
    clock: Clock
    state: Callable[[], State]
    tell: Callable[[Event], None]
    open_dataset: Callable[[str], BinaryIO]
    wait: bool = True
    parallelism: int = 10
    poll_seconds: float | None = None
    list_lag_seconds: float | None = None
    call_seconds: float = CALL_TIMEOUT_SECONDS
    from_nothing: bool = False
    origin: Origin = field(default_factory=Origin)
    judge: Judge | None = None

    def declared(self, address: Address) -> DesiredModel:
        """The declared model at `address`. LookupError for one that is not: no plan holds a training of it."""
        model = self.desired.model(address.name)
        if model is None:
            raise LookupError(f"{address} is not declared")
        return model

    def moment(self) -> str:
        """Now, as the state writes times."""
        return self.clock.now().isoformat(timespec="seconds")

    def poll(self, provider: str) -> float:
        known = self.providers[provider].catalog.poll_seconds
        return known if self.poll_seconds is None else self.poll_seconds

    def list_lag(self, provider: str) -> float:
        known = self.providers[provider].catalog.list_lag_seconds
        return known if self.list_lag_seconds is None else self.list_lag_seconds

    def settle_seconds(self, provider: str) -> float:
        """How long after a lost answer a search may still be too early to see what was started."""
        return self.call_seconds + self.list_lag(provider)

    @property
    def window_seconds(self) -> float:
        """A paid call is sent within this time of its intent being saved, or the intent is saved again first."""
        return self.call_seconds / 3
