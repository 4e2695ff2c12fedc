"""One row of the decision table's input: a declared model with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.facts import Observation, Phase, RemoteJob
from ftplan.core.money.calibration import Calibration, Kind
from ftplan.core.money.cost import estimate
from ftplan.core.recipe import MARK_ADDRESS, MARK_PROJECT
from ftplan.core.records import JobRecord, ModelRecord, State
from ftplan.core.spec import Address
from ftplan.core.steps import Estimate

Job = TypeVar("Job", RemoteJob, JobRecord)


@dataclass(frozen=True, slots=True)
class Case:
    """One declared model with everything the table looks at. `blocked_by` is a parent that cannot be had;
    `barren` a parent that has no model and gets none in this plan; `forced` says that this run was told to replace
    it; `twin` is an earlier model of this plan that trains the very same recipe; `paid` is another remembered
    model whose good job has this recipe; `calibrations` are what earlier bills say of counts."""

    model: DesiredModel
    desired: Desired
    state: State
    seen: Observation
    blocked_by: Address | None = None
    barren: Address | None = None
    forced: bool = False
    twin: Address | None = None
    paid: ModelRecord | None = None
    calibrations: Mapping[Kind, Calibration] = field(default_factory=dict)

    @property
    def record(self) -> ModelRecord | None:
        return self.state.models.get(self.model.spec.name)

    @property
    def same(self) -> bool:
        return self.record is not None and self.record.fingerprint == self.model.fingerprint

    @property
    def found(self) -> tuple[RemoteJob, ...]:
        return self.seen.found.get(self.model.address, ())

    @property
    def former(self) -> tuple[JobRecord, ...]:
        """The jobs this model had before under the very recipe it has now."""
        record = self.record
        kept = record.former if record else ()
        return tuple(former.job for former in kept if former.fingerprint == self.model.fingerprint)

    @property
    def usable(self) -> RemoteJob | JobRecord | None:
        """The job to take over. What is remembered counts only where the provider was not asked: its own answer
        leaves out a job whose model is gone."""
        if self.model.address in self.seen.found:
            return best_found(self.found)
        return best_found(self.former)

    @property
    def estimate(self) -> Estimate:
        """What training the model once is estimated to cost, by what jobs like it were billed before."""
        model, catalog = self.model, self.desired.catalogs[self.model.spec.provider]
        base = model.base.id if model.base else model.base_model
        method = model.recipe["method"]
        kind = (model.spec.provider, base, method, catalog.rehearsal)
        return estimate(model, catalog, self.calibrations.get(kind))

    @property
    def consents(self) -> bool:
        """Whether another try of this recipe may be paid for. Models of one recipe share one job: one word will do."""
        recipe = (self.model.spec.provider, self.model.fingerprint)
        return any(
            model.spec.lifecycle.retry_failed
            for model in self.desired.models
            if (model.spec.provider, model.fingerprint) == recipe
        )

    @property
    def failed(self) -> RemoteJob | JobRecord | None:
        """The project's last try of the very recipe this model has now, where that ended badly: the state may have
        been lost since, another recipe been tried in between, or the model been called otherwise."""
        tries: list[RemoteJob | JobRecord] = [*self.former, *self._tried_elsewhere()]
        if self.model.address in self.seen.found:
            tries += [job for job in self.found if self._is_ours(job)]
        last = max(tries, key=lambda job: (job.created_at, job.id), default=None)
        return last if last is not None and last.phase in (Phase.FAILED, Phase.CANCELLED) else None

    def _tried_elsewhere(self) -> Iterator[RemoteJob | JobRecord]:
        """The jobs of other remembered models with the same recipe, as they stand now."""
        for record in self.state.models.values():
            same = (record.provider, record.fingerprint) == (self.model.spec.provider, self.model.fingerprint)
            if same and record.name != self.model.spec.name:
                yield self.seen.jobs.get(Address("model", record.name)) or record.job

    def _is_ours(self, job: RemoteJob) -> bool:
        return job.metadata.get(MARK_PROJECT) == self.desired.project.name

    def is_mine(self, job: RemoteJob) -> bool:
        """Whether `job` was started under this model's own name."""
        return self._is_ours(job) and job.metadata.get(MARK_ADDRESS) == str(self.model.address)

    @property
    def in_doubt(self) -> bool:
        """An earlier run may have made a paid call for this model, and nobody can look."""
        return self.model.spec.name in self.state.intents and self.model.address in self.seen.unsearchable


def best_found(found: Iterable[Job]) -> Job | None:
    """The job to take over: the newest that gave a model, else the oldest that still runs."""
    jobs = sorted(found, key=lambda job: (job.created_at, job.id))
    done = [job for job in jobs if job.phase is Phase.SUCCEEDED and job.fine_tuned_model]
    live = [job for job in jobs if not job.phase.settled]
    return done[-1] if done else (live[0] if live else None)


def phase_now(record: ModelRecord, seen: Observation) -> Phase | None:
    """The phase last known of a record's job, None for a job the provider has forgotten."""
    address = Address("model", record.name)
    if address in seen.jobs:
        job = seen.jobs[address]
        return job.phase if job else None
    return record.job.phase


def model_now(record: ModelRecord, seen: Observation) -> str | None:
    """The id of a record's fine-tuned model as far as it is known, None for one that is gone or never was."""
    address = Address("model", record.name)
    if address in seen.models and seen.models[address] is None:
        return None
    job = seen.jobs.get(address)
    return (job.fine_tuned_model if job else None) or record.job.fine_tuned_model


def runs(phase: Phase | None) -> bool:
    """Whether a job in `phase` may still cost money and give a model."""
    return phase is not None and not phase.settled
