"""One loop that drives many actions: no threads, one writer, and nothing but a clock to wait on."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, TypeVar

from typing_extensions import assert_never

from ftplan.core.events import TrainingIntended
from ftplan.engine.context import Run
from ftplan.engine.effects import Action, Do, Effect, Pause, Record, Say
from ftplan.engine.ledger import Ledger
from ftplan.errors import FtplanError, StateUnsaved

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class Task(Generic[K]):
    """An action to begin once all of `needs` are done. `begin` gives None for one that is better left alone;
    `lane` and the loop's width bound how many of a kind go on at once; `failed` hears of an error at once."""

    begin: Callable[[], Action[None] | None]
    needs: frozenset[K] = frozenset()
    lane: str | None = None
    failed: Callable[[FtplanError], None] = lambda error: None


@dataclass(slots=True)
class Result(Generic[K]):
    """What came of the tasks. `skipped` maps a task to the failed or skipped one it needed, or to itself where its
    own `begin` declined; `stopped` names the signal that ended the loop before `left` were done."""

    done: list[K] = field(default_factory=list)
    failed: dict[K, FtplanError] = field(default_factory=dict)
    skipped: dict[K, K] = field(default_factory=dict)
    left: list[K] = field(default_factory=list)
    stopped: str | None = None


class Loop(Generic[K]):
    """Drives `tasks`. `stop` is asked between any two turns: a call in hand is finished and its answer saved."""

    def __init__(
        self, run: Run, ledger: Ledger, stop: Callable[[], str | None], tasks: Mapping[K, Task[K]], width: int = 10
    ) -> None:
        self._run, self._ledger, self._stop, self._tasks, self._width = run, ledger, stop, tasks, width
        self._going: dict[K, Action[None]] = {}
        self._held: dict[K, Do | Record] = {}
        self._due: list[tuple[float, int, K]] = []
        self._order = count()
        self._result: Result[K] = Result()

    def drive(self) -> Result[K]:
        """Everything that could be carried out. Raises `StateUnsaved` at once: with no state, nothing goes on."""
        try:
            while not self._stopped():
                self._begin_what_is_free()
                if not self._due:
                    break
                self._step()
        finally:
            for action in self._going.values():
                action.close()
        ended = {*self._result.done, *self._result.failed, *self._result.skipped}
        self._result.left = [key for key in self._tasks if key not in ended]
        return self._result

    def _stopped(self) -> bool:
        self._result.stopped = self._stop()
        return self._result.stopped is not None

    def _step(self) -> None:
        when, order, key = heapq.heappop(self._due)
        wait = when - self._run.clock.monotonic()
        if wait > 0:
            self._run.clock.sleep(wait)
            if self._stop() is not None:
                heapq.heappush(self._due, (when, order, key))
                return
        self._advance(key)

    def _begin_what_is_free(self) -> None:
        ended = {*self._result.done, *self._result.failed, *self._result.skipped}
        for key, task in self._tasks.items():
            if key in self._going or key in ended:
                continue
            broken = {need for need in task.needs if self._broken(need)}
            if broken:
                self._result.skipped[key] = next(need for need in self._tasks if need in broken)
            elif task.needs <= ended and self._room(task):
                self._begin(key, task)

    def _broken(self, key: K) -> bool:
        return key in self._result.failed or key in self._result.skipped

    def _room(self, task: Task[K]) -> bool:
        if task.lane is None:
            return True
        return sum(1 for key in self._going if self._tasks[key].lane == task.lane) < self._width

    def _begin(self, key: K, task: Task[K]) -> None:
        action = task.begin()
        if action is None:
            self._result.skipped[key] = key
            return
        self._going[key] = action
        self._again(key, 0.0)

    def _again(self, key: K, seconds: float) -> None:
        heapq.heappush(self._due, (self._run.clock.monotonic() + seconds, next(self._order), key))

    def _advance(self, key: K) -> None:
        """One turn of one task: its next call and all that follows from the answer, up to what begins the turn
        after. So an answer is saved before a signal is heeded, and nothing comes between an intent and its call."""
        effect = self._held.pop(key, None) or self._next(key, None, None)
        begun: Do | Record | None = None
        while effect is not None:
            if isinstance(effect, Pause):
                return self._again(key, effect.seconds)
            if not isinstance(effect, Say) and _begins(effect):
                if begun is not None and not (isinstance(begun, Record) and isinstance(effect, Do)):
                    self._held[key] = effect
                    return self._again(key, 0.0)
                begun = effect
            effect = self._next(key, *self._perform(effect))
        return None

    def _next(self, key: K, answer: Any, error: FtplanError | None) -> Effect | None:
        """What the task wants done next, None when it has ended."""
        action = self._going[key]
        try:
            return action.throw(error) if error else action.send(answer)
        except StopIteration:
            self._result.done.append(key)
        except FtplanError as failure:
            self._result.failed[key] = failure
            self._tasks[key].failed(failure)
        del self._going[key]
        return None

    def _perform(self, effect: Do | Record | Say) -> tuple[Any, FtplanError | None]:
        """The effect's answer, or the error to raise where it was asked for."""
        match effect:
            case Record():
                self._ledger.record(effect.fact)
                return None, None
            case Say():
                self._run.tell(effect.notice)
                return None, None
            case Do():
                try:
                    return effect.call(), None
                except StateUnsaved:
                    raise
                except FtplanError as error:
                    return None, error
            case _:
                assert_never(effect)


def _begins(effect: Do | Record) -> bool:
    """Whether something new begins here: a call, or the intent of a paid one."""
    return isinstance(effect, Do) or isinstance(effect.fact, TrainingIntended)
