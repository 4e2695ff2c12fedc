"""Random small worlds for the laws of planning, and one in which everything that is planned comes true."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.desired import Desired, resolve
from ftplan.core.events import Fact, FileDropped, FileStored, JobSeen, JobStarted, ModelRemoved
from ftplan.core.facts import DatasetFacts, Observation, Phase, RemoteJob, RemoteModel, TokenFacts
from ftplan.core.fold import fold
from ftplan.core.plan import Plan
from ftplan.core.planner import Policy, make_plan
from ftplan.core.recipe import MARK_ADDRESS, MARK_KEY, MARK_PROJECT
from ftplan.core.records import FileRecord, JobRecord, State
from ftplan.core.spec import Address, DatasetSpec, Lifecycle, Method, ModelSpec, Project, ProviderSpec
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Step, Train, Upload

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
NAMES = ("a", "b", "c", "d")
CONTENTS = ("one", "two")
MINI = BaseModel("mini-1", ("supervised",), train_per_million=Decimal(5))
CATALOG = Catalog("openai", "OpenAI", models={"mini-1": MINI}, aliases={"mini": "mini-1"}, prices_as_of="2026-11")


def measured(content: str) -> DatasetFacts:
    return DatasetFacts(f"bytes-{content}", content, 10, 10, "chat", {"o200k_base": TokenFacts(100, 100, 1)})


def project(models: Mapping[str, ModelSpec]) -> Project:
    return Project(
        name="p",
        root="/p",
        path="/p/ftplan.yaml",
        digest="d",
        providers={"openai": ProviderSpec("openai", "openai")},
        datasets={name: DatasetSpec(name, f"{name}.jsonl") for name in CONTENTS},
        models=models,
    )


def resolved(declared: Project, state: State, replaced: frozenset[Address] = frozenset()) -> Desired:
    """`declared` as a session resolves it against `state`."""
    kept = {name: r.recipe for name, r in state.models.items() if Address("model", name) not in replaced}
    desired, problems = resolve(declared, {name: measured(name) for name in CONTENTS}, {"openai": CATALOG}, kept)
    assert not problems
    return desired


def planned(declared: Project, state: State, seen: Observation, policy: Policy | None = None) -> Plan:
    policy = policy or Policy()
    return make_plan(resolved(declared, state, policy.replace), state, seen, policy, NOW)


def lifecycles() -> st.SearchStrategy[Lifecycle]:
    return st.builds(
        Lifecycle,
        on_removed=st.sampled_from(("forget", "delete")),
        retry_failed=st.booleans(),
        cancel_running=st.booleans(),
        ignore_changes=st.sampled_from(((), ("seed",), ("dataset", "base_model"))),
    )


@st.composite
def declared_models(draw: st.DrawFn) -> dict[str, ModelSpec]:
    """Up to four models. A parent stands earlier in the alphabet, so there is never a cycle; recipes are so few
    that twins are common."""
    models: dict[str, ModelSpec] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True).map(sorted)):
        parents = [f"model.{other}" for other in models]
        models[name] = ModelSpec(
            name=name,
            provider="openai",
            base_model=draw(st.sampled_from(["mini", *parents])),
            dataset=draw(st.sampled_from(CONTENTS)),
            validation=draw(st.sampled_from((None, "two"))),
            method=Method(n_epochs=draw(st.sampled_from((2, 3)))),
            seed=draw(st.sampled_from((None, 1))),
            lifecycle=draw(lifecycles()),
        )
    return models


@dataclass
class PerfectWorld:
    """A provider that does at once whatever a plan says. It counts what was paid for, by fingerprint."""

    jobs: dict[str, RemoteJob] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    paid: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def observe(self, desired: Desired, state: State) -> Observation:
        """What its answers are to the questions that are asked before a plan."""
        looked = {Address("model", name): record for name, record in state.models.items()}
        ids = {address: self.jobs[r.job.id].fine_tuned_model or r.job.fine_tuned_model for address, r in looked.items()}
        changed = [
            m for m in desired.models if not (r := state.models.get(m.spec.name)) or r.fingerprint != m.fingerprint
        ]
        return Observation(
            jobs={address: self.jobs[record.job.id] for address, record in looked.items()},
            models={a: RemoteModel(i) if i in self.models else None for a, i in ids.items() if i is not None},
            files={key: None for key, record in state.files.items() if record.id not in self.files},
            found={m.address: tuple(self._found(m.fingerprint)) for m in changed},
        )

    def _found(self, fingerprint: str) -> Iterator[RemoteJob]:
        for id, job in self.jobs.items():
            gone = job.phase is Phase.SUCCEEDED and job.fine_tuned_model not in self.models
            if self.fingerprints[id] == fingerprint:
                yield replace(job, fine_tuned_model=None) if gone else job

    def apply(self, state: State, plan: Plan) -> State:
        """`state` after every step of `plan` has come true."""
        for step in plan.steps:
            for fact in self._facts(step, state):
                state = fold(state, fact)
        return state

    def _facts(self, step: Step, state: State) -> list[Fact]:
        match step:
            case Upload():
                return [self._stored(step)]
            case Train():
                return [_started(step, self.train(step, Phase.SUCCEEDED))]
            case Adopt():
                shared = state.models[step.shared_with.name].job.id if step.shared_with else None
                return [_started(step, self._finished(step.job_id or shared))]
            case Await():
                return [JobSeen(step.address.name, _record(self._finished(step.job_id)))]
            case Cancel():
                self.jobs[step.job_id] = replace(self.jobs[step.job_id], phase=Phase.CANCELLED)
                return [JobSeen(step.address.name, _record(self.jobs[step.job_id]))]
            case Forget():
                return [ModelRemoved(step.address.name, deleted=False)]
            case Delete():
                return [self._deleted(step)]

    def _stored(self, step: Upload) -> FileStored:
        id = step.found_id or f"file-{next(self.count)}"
        self.files.add(id)
        name = step.address.name
        return FileStored(
            FileRecord(step.provider, step.content_sha256, step.sha256, 1, step.filename, id, "", (name,))
        )

    def train(self, step: Train, phase: Phase) -> RemoteJob:
        """A new job in `phase`, paid for."""
        self.paid.append(step.fingerprint)
        self.keys.append(step.key)
        marks = {MARK_PROJECT: "p", MARK_ADDRESS: str(step.address), MARK_KEY: step.key}
        number = next(self.count)
        job = RemoteJob(f"job-{number}", phase, phase.value, created_at=number, metadata=marks)
        self.jobs[job.id], self.fingerprints[job.id] = job, step.fingerprint
        return self._finished(job.id) if phase is Phase.SUCCEEDED else job

    def _finished(self, id: str | None) -> RemoteJob:
        assert id is not None
        job = self.jobs[id]
        assert job.phase not in (Phase.FAILED, Phase.CANCELLED), f"{id} is of no use to anybody"
        if not job.fine_tuned_model:
            job = self.jobs[id] = replace(job, phase=Phase.SUCCEEDED, fine_tuned_model=f"ft:{id}")
            self.models.add(f"ft:{id}")
        assert job.fine_tuned_model in self.models, f"the model of {id} was deleted"
        return job

    def _deleted(self, step: Delete) -> Fact:
        if step.file_id is not None:
            self.files.discard(step.file_id)
            return FileDropped(step.provider, step.content_sha256 or "")
        if step.running and step.job_id:
            self.jobs[step.job_id] = replace(self.jobs[step.job_id], phase=Phase.CANCELLED)
        self.models.discard(step.model_id or "")
        return ModelRemoved(step.address.name, deleted=True)


def _started(step: Train | Adopt, job: RemoteJob) -> JobStarted:
    return JobStarted(
        name=step.address.name,
        provider=step.provider,
        fingerprint=step.fingerprint,
        key=step.key,
        attempt=step.attempt,
        recipe=step.recipe,
        job=_record(job),
        parent=str(step.parent) if step.parent else None,
        adopted=isinstance(step, Adopt),
    )


def _record(job: RemoteJob) -> JobRecord:
    return JobRecord(job.id, job.phase, fine_tuned_model=job.fine_tuned_model, created_at=job.created_at)


Scene = tuple[PerfectWorld, State, dict[str, ModelSpec]]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A world with a past, and what is declared today: an earlier project was applied, and then some of its jobs
    failed, still run or were forgotten by the state, and some files and models are gone."""
    world, state = PerfectWorld(), State("p", "lineage-1")
    models: dict[str, ModelSpec] = {}
    for _ in range(draw(st.integers(0, 2))):
        models = draw(declared_models())
        declared = project(models)
        seen = world.observe(resolved(declared, state), state)
        state = with_rules(world.apply(state, planned(declared, state, seen)), declared)
    fates = draw(st.sampled_from((("well", "well", "well", "running", "failed", "deleted"), ("failed",))))
    for id in sorted(world.jobs):
        fate = draw(st.sampled_from(fates))
        if world.jobs[id].phase is not Phase.SUCCEEDED or fate == "well":
            continue
        world.models.discard(f"ft:{id}")
        if fate != "deleted":
            world.jobs[id] = replace(world.jobs[id], phase=Phase(fate), fine_tuned_model=None)
            record = _record(world.jobs[id])
            for name, model in state.models.items():
                if model.job.id == id and draw(st.booleans()):
                    state = fold(state, JobSeen(name, record))
    world.files -= set(draw(st.lists(st.sampled_from(sorted(world.files) or ["none"]))))
    lost = draw(st.sets(st.sampled_from(NAMES), max_size=1))
    state = replace(state, models={name: r for name, r in state.models.items() if name not in lost})
    return world, state, models if draw(st.booleans()) else draw(declared_models())


def with_rules(state: State, declared: Project) -> State:
    """`state` that knows the owner's rules of today."""
    models = {
        name: replace(record, lifecycle=declared.models[name].lifecycle) if name in declared.models else record
        for name, record in state.models.items()
    }
    return replace(state, models=models)


def frozen(value: Any) -> Any:
    """`value` down to its last part, for comparing it with itself later."""
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *(frozen(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, Mapping):
        return tuple((frozen(key), frozen(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, *map(frozen, value))
    return repr(value)
