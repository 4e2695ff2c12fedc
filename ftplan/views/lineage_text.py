"""Where a model comes from and what became of it, for a person and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ftplan.core.diagnosis import diagnosis
from ftplan.core.handover import Origin
from ftplan.core.lineage import Lineage
from ftplan.core.metrics import Metrics, best_step
from ftplan.views.json_text import plain
from ftplan.views.plan_attributes import value_text
from ftplan.views.plan_money import dollars
from ftplan.views.style import Style, clean


def render_lineage(found: Lineage, metrics: Metrics | None, style: Style) -> str:
    """Everything, a block for each thing, and one for each model below it; without a newline at its end."""
    document = lineage_document(found, metrics)
    lines = [style.bold(f"model.{clean(found.name)}") + (" (a former job)" if found.retired else ""), *_lines(document)]
    parent = found.parent
    while parent is not None:
        lines += ["", style.bold(f"trained on top of model.{clean(parent.name)}")]
        lines += _lines(lineage_document(parent, None))
        parent = parent.parent
    return "\n".join(lines)


def lineage_document(found: Lineage, metrics: Metrics | None) -> dict[str, Any]:
    """Everything as plain data; what is not known is left out. `parent` is the same of the model below it."""
    job, origin = found.job, found.origin
    told = {
        "model": found.model_id,
        "provider": found.provider,
        "alias": [_present(plain_of(one)) for one in found.standings],
        "evaluation": [_evaluation(one) for one in found.evaluations],
        "started": _started(origin),
        "adopted": found.adopted or None,
        "fingerprint": found.fingerprint,
        "recipe": plain(dict(found.recipe)),
        "files": {role: _file(file) for role, file in found.files.items()},
        "job": _present({"id": job.id, "status": job.phase.value, "trained_tokens": job.trained_tokens}),
        "checkpoint": plain_of(found.checkpoint) if found.checkpoint is not None else None,
        "metrics": _metrics(metrics) if metrics is not None else None,
        "cost": _cost(found),
    }
    return _present(told)


def _started(origin: Origin) -> dict[str, Any]:
    changed = {"uncommitted": origin.dirty} if origin.commit else {}
    return _present({"by": origin.who, "at": origin.at, "commit": origin.commit, **changed})


def plain_of(value: Any) -> dict[str, Any]:
    """A small value as plain data."""
    return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}


def nested_document(found: Lineage, metrics: Metrics | None) -> dict[str, Any]:
    """`lineage_document` with the parents in it, one in the other."""
    head = {"name": found.name, "retired": found.retired}
    below = nested_document(found.parent, None) if found.parent is not None else None
    return {**head, **lineage_document(found, metrics), **({"parent": below} if below is not None else {})}


def _evaluation(one: Any) -> dict[str, Any]:
    names = ("name", "model_id", "rows", "score", "low", "high", "passed", "said", "at", "rehearsal")
    return {name: plain(getattr(one, name)) for name in names}


def _file(file: Any) -> dict[str, Any]:
    names = ("id", "filename", "bytes", "sha256", "content_sha256", "datasets", "uploaded_at")
    return _present({name: plain(getattr(file, name)) for name in names})


def _metrics(metrics: Metrics) -> dict[str, Any]:
    columns = {}
    for name, series in metrics.columns.items():
        best = best_step(name, series)
        if series:
            last = {"step": max(series), "value": series[max(series)]}
            known = {"step": best, "value": series[best]} if best is not None else None
            columns[name] = _present({"best": known, "last": last})
    return {"columns": columns, "diagnosis": [finding.sentence for finding in diagnosis(metrics)]}


def _cost(found: Lineage) -> dict[str, Any] | None:
    spend = found.spend
    if spend is None:
        return None
    amounts = {"estimated": spend.reserved_high, "billed": spend.amount}
    return {
        **{name: None if one is None else float(one) for name, one in amounts.items()},
        "rehearsal": spend.rehearsal,
    }


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {}, ())}


def _lines(values: Mapping[str, Any], indent: str = "  ") -> Iterator[str]:
    width = max((len(clean(name, 60)) for name in values), default=0)
    for name, value in values.items():
        head = f"{indent}{clean(name, 60):<{width}}"
        if name == "cost" and isinstance(value, Mapping):
            yield f"{head}  {_money(value)}"
        elif isinstance(value, Mapping):
            yield head.rstrip()
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for item in value:
                yield head.rstrip()
                yield from _lines(item, indent + "  ")
        elif isinstance(value, list):
            yield from (f"{head if at == 0 else ' ' * len(head)}  {clean(item, 400)}" for at, item in enumerate(value))
        else:
            yield f"{head}  {clean(value, 400) if isinstance(value, str) else value_text(name, value)}"


def _money(cost: Mapping[str, Any]) -> str:
    told = [f"{name} {dollars(Decimal(str(cost[name])))}" for name in ("billed", "estimated") if cost[name] is not None]
    return ", ".join(told or ["not known"]) + (" (a rehearsal: nothing is billed)" if cost["rehearsal"] else "")
