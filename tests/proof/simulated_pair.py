"""Runs side by side, interleaved at every effect by a seeded scheduler: each in a thread of its own, of which only
one ever goes on, so a seed always tells the same history.

The scheduler may freeze a run anywhere for minutes, kill it, lose or delay what it sends, and take its lock away.
One freeze is bounded: a request on its way arrives within the time a call may take, or never. `unbounded` lifts that.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from simulated_doors import CALL_ACCIDENTS, Lock
from simulated_rest import come_to_rest
from simulated_run import FTPLAN, Design, Incarnation
from simulated_world import Crash, World

from ftplan.core.ports import CALL_TIMEOUT_SECONDS

FREEZES = (5.0, 30.0, 100.0, 200.0, 400.0)
CALLS = ("put_file", "start_job")


class Runner:
    """One run, and the `Fate` that hands every step of it to the scheduler."""

    def __init__(self, world: World, who: str, lock: Lock, design: Design, wait: bool) -> None:
        self.world, self.who = world, who
        self.at = "birth"
        self.due = world.seconds
        self.sent: float | None = None
        self.ended: str | None = None
        self._order = ""
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._life = Incarnation(world, self, who, lock, design, wait=wait)
        self.told = self._life.told
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def step(self, order: str = "") -> None:
        """Lets it go on to its next effect; `order` is what befalls the one it stands at."""
        self._order = order
        self._mine.release()
        self._theirs.acquire()
        if self.ended is not None:
            self._thread.join()

    def _live(self) -> None:
        self._mine.acquire()
        self.ended = "dead" if self._order == "crash before" else self._life.live()
        self._theirs.release()

    def _stand(self, at: str) -> str:
        self.at = at
        self._theirs.release()
        self._mine.acquire()
        if self._order == "crash before":
            raise Crash(at)
        return self._order

    def meets(self, effect: str) -> str:
        self.sent = self.world.seconds if effect in CALLS else None
        order = self._stand(effect)
        self.sent = None
        return order

    def leaves(self, effect: str) -> None:
        self._stand(f"after {effect}")

    def sleeps(self, seconds: float) -> None:
        self.due = self.world.seconds + seconds
        self._stand("asleep")


@dataclass
class Interleaving:
    """A history told by `seed`: up to `lives` runs, two at a time where the lock is taken away."""

    world: World
    seed: int
    design: Design = FTPLAN
    lives: int = 5
    unbounded: bool = False
    lock: Lock = field(default_factory=lambda: Lock(dead=set()))
    thefts: int = 0
    fenced: int = 0
    accepted_unrecorded: int = 0
    told: list[object] = field(default_factory=list)

    def take(self) -> Interleaving:
        """Everybody's whole life, then rest."""
        self.live()
        come_to_rest(self.world, self.design)
        return self

    def live(self) -> None:
        """Everybody's whole life."""
        self._chance = random.Random(self.seed)
        self._runners: list[Runner] = []
        born = 0
        while self._runners or born < self.lives:
            if born < self.lives and (not self._runners or (len(self._runners) < 2 and self._chance.random() < 0.1)):
                born += 1
                wait = self._chance.random() < 0.8
                self._runners.append(Runner(self.world, f"run {born}", self.lock, self.design, wait))
            self._turn()

    def _turn(self) -> None:
        chance, world = self._chance, self.world
        if self.lock.claim is not None and chance.random() < 0.03:
            self.lock.claim, self.thefts = None, self.thefts + 1
        ready = [runner for runner in self._runners if runner.due <= world.seconds]
        if not ready:
            self._pass_time(min(runner.due for runner in self._runners))
            return
        runner = chance.choice(ready)
        if chance.random() < 0.06 and runner.at != "birth":
            runner.due = world.seconds + chance.choice(FREEZES)
            return
        self._step(runner, self._accident(runner))

    def _pass_time(self, until: float) -> None:
        """Time goes by; a request on its way does not outlive the time that a call may take."""
        sending = [r for r in self._runners if r.sent is not None and not self.unbounded]
        for runner in sending:
            if runner.sent is not None and runner.sent + CALL_TIMEOUT_SECONDS <= until:
                self.world.advance_to(max(self.world.seconds, runner.sent + CALL_TIMEOUT_SECONDS))
                runner.due = self.world.seconds
                self._step(runner, self._accident(runner))
                return
        self.world.advance_to(until)

    def _accident(self, runner: Runner) -> str:
        chance = self._chance.random()
        if chance < 0.015:
            return "crash before"
        if runner.at in CALLS and chance < 0.3:
            return self._chance.choice(CALL_ACCIDENTS)
        if runner.at == "save" and chance < 0.03:
            return self._chance.choice(("crash after", "not saved", "saved, answer lost"))
        if runner.at == "find_jobs" and chance < 0.1:
            return self._chance.choice(("no answer", "stale filter"))
        return ""

    def _step(self, runner: Runner, accident: str) -> None:
        runner.step(accident)
        if runner.ended is None:
            return
        self._runners.remove(runner)
        self.told += runner.told
        self.fenced += runner.ended == "fenced"
        if runner.ended == "dead":
            self.accepted_unrecorded += self.world.unrecorded() > 0
            assert self.lock.dead is not None
            self.lock.dead.add(runner.who)


def overtake(world: World, at: str, hit: int, seconds: float, design: Design = FTPLAN) -> list[Runner]:
    """A run is frozen for `seconds` where it stands `at` for the `hit`-th time, its lock is taken away, and another run
    lives its whole life meanwhile; then the first goes on. Both, the frozen one first."""
    lock = Lock(dead=set())
    frozen = Runner(world, "frozen", lock, design, wait=True)
    while hit:
        _go_on(world, frozen)
        hit -= frozen.at == at
    awake = world.seconds + seconds
    lock.claim = None
    other = Runner(world, "other", lock, design, wait=True)
    while other.ended is None:
        _go_on(world, other)
    world.advance_to(max(awake, world.seconds))
    while frozen.ended is None:
        _go_on(world, frozen)
    return [frozen, other]


def _go_on(world: World, runner: Runner) -> None:
    world.advance_to(max(world.seconds, runner.due))
    runner.step()
