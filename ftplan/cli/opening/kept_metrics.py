"""The figures of trainings, from the provider and as they are kept beside the state: providers delete theirs when a
base model ends."""

from __future__ import annotations

from collections.abc import Iterable

from ftplan.cli.opening.session import Session
from ftplan.core.facts import Phase
from ftplan.core.keeping.metrics_codec import METRICS_ENDING, KeptMetrics, decode_metrics, encode_metrics, kept_name
from ftplan.core.metrics import RawMetrics, merged
from ftplan.core.ports import HasMetrics
from ftplan.core.records import ModelRecord, State
from ftplan.core.stores import KeepsBeside
from ftplan.errors import FtplanError, Problem


def kept_metrics(session: Session, job_id: str) -> KeptMetrics | None:
    """What is kept of the job; None where nothing is, or nothing to be trusted."""
    if not isinstance(session.backend, KeepsBeside):
        return None
    data = session.backend.beside(kept_name(job_id))
    return decode_metrics(data, job_id) if data is not None else None


def told_metrics(session: Session, record: ModelRecord) -> tuple[KeptMetrics, RawMetrics] | None:
    """What the provider of a model has measured of its job, together and as it was told; None where it does not know
    the job, or tells no figures. Raises `FtplanError` where it cannot be asked."""
    provider = session.provider(record.provider, f"The job of model.{record.name} is at")
    raw = provider.metrics(record.job.id) if isinstance(provider, HasMetrics) else None
    if raw is None:
        return None
    metrics = merged(raw.results, raw.checkpoints, raw.events, complete=raw.complete)
    return KeptMetrics(record.job.id, record.provider, metrics, provider.catalog.rehearsal), raw


def keep_metrics(session: Session, state: State) -> list[Problem]:
    """Keeps the figures of each job of `state` that succeeded and whose figures are not kept yet, and lets go of those
    of jobs that no model has or had. Gives the warnings; it raises nothing, since it comes behind what matters."""
    backend = session.backend
    if not isinstance(backend, KeepsBeside):
        return []
    wanted, there = {kept_name(job_id) for job_id in _jobs(state)}, backend.beside_names()
    for name in there:
        if name.endswith(METRICS_ENDING) and name not in wanted:
            backend.drop_beside(name)
    warnings: list[Problem] = []
    for record in state.models.values():
        ended = record.job.phase is Phase.SUCCEEDED and record.provider in session.providers
        if ended and kept_name(record.job.id) not in there:
            warnings += _kept(session, backend, record)
    return warnings


def _kept(session: Session, backend: KeepsBeside, record: ModelRecord) -> Iterable[Problem]:
    """Keeps the figures of one job; the warnings where that was not possible."""
    try:
        told = told_metrics(session, record)
        # What may be whole another time is not kept half: it would never be asked for again.
        if told is None or (told[1].unheard and not told[1].results.columns):
            remarks = told[1].remarks if told else ()
            return [_unkept(record, remark) for remark in remarks[:1]]
        backend.keep_beside(kept_name(record.job.id), encode_metrics(told[0]))
        return ()
    except FtplanError as error:
        return [_unkept(record, problem.detail or problem.summary) for problem in error.problems]


def _unkept(record: ModelRecord, why: str) -> Problem:
    return Problem(
        "Metrics are not kept",
        f"The figures of the training of model.{record.name} could not be kept beside the state. {why}",
        advice="The model is trained and saved all the same; the next apply tries again.",
        severity="warning",
        address=f"model.{record.name}",
    )


def _jobs(state: State) -> Iterable[str]:
    for record in state.models.values():
        yield record.job.id
        yield from (former.job.id for former in record.former)
