"""The figures of a job as they are kept: compact JSON beside the state, under a name made of the job's id, or packed
within it, where a backend has no room beside."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from ftplan.core.metrics import Measured, Metrics, Source, measured, points_of, thinned

METRICS_ENDING = ".metrics"
VERSION = 1
MOST_PACKED_STEPS = 1_000
"""A state is written anew with every fact: 30 kB a job are enough."""
_LARGEST_UNPACKED = 64 * 1024 * 1024
_SOURCES: tuple[Source, ...] = ("results file", "checkpoints", "events")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,91}")


@dataclass(frozen=True, slots=True)
class KeptMetrics:
    """The figures of one job that is over. `rehearsal` says that an emulator made them; `of_steps` how many steps there
    were, where not all of them are here."""

    job_id: str
    provider: str
    metrics: Metrics
    rehearsal: bool = False
    of_steps: int | None = None


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
    if kept.of_steps is not None:
        document["of_steps"] = kept.of_steps
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
    provider, of_steps = document.get("provider"), document.get("of_steps")
    return KeptMetrics(
        job_id,
        provider if isinstance(provider, str) else "",
        _metrics(found, _table(document.get("sources")), _table(document.get("not_finite"))),
        document.get("rehearsal") is True,
        of_steps if isinstance(of_steps, int) else None,
    )


def pack_metrics(kept: KeptMetrics) -> str:
    """The figures as text for the state: of many steps some, evenly, with the highest and the lowest figures."""
    steps = len(kept.metrics.steps)
    if steps > MOST_PACKED_STEPS:
        kept = replace(kept, metrics=thinned(kept.metrics, MOST_PACKED_STEPS), of_steps=steps)
    return base64.b64encode(zlib.compress(encode_metrics(kept), 9)).decode()


def unpack_metrics(text: str, job_id: str) -> KeptMetrics | None:
    """What was packed of the job; None for anything else."""
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), _LARGEST_UNPACKED)
    except (binascii.Error, zlib.error, ValueError):
        return None
    return decode_metrics(data, job_id)


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
