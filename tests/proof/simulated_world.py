"""A world to pay in: a project, a service that keeps the books, a store that keeps every version, and virtual time.

Nothing here knows ftplan's engine. The world goes on whether or not anybody runs, counts what was paid for, and
writes down whatever must never happen, by the name of the promise that it breaks:

I1  one call key buys one job, and one recipe is not bought again while what was bought of it is good
I2  nothing is bought that no plan announced, and what failed is not announced again without consent
I3  the serial grows by exactly one a write
I4  a run that was overtaken writes nothing more
I5  at rest no intent is open, the plan is empty, the state says what the provider says, and no job is forgotten
I6  at rest every remembered job stands in the ledger once, that of a model with its bill, and no reserve is left over
I7  no run deletes what a name stands for, and at rest each name stands for its model's output, or where it was rolled
    back to: never for what a run has deleted
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import sha256
from typing import Any

from fake_service import FakeService

from ftplan.core.desired import Desired, resolve
from ftplan.core.evaluating import AliasSpec
from ftplan.core.facts import DatasetFacts, Phase, RemoteFile, RemoteJob, TokenFacts
from ftplan.core.keeping.codec import decode_state
from ftplan.core.ports import JobRequest
from ftplan.core.recipe import MARK_FINGERPRINT, MARK_KEY
from ftplan.core.records import State
from ftplan.core.spec import DatasetSpec, ModelSpec, Project, ProviderSpec

START = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
PROMISED_LAG_SECONDS = 60.0
"""What the fake service's catalog promises: no list lags longer behind a create."""


class Crash(BaseException):
    """The process is gone. No code of ours may catch it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that is still on its way, and when it arrives."""

    due: float
    order: int
    request: JobRequest | RemoteFile


@dataclass(frozen=True, slots=True)
class Version:
    """One write of the state, and the run that made it."""

    data: bytes
    writer: str


@dataclass
class World:
    """`models`, `contents` and `aliases` (the model of each name) are what is declared now; `approved` holds the key of
    each call that a plan announced.

    `forgotten` are jobs that no state knows any more, by somebody's wish or mishap, `unwanted` the ones that somebody
    asked to be replaced, `deleted` the models that a run deleted; `late` are the requests that have not arrived yet,
    and no search is answered until `deaf_until`."""

    models: list[ModelSpec]
    contents: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    late: list[Delivery] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    writes: int = 0
    deaf_until: float = 0.0
    approved: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    unwanted: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = FakeService(self, [])
        self.service.training_seconds, self.service.trained_tokens = 20.0, 3100

    # Time. A world is its own clock; every run has a watch that shows it.

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.advance_to(self.seconds + seconds)

    def advance_to(self, when: float) -> None:
        """Time goes by, and what was on its way arrives at its own moment."""
        due = sorted((d for d in self.late if d.due <= when), key=lambda d: (d.due, d.order))
        self.late = [d for d in self.late if d.due > when]
        for delivery in due:
            self.seconds = max(self.seconds, delivery.due)
            if isinstance(delivery.request, JobRequest):
                self.accept(delivery.request)
            else:
                self.service.files.setdefault(delivery.request.id, delivery.request)
        self.seconds = max(self.seconds, when)

    # The books.

    def approve(self, key: str, recipe: str, name: str, *, instead: bool) -> None:
        """A plan announced this call for the model `name`; `instead` of what was bought of the recipe before."""
        self.approved.add(key)
        tries = [job for job in self.jobs() if job.metadata[MARK_FINGERPRINT] == recipe]
        ended = tries[-1].phase if tries else None
        sharing = (model for model in self.desired(self.state).models if model.fingerprint == recipe)
        consent = instead or any(model.spec.lifecycle.retry_failed for model in sharing)
        if ended in (Phase.FAILED, Phase.CANCELLED) and not consent:
            self.breaks("I2", f"model.{name} failed and was to be bought again without consent")
        if instead:
            self.unwanted |= {job.id for job in self.jobs() if job.metadata[MARK_FINGERPRINT] == recipe}

    def accept(self, request: JobRequest) -> RemoteJob:
        """A paid job begins. Whatever was wrong with buying it is written down."""
        key, recipe = request.metadata[MARK_KEY], request.metadata[MARK_FINGERPRINT]
        earlier = self.jobs()
        if any(job.metadata[MARK_KEY] == key for job in earlier):
            self.breaks("I1", f"key {key[:8]} of {request.metadata['ftplan_address']} was paid for twice")
        elif any(job.metadata[MARK_FINGERPRINT] == recipe and self.is_good(job) for job in earlier):
            self.breaks("I1", f"recipe {recipe[:8]} of {request.metadata['ftplan_address']} was paid for twice")
        if key not in self.approved:
            self.breaks("I2", f"key {key[:8]} was never planned")
        return self.service.start_job(request)

    def delete(self, model_id: str) -> bool:
        """A run deletes a model."""
        for alias in self.state.aliases.values():
            if alias.now.model_id == model_id:
                self.breaks("I7", f"{model_id} was deleted while alias.{alias.name} stood for it")
        self.deleted.add(model_id)
        return self.service.delete_model(model_id)

    def jobs(self) -> list[RemoteJob]:
        """Every job that was ever accepted, as it stands now."""
        return [job for job in map(self.service.shown, list(self.service.jobs)) if job is not None]

    def is_good(self, job: RemoteJob) -> bool:
        """Whether a job runs, or gave a model that is still there, and nobody asked for another one instead."""
        if job.id in self.unwanted:
            return False
        return not job.phase.settled or (
            job.phase is Phase.SUCCEEDED and job.fine_tuned_model not in self.service.deleted
        )

    def breaks(self, promise: str, what: str) -> None:
        self.broken.append(f"{promise}: {what}")

    def unrecorded(self) -> int:
        """Jobs that were accepted and that no record holds yet: they live in an intent, or nowhere."""
        return len({job.id for job in self.jobs()} - self.remembered() - self.forgotten)

    def remembered(self) -> set[str]:
        """The jobs that some record holds, as its own or as a former one."""
        records = self.state.models.values()
        return {r.job.id for r in records} | {old.job.id for r in records for old in r.former}

    # What is declared, and what is stored.

    def store(self, version: Version) -> None:
        """One more write of the state. It may let go of what is declared no more, and of nothing else."""
        before, after = self.state, decoded(version.data)
        if after.serial != before.serial + 1:
            self.breaks("I3", f"serial {before.serial} was followed by {after.serial}")
        gone = set(before.models) - set(after.models) - {spec.name for spec in self.models}
        for record in (before.models[name] for name in gone):
            self.forgotten |= {record.job.id, *(old.job.id for old in record.former)}
        self.versions = [*self.versions[-3:], version]
        self.writes += 1

    @property
    def state(self) -> State:
        return decoded(self.versions[-1].data) if self.versions else State("support", "lineage-1")

    def desired(self, state: State) -> Desired:
        names = {name for spec in self.models for name in (spec.dataset, spec.validation) if name}
        project = Project(
            name="support",
            root="/",
            path="ftplan.yaml",
            digest="d",
            providers={"svc": ProviderSpec("svc", "fake")},
            datasets={name: DatasetSpec(name, f"{name}.jsonl") for name in names},
            models={spec.name: spec for spec in self.models},
            aliases={name: AliasSpec(name, model) for name, model in self.aliases.items()},
        )
        remembered = {name: record.recipe for name, record in state.models.items()}
        facts = {name: measured(self.content(name)) for name in names}
        desired, problems = resolve(project, facts, {"svc": self.service.catalog}, remembered)
        assert not problems
        return desired

    def content(self, dataset: str) -> bytes:
        return self.contents.get(dataset, f"rows of {dataset}\n").encode()

    # Copies, so that one past can have many futures.

    def copy(self) -> World:
        twin = replace(self)
        lists = ("models", "late", "versions", "broken")
        for name in (*lists, "contents", "aliases", "approved", "forgotten", "unwanted", "deleted"):
            setattr(twin, name, copy.copy(getattr(self, name)))
        twin.service.resume(self.service)
        return twin

    def digest(self) -> str:
        """Equal for worlds that have the same future, whatever their past."""
        now, service = self.seconds, self.service
        seen: list[Any] = [
            self.versions[-1].data.decode() if self.versions else "",
            [(str(job.shown), now - job.made, job.ending.value) for job in service.jobs.values()],
            sorted(map(str, service.files.values())),
            [(delivery.due - now, str(delivery.request)) for delivery in self.late],
            sorted(service.deleted),
            max(0.0, self.deaf_until - now),
            sorted(self.approved),
            sorted(self.unwanted),
            sorted(self.deleted),
            self.broken,
        ]
        return sha256(json.dumps(seen).encode()).hexdigest()


@lru_cache(maxsize=1024)
def decoded(data: bytes) -> State:
    return decode_state(data, "memory")


@lru_cache(maxsize=64)
def measured(data: bytes) -> DatasetFacts:
    return DatasetFacts(
        sha256=sha256(data).hexdigest(),
        content_sha256=sha256(b"meaning of " + data).hexdigest(),
        bytes=len(data),
        rows=12,
        format="chat",
        tokens={"o200k_base": TokenFacts(1000, 100, 1)},
    )
