"""Every schedule of one accident and of two: at each effect of each run, each accident that can befall it.

A schedule is a set of accidents, and its history goes on, run after run, until the world is at rest. Worlds that
have the same future are followed once, however they came about; the schedules that lead there are counted all the
same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simulated_doors import ENDS_AFTER, ENDS_BEFORE, accidents
from simulated_rest import RUNS, at_rest, check_rest, take_breath
from simulated_run import FTPLAN, Design, Incarnation, Script
from simulated_world import World
from world import model


def two_models_and_a_chained_third(lag: float) -> World:
    """Two models on one dataset, and a third on top of the first; lists lag by `lag` seconds."""
    world = World([model("a"), model("b", epochs=1), model("child", base="model.a")])
    world.service.lag = lag
    return world


@dataclass
class Survey:
    """What was looked at. `schedules` were covered by `runs`; in so many of them a run ended with a job accepted
    that no record held; `broken` maps what must never happen to the accidents that led there.

    A survey may be one of several `parts`, which share out the first accidents. Where `share` is less than one, it is
    the part of the second accidents that is tried, drawn by `seed`; `only` names the accidents to try where not all
    are wanted; the survey ends once `enough` promises are broken."""

    design: Design = FTPLAN
    wait: bool = True
    part: int = 0
    parts: int = 1
    share: float = 1.0
    seed: int = 1
    only: frozenset[str] | None = None
    enough: int | None = None
    schedules: int = 0
    runs: int = 0
    accepted_unrecorded: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def take(self, world: World, faults: int) -> Survey:
        """Every schedule of up to `faults` accidents that begins in `world`."""
        self.schedules = self._follow(world, faults, "", 0)
        return self

    def _follow(self, world: World, faults: int, past: str, age: int) -> int:
        """The schedules from here on; `age` counts the undisturbed runs that came to nothing new."""
        self._judge(world, past)
        key = (world.digest(), faults, age)
        if key not in self._known:
            self._known[key] = 1
            self._known[key] = self._futures(world, faults, past, age)
        return self._known[key]

    def _futures(self, world: World, faults: int, past: str, age: int) -> int:
        if self._enough():
            return 0
        life = _Life(world, past, self.wait or age > 0)
        fate, quiet = self._live(life)
        if at_rest(quiet) or age == RUNS:
            check_rest(quiet)
            self._judge(quiet, past)
            covered = 1
        else:
            covered = self._follow(quiet, faults, past, age + 1)
        return covered + (self._accidents(life, fate, faults) if faults else 0)

    def _accidents(self, life: _Life, fate: Script, faults: int) -> int:
        """The schedules in which `life`, which went as `fate` tells, meets one accident more. Those that end it in
        the same world, where nothing was written and no time went by between, are one."""
        covered, endings = 0, {}
        for number in range(max(life.script, default=-1) + 1, len(fate.effects)):
            if not life.past and number % self.parts != self.part:
                continue
            seconds, written = fate.moments[number]
            for accident in accidents(fate.effects[number]):
                if self._skips(accident, faults, life.past):
                    continue
                ending = (seconds, written + (accident in ENDS_AFTER))
                if accident not in ENDS_BEFORE + ENDS_AFTER:
                    covered += self._with(life.meeting(number, accident), faults)
                    continue
                if ending not in endings:
                    endings[ending] = self._with(life.meeting(number, accident), faults)
                covered += endings[ending]
        return covered

    def _skips(self, accident: str, faults: int, past: str) -> bool:
        unwanted = self.only is not None and accident not in self.only
        return unwanted or self._enough() or (faults == 1 and past != "" and self._chance.random() >= self.share)

    def _with(self, life: _Life, faults: int) -> int:
        """The schedules of this very `life`; what is left of `faults` after its accidents comes later, in it or in
        the lives to come."""
        fate, after = self._live(life)
        last = max(life.script)
        life = replace(life, past=f"{life.past}{fate.effects[last]} #{last}: {life.script[last]}; ")
        covered = self._follow(after, faults - 1, life.past, 0)
        return covered + (self._accidents(life, fate, faults - 1) if faults > 1 else 0)

    def _live(self, life: _Life) -> tuple[Script, World]:
        after = life.world.copy()
        fate = Script(after, life.script)
        Incarnation(after, fate, f"run {self.runs}", design=self.design, wait=life.wait).live()
        take_breath(after)
        self.runs += 1
        self.accepted_unrecorded += after.unrecorded() > 0
        return fate, after

    def _judge(self, world: World, past: str) -> None:
        for what in world.broken:
            self.broken.setdefault(what, past)

    def _enough(self) -> bool:
        return self.enough is not None and len(self.broken) >= self.enough


@dataclass(frozen=True, slots=True)
class _Life:
    """One run that is to begin in `world`, the accidents it is to meet, and those before it in words."""

    world: World
    past: str
    wait: bool
    script: Mapping[int, str] = field(default_factory=dict)

    def meeting(self, number: int, accident: str) -> _Life:
        return replace(self, script={**self.script, number: accident})
