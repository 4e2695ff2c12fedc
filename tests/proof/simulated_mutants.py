"""The wrong designs that others have shipped, each a `Design` that differs from ftplan in one seam."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from simulated_doors import Store, Watch, Wire
from simulated_run import Design

from ftplan.core.events import Fact, IntentDropped, TrainingIntended
from ftplan.core.facts import RemoteJob
from ftplan.core.ports import Clock, JobRequest, Provider
from ftplan.core.recipe import MARK_KEY
from ftplan.core.stores import Backend
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger
from ftplan.errors import FtplanError, OutcomeUnknown, Problem, Rejected, Unreachable


class NoIntent(Design):
    """The paid call is made first and remembered afterwards."""

    def ledger(self) -> type[Ledger]:
        return _NoIntents


class _NoIntents(Ledger):
    def record(self, fact: Fact) -> None:
        if not isinstance(fact, TrainingIntended):
            super().record(fact)


class IntentOnlyWarnedAbout(Design):
    """An open intent of an earlier run is mentioned, dropped, and trained anew."""

    def settle(self, run: Run, ledger: Ledger) -> Mapping[str, FtplanError]:
        for name in list(ledger.state.intents):
            ledger.record(IntentDropped(name, "the user was warned"))
        return {}


class SdkRetries(Design):
    """The SDK sends a create again when its answer is lost."""

    def provider(self, wire: Wire) -> Provider:
        return _Retrying(wire)


class TimeoutTakenForFailure(Design):
    """No answer to a create is taken for: nothing was created."""

    def provider(self, wire: Wire) -> Provider:
        return _Hasty(wire)


class FailedSearchTakenForEmpty(Design):
    """A search that was not answered is taken for one that found nothing."""

    def provider(self, wire: Wire) -> Provider:
        return _Deaf(wire)


class NoWait(Design):
    """A search that finds nothing is believed at once."""

    def run(self) -> Callable[..., Run]:
        return partial(Run, call_seconds=0.0, list_lag_seconds=0.0)


class NoLookup(Design):
    """Nobody looks whether a call was made before it is made again."""

    def provider(self, wire: Wire) -> Provider:
        return _Blind(wire)


class UnconditionalWrite(Design):
    """The state is written over whatever is there."""

    def backend(self, store: Store) -> Backend:
        return _Trampling(store)


class NoWindow(Design):
    """A call is sent however long ago its intent was saved."""

    def clock(self, watch: Watch) -> Clock:
        return _Unaware(watch)


class _Instead:
    """Something of the world's with one thing done otherwise."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class _Retrying(_Instead):
    def start_job(self, request: JobRequest) -> RemoteJob:
        try:
            return self._whole.start_job(request)
        except OutcomeUnknown:
            return self._whole.start_job(request)


class _Hasty(_Instead):
    def start_job(self, request: JobRequest) -> RemoteJob:
        try:
            return self._whole.start_job(request)
        except OutcomeUnknown as doubt:
            raise Rejected(Problem("timed out")) from doubt


class _Deaf(_Instead):
    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        try:
            return self._whole.find_jobs(marks)
        except Unreachable:
            return ()


class _Blind(_Instead):
    def find_jobs(self, marks: Mapping[str, str]) -> Sequence[RemoteJob]:
        return () if MARK_KEY in marks else self._whole.find_jobs(marks)


class _Unaware(_Instead):
    """Time that goes by while the run does something, and does not wait, is not seen."""

    def __init__(self, whole: Watch) -> None:
        super().__init__(whole)
        self._seen = whole.monotonic()

    def monotonic(self) -> float:
        return self._seen

    def sleep(self, seconds: float) -> None:
        self._whole.sleep(seconds)
        self._seen += seconds


class _Trampling(_Instead):
    def save(self, data: bytes, replacing: str | None) -> str:
        present = self._whole.present()
        return self._whole.save(data, present.tag if present else None)
