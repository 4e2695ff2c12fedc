"""The figures of a job as they are kept beside the state: compact JSON, under a name made of the job's id."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ftplan.core.metrics import Measured, Metrics, Source, measured, points_of

METRICS_ENDING = ".metrics"
VERSION = 1
_SOURCES: tuple[Source, ...] = ("results file", "checkpoints", "events")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,91}")


@dataclass(frozen=True, slots=True)
class KeptMetrics:
    """The figures of one job that is over. `rehearsal` says that an emulator made them."""

    job_id: str
    provider: str
    metrics: Metrics
    rehearsal: bool = False


def kept_name(job_id: str) -> str:
    """What the figures of a job are kept under. Ids that differ in capitals alone share it: what is kept says whose
    it is."""
    lower = job_id.lower()
    stem = lower if _PLAIN.fullmatch(lower) else sha256(job_id.encode(errors="surrogatepass")).hexdigest()
    return stem + METRICS_ENDING


def encode_metrics(kept: KeptMetrics) -> bytes:
    """The figures as JSON. The same figures always give the same bytes."""
    document = {
        "version": VERSION,
        "job_id": kept.job_id,
        "provider": kept.provider,
        "rehearsal": kept.rehearsal,
        "columns": kept.metrics.columns,
        "sources": kept.metrics.sources,
        "not_finite": kept.metrics.not_finite,
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


def decode_metrics(data: bytes, job_id: str) -> KeptMetrics | None:
    """What was kept of the job; None where it is another one's, of another version, or damaged: it can be made again,
    so it is never worth an error."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or (document.get("version"), document.get("job_id")) != (VERSION, job_id):
        return None
    found = measured(points_of(_table(document.get("columns"))))
    provider = document.get("provider")
    return KeptMetrics(
        job_id,
        provider if isinstance(provider, str) else "",
        _metrics(found, _table(document.get("sources")), _table(document.get("not_finite"))),
        document.get("rehearsal") is True,
    )


def _metrics(found: Measured, sources: dict[str, Any], not_finite: dict[str, Any]) -> Metrics:
    # A column that never was a finite number has no points to be read from.
    broken = {name: step for name, step in not_finite.items() if isinstance(step, int) and name in sources}
    columns = {name: found.columns.get(name, {}) for name in sources if name in found.columns or name in broken}
    told = {name: tuple(source for source in _SOURCES if source in _list(sources[name])) for name in columns}
    return Metrics(columns, told, {name: step for name, step in broken.items() if name in columns})


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
