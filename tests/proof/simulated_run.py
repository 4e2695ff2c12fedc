"""One run of the real engine in a simulated world, put together as the command `apply` does it; and the wrong
designs, which differ from it in one seam each."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulated_doors import WRITES, Fate, Lock, Store, Watch, Wire
from simulated_world import Crash, World, decoded

from ftplan.core.deciding.scope import Scope
from ftplan.core.events import Event, Fact
from ftplan.core.plan import Plan
from ftplan.core.planner import Policy, make_plan
from ftplan.core.ports import Clock, Provider
from ftplan.core.records import State
from ftplan.core.steps import Reason, Train
from ftplan.core.stores import Backend, Claim
from ftplan.engine.apply import apply, settle_intents
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger
from ftplan.engine.observe import observe
from ftplan.engine.refresh import refresh_facts
from ftplan.errors import FtplanError, StateConflict, StateError, StateUnsaved


class Design:
    """ftplan as it is. A wrong design overrides one of these."""

    name = "ftplan"

    def provider(self, wire: Wire) -> Provider:
        return wire

    def backend(self, store: Store) -> Backend:
        return store

    def clock(self, watch: Watch) -> Clock:
        return watch

    def ledger(self) -> type[Ledger]:
        return Ledger

    def run(self) -> Callable[..., Run]:
        return Run

    def settle(self, run: Run, ledger: Ledger) -> Mapping[str, FtplanError]:
        return settle_intents(run, ledger, lambda: None)


FTPLAN = Design()


@dataclass
class Script:
    """A `Fate` written down before: the accident of each effect by its number. `effects` is what happened, `moments`
    the time before each, and how many writes of any kind there had been."""

    world: World
    accidents: Mapping[int, str] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    moments: list[tuple[float, int]] = field(default_factory=list)

    def meets(self, effect: str) -> str:
        written = self.moments[-1][1] + (self.effects[-1] in WRITES) if self.moments else 0
        self.moments.append((self.world.seconds, written))
        self.effects.append(effect)
        return self.accidents.get(len(self.effects) - 1, "")

    def leaves(self, effect: str) -> None:
        return None

    def sleeps(self, seconds: float) -> None:
        self.world.sleep(seconds)


@dataclass
class Incarnation:
    """One process of ftplan: from the lock to the last word, or to its death. `told` is what a reader would see."""

    world: World
    fate: Fate
    who: str = "run"
    lock: Lock = field(default_factory=Lock)
    design: Design = FTPLAN
    policy: Policy = field(default_factory=Policy)
    wait: bool = True
    told: list[Event] = field(default_factory=list)

    def live(self) -> str:
        """How it ended: `done`, `failed`, `refused`, `locked`, `unsettled`, `fenced`, `no state`, `no answer` or
        `dead`."""
        store = Store(self.world, self.fate, self.who, self.lock)
        claim = Claim(f"claim of {self.who}", "apply", self.who, "host", 1, "", "")
        try:
            try:
                store.lock(claim, 0.0)
            except StateError:
                return "locked"
            ended = self._ended(store)
            store.unlock(claim.id)
        except Crash:
            return "dead"
        return ended

    def _ended(self, store: Store) -> str:
        try:
            return self._under_lock(store)
        except StateUnsaved as error:
            return "fenced" if isinstance(error.__cause__, StateConflict) else "no state"
        except FtplanError:
            return "no answer"

    def _under_lock(self, store: Store) -> str:
        blob = store.load()
        state = decoded(blob.data) if blob else State("support", "lineage-1")
        backend = self.design.backend(store)
        ledger = self.design.ledger()(backend, state, blob.tag if blob else None, self._tell, lambda data: "copy")
        providers = {"svc": self.design.provider(Wire(self.world, self.fate))}
        if ledger.state.intents and self.design.settle(self._run(ledger, providers), ledger):
            return "unsettled"
        run = self._run(ledger, providers)
        seen = observe(run.desired, ledger.state, providers, Scope())
        plan = make_plan(run.desired, ledger.state, seen, self.policy, self.world.now())
        if plan.errors:
            return "refused"
        self._approve(plan)
        for fact in refresh_facts(ledger.state, seen):
            ledger.record(fact)
        outcome = apply(plan, run, ledger, lambda: None)
        return "failed" if outcome.failed or outcome.skipped else "done"

    def _run(self, ledger: Ledger, providers: Mapping[str, Provider]) -> Run:
        return self.design.run()(
            desired=self.world.desired(ledger.state),
            providers=providers,
            clock=self.design.clock(Watch(self.world, self.fate)),
            state=lambda: ledger.state,
            tell=self._tell,
            open_dataset=lambda name: io.BytesIO(self.world.content(name)),
            wait=self.wait,
            from_nothing=ledger.from_nothing,
        )

    def _approve(self, plan: Plan) -> None:
        for step in plan.steps:
            if isinstance(step, Train):
                self.world.approve(step.key, step.fingerprint, step.address.name, instead=step.reason is Reason.FORCED)

    def _tell(self, event: Event) -> None:
        self.told.append(event)


def resting_plan(world: World) -> Plan:
    """What `plan` would say now: it looks and changes nothing."""
    return look(world)[0]


def look(world: World) -> tuple[Plan, list[Fact]]:
    """What `plan` would say now, and what an apply would bring up to date before it begins."""
    state, providers = world.state, {"svc": Wire(world, Script(world))}
    desired = world.desired(state)
    seen = observe(desired, state, providers, Scope())
    return make_plan(desired, state, seen, Policy(), world.now()), refresh_facts(state, seen)
