"""A training as trackers of experiments keep it: parameters by name, figures by step, and what it all came to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeAlias

from ftplan.core.facts import Phase
from ftplan.core.lineage import Lineage, told_recipe
from ftplan.core.metrics import Metrics, Series

Scalar: TypeAlias = str | int | float | bool

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """One job, which is what a tracker knows it by: written twice, it is still one run. `parameters` have dotted
    names, `totals` are figures of the whole training and of its evaluations; times are in epoch seconds."""

    job_id: str
    name: str
    phase: Phase
    created_at: int = 0
    finished_at: int | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Series] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What trackers know it by: the job's id, or what stands for it where that has characters not made for ids."""
        plain = _PLAIN.fullmatch(self.job_id)
        return self.job_id if plain else sha256(self.job_id.encode(errors="surrogatepass")).hexdigest()[:32]


def tracked_run(found: Lineage, metrics: Metrics, *, rehearsal: bool) -> TrackedRun:
    """The run of a model's job. Who had it started is left out: trackers are often somebody else's machines."""
    job = found.job
    return TrackedRun(
        job_id=job.id,
        name=found.name,
        phase=job.phase,
        created_at=job.created_at,
        finished_at=job.finished_at,
        parameters=dict(sorted(_flat("", told_recipe(found)))),
        tags=_tags(found, rehearsal=rehearsal),
        columns=metrics.columns,
        totals=dict(_totals(found)),
    )


def _tags(found: Lineage, *, rehearsal: bool) -> dict[str, str]:
    known = {
        "job_id": found.job.id,
        "model": f"model.{found.name}",
        "model_id": found.model_id,
        "provider": found.provider,
        "fingerprint": found.fingerprint,
        "commit": found.origin.commit,
        "checkpoint": found.checkpoint.wish if found.checkpoint is not None else None,
        "parent": f"model.{found.parent.name}" if found.parent is not None else None,
        "rehearsal": "true" if rehearsal else None,
    }
    return {f"ftplan.{name}": value for name, value in known.items() if value}


def _totals(found: Lineage) -> Iterator[tuple[str, float]]:
    if found.job.trained_tokens is not None:
        yield "trained_tokens", float(found.job.trained_tokens)
    if found.spend is not None and found.spend.amount is not None and not found.spend.rehearsal:
        yield "cost_usd", float(found.spend.amount)
    for one in found.evaluations:
        yield from ((f"eval.{one.name}.{part}", getattr(one, part)) for part in ("score", "low", "high"))


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Scalar]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        elif isinstance(value, (str, int, float)):
            yield f"{prefix}{name}", value
        elif value is not None:
            yield f"{prefix}{name}", json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
