"""The figures of trainings, from the provider and as they are kept beside the state: providers delete theirs when a
base model ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ftplan.cli.opening.session import Session
from ftplan.core.events import FiguresKept
from ftplan.core.facts import Phase
from ftplan.core.keeping.metrics_codec import (
    METRICS_ENDING,
    KeptMetrics,
    decode_metrics,
    encode_metrics,
    kept_name,
    pack_metrics,
    unpack_metrics,
)
from ftplan.core.metrics import RawMetrics, merged
from ftplan.core.ports import HasMetrics
from ftplan.core.records import ModelRecord, PackedFigures, State
from ftplan.core.stores import KeepsBeside
from ftplan.errors import FtplanError, Problem


def kept_metrics(session: Session, state: State, job_id: str) -> KeptMetrics | None:
    """What is kept of the job; None where nothing is, or nothing to be trusted."""
    beside = session.backend.beside(kept_name(job_id)) if isinstance(session.backend, KeepsBeside) else None
    found = decode_metrics(beside, job_id) if beside is not None else None
    if found is None and job_id in state.figures:
        return unpack_metrics(state.figures[job_id].packed, job_id)
    return found


def told_metrics(session: Session, record: ModelRecord) -> tuple[KeptMetrics, RawMetrics] | None:
    """What the provider of a model has measured of its job, together and as it was told; None where it does not know
    the job, or tells no figures. Raises `FtplanError` where it cannot be asked."""
    provider = session.provider(record.provider, f"The job of model.{record.name} is at")
    raw = provider.metrics(record.job.id) if isinstance(provider, HasMetrics) else None
    if raw is None:
        return None
    metrics = merged(raw.results, raw.checkpoints, raw.events, complete=raw.complete)
    return KeptMetrics(record.job.id, record.provider, metrics, provider.catalog.rehearsal), raw


def keep_metrics(session: Session, state: State, record: Callable[..., None]) -> list[Problem]:
    """Keeps the figures of each job of `state` that succeeded and whose figures are not kept yet, and lets go of those
    of jobs that no model has or had: beside the state, or within it by `record` where there is no room beside. Gives
    the warnings; it raises nothing, since it comes behind what matters."""
    backend = session.backend
    beside = backend if isinstance(backend, KeepsBeside) else None
    if beside is not None:
        _drop_unknown(beside, state)
    there = set(beside.beside_names()) if beside is not None else set(map(kept_name, state.figures))
    warnings: list[Problem] = []
    packed: list[FiguresKept] = []
    for model in state.models.values():
        ended = model.job.phase is Phase.SUCCEEDED and model.provider in session.providers
        if not ended or kept_name(model.job.id) in there:
            continue
        try:
            told = _whole(session, model, warnings)
            if told is not None and beside is not None:
                beside.keep_beside(kept_name(model.job.id), encode_metrics(told))
            elif told is not None:
                packed.append(FiguresKept(PackedFigures(model.job.id, pack_metrics(told))))
        except FtplanError as error:
            warnings += [_unkept(model, problem.detail or problem.summary) for problem in error.problems]
    return [*warnings, *_recorded(packed, record)]


def _drop_unknown(backend: KeepsBeside, state: State) -> None:
    wanted = {kept_name(job.id) for model in state.models.values() for job in model.jobs}
    for name in backend.beside_names():
        if name.endswith(METRICS_ENDING) and name not in wanted:
            backend.drop_beside(name)


def _whole(session: Session, model: ModelRecord, warnings: list[Problem]) -> KeptMetrics | None:
    """The figures of its job as they are to be kept; None, and a warning, for what may be whole another time: kept half
    it would never be asked for again."""
    told = told_metrics(session, model)
    if told is None or (told[1].unheard and not told[1].results.columns):
        warnings += [_unkept(model, remark) for remark in (told[1].remarks if told else ())[:1]]
        return None
    return told[0]


def _recorded(packed: Sequence[FiguresKept], record: Callable[..., None]) -> Iterable[Problem]:
    """Writes them into the state, all at once; the warnings where that was not possible."""
    if packed:
        try:
            record(*packed)
        except FtplanError as error:
            yield from (replace(problem, severity="warning") for problem in error.problems)


def _unkept(record: ModelRecord, why: str) -> Problem:
    return Problem(
        "Metrics are not kept",
        f"The figures of the training of model.{record.name} could not be kept beside the state. {why}",
        advice="The model is trained and saved all the same; the next apply tries again.",
        severity="warning",
        address=f"model.{record.name}",
    )
