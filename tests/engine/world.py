"""A whole small world for the engine: a project, a service, a store and a clock, and runs of the real engine in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from fake_service import BASE, FakeService

from ftplan.core.deciding.scope import Scope
from ftplan.core.desired import Desired, resolve
from ftplan.core.evaluating import AliasSpec, EvalSpec
from ftplan.core.events import Event
from ftplan.core.facts import DatasetFacts, TokenFacts
from ftplan.core.keeping.codec import decode_state
from ftplan.core.plan import Plan
from ftplan.core.planner import Policy, make_plan
from ftplan.core.records import State
from ftplan.core.spec import DatasetSpec, Method, ModelSpec, Project, ProviderSpec
from ftplan.core.stores import Blob, Claim
from ftplan.engine.apply import Outcome, apply, settle_intents
from ftplan.engine.context import Run
from ftplan.engine.ledger import Ledger
from ftplan.engine.observe import observe
from ftplan.engine.refresh import refresh_facts
from ftplan.errors import FtplanError, Problem, StateConflict, StateError
from ftplan.testing import StoppedClock

HOUR = 3600.0


class SimulatedCrash(BaseException):
    """The process is gone. No code of ours may catch it."""


class MemoryBackend:
    """A `Backend` whose tags count its saves. The save with a number in `broken` fails; before the one in
    `overtaken` somebody else writes."""

    def __init__(self, log: list[str], around: Callable[[str], None] = lambda label: None) -> None:
        self.blobs: list[bytes] = []
        self.broken: set[int] = set()
        self.overtaken: set[int] = set()
        self.asked = 0
        self._log, self._around = log, around

    def where(self) -> str:
        return "memory"

    def load(self) -> Blob | None:
        return Blob(self.blobs[-1], str(len(self.blobs))) if self.blobs else None

    def lose(self) -> None:
        """The state and every copy of it."""
        self.blobs.clear()

    def save(self, data: bytes, replacing: str | None) -> str:
        self.asked += 1
        if self.asked in self.overtaken:
            self.blobs.append(self.blobs[-1] if self.blobs else b"{}")
        present = self.load()
        if (present.tag if present else None) != replacing:
            raise StateConflict(Problem("somebody else wrote"))
        if self.asked in self.broken:
            raise StateError(Problem("no room"))
        self._around("before save")
        self.blobs.append(data)
        self._log.append("save")
        self._around("after save")
        return str(len(self.blobs))

    def lock(self, claim: Claim, timeout: float) -> None:
        raise NotImplementedError

    def unlock(self, claim_id: str) -> None:
        raise NotImplementedError

    def holder(self) -> Claim | None:
        raise NotImplementedError

    def break_lock(self, claim_id: str) -> None:
        raise NotImplementedError


def model(name: str, dataset: str = "tickets", epochs: int = 3, base: str = BASE, **fields: Any) -> ModelSpec:
    """A declared model of the fake service; `base` may be `model.OTHER`."""
    return ModelSpec(name, "svc", base, dataset, method=Method(n_epochs=epochs), **fields)


@dataclass
class World:
    """`models` is what is declared now. `crash_at` is the number of the boundary at which the process dies, `stop_at`
    the moment (on the clock) at which a signal comes."""

    models: list[ModelSpec]
    clock: StoppedClock = field(default_factory=StoppedClock)
    log: list[str] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    rescued: list[bytes] = field(default_factory=list)
    crash_at: int | None = None
    aliases: list[AliasSpec] = field(default_factory=list)
    boundaries: int = 0

    def __post_init__(self) -> None:
        self.service = FakeService(self.clock, self.log, self._around)
        self.backend = MemoryBackend(self.log, self._around)

    def _around(self, label: str) -> None:
        self.boundaries += 1
        if self.boundaries == self.crash_at:
            raise SimulatedCrash(label)

    # What there is.

    @property
    def state(self) -> State:
        blob = self.backend.load()
        return _decoded(blob.data) if blob else State("support", "lineage-1")

    def desired(self) -> Desired:
        datasets = {name: _facts(name) for spec in self.models for name in (spec.dataset, spec.validation) if name}
        project = Project(
            name="support",
            root="/",
            path="ftplan.yaml",
            digest="d",
            providers={"svc": ProviderSpec("svc", "fake")},
            datasets={name: DatasetSpec(name, f"{name}.jsonl") for name in datasets},
            models={spec.name: spec for spec in self.models},
            aliases={alias.name: alias for alias in self.aliases},
            evals={name: EvalSpec(name, "holdout", ()) for alias in self.aliases for name in alias.requires},
        )
        remembered = {name: record.recipe for name, record in self.state.models.items()}
        desired, problems = resolve(project, datasets, {"svc": self.service.catalog}, remembered)
        assert not problems
        return desired

    def model_id(self, name: str) -> str | None:
        return self.state.models[name].job.fine_tuned_model

    def heard(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    # What is done.

    def declare(self, *models: ModelSpec) -> None:
        self.models = list(models)

    def plan(self, policy: Policy | None = None) -> Plan:
        desired, state = self.desired(), self.state
        seen = observe(desired, state, {"svc": self.service}, Scope())
        return make_plan(desired, state, seen, policy or Policy(), self.clock.now())

    def ledger(self) -> Ledger:
        blob = self.backend.load()
        return Ledger(self.backend, self.state, blob.tag if blob else None, self._tell, self._rescue)

    def run_of(self, ledger: Ledger, **options: Any) -> Run:
        return Run(
            desired=self.desired(),
            providers={"svc": self.service},
            clock=self.clock,
            state=lambda: ledger.state,
            tell=self._tell,
            open_dataset=lambda name: io.BytesIO(_content(name)),
            from_nothing=ledger.from_nothing,
            **options,
        )

    def settle(self, stop: Callable[[], str | None] = lambda: None, **options: Any) -> Mapping[str, FtplanError]:
        """What a new process does before it plans."""
        if not self.state.intents:
            return {}
        ledger = self.ledger()
        return settle_intents(self.run_of(ledger, **options), ledger, stop)

    def carry_out(self, plan: Plan, stop: Callable[[], str | None] = lambda: None, **options: Any) -> Outcome:
        ledger = self.ledger()
        return apply(plan, self.run_of(ledger, **options), ledger, stop)

    def apply(
        self, policy: Policy | None = None, stop: Callable[[], str | None] = lambda: None, **options: Any
    ) -> Outcome:
        """One whole run of a new process: settle, look, bring the state up to date, plan, carry out."""
        assert not self.settle(stop)
        ledger, desired = self.ledger(), self.desired()
        seen = observe(desired, ledger.state, {"svc": self.service}, Scope())
        plan = make_plan(desired, ledger.state, seen, policy or Policy(), self.clock.now())
        for fact in refresh_facts(ledger.state, seen):
            ledger.record(fact)
        return apply(plan, self.run_of(ledger, **options), ledger, stop)

    def stop_after(self, seconds: float) -> Callable[[], str | None]:
        """A signal that comes `seconds` from now."""
        when = self.clock.monotonic() + seconds
        return lambda: "SIGTERM" if self.clock.monotonic() >= when else None

    def stop_when(self, label: str, hit: int = 1) -> Callable[[], str | None]:
        """A signal that comes with the given call of the service."""
        return lambda: "SIGINT" if self.service.calls[label] >= hit else None

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        self.log.append(f"told {type(event).__name__}")

    def _rescue(self, data: bytes) -> str:
        self.rescued.append(data)
        return "/elsewhere/copy"


@lru_cache(maxsize=256)
def _decoded(data: bytes) -> State:
    return decode_state(data, "memory")


def _content(dataset: str) -> bytes:
    return f"rows of {dataset}\n".encode()


def _facts(dataset: str) -> DatasetFacts:
    data = _content(dataset)
    return DatasetFacts(
        sha256=sha256(data).hexdigest(),
        content_sha256=sha256(b"meaning of " + data).hexdigest(),
        bytes=len(data),
        rows=12,
        format="chat",
        tokens={"o200k_base": TokenFacts(1000, 100, 1)},
    )
