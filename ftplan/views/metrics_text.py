"""The figures of one training for a person: a short table, the best and the last of each column, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ftplan.core.diagnosis import Finding, diagnosis
from ftplan.core.keeping.metrics_codec import KeptMetrics
from ftplan.core.metrics import Metrics, best_step
from ftplan.core.spec import Address
from ftplan.views.style import Look, Style, clean

TABLE_ROWS = 20
FEW_EVALUATIONS = 10
"""Where no more steps than these were validated, each has its row."""
TABLE_COLUMNS = 8
NAME_CHARACTERS = 24
_HEADS = {
    "train_loss": "train loss",
    "train_accuracy": "train acc.",
    "train_mean_token_accuracy": "train acc.",
    "valid_loss": "valid loss",
    "valid_mean_token_accuracy": "valid acc.",
    "full_valid_loss": "full valid loss",
    "full_valid_mean_token_accuracy": "full valid acc.",
    "train_mean_reward": "train reward",
    "valid_mean_reward": "valid reward",
    "full_valid_mean_reward": "full valid reward",
}
# A results file and the events call the same by different names.
_TWINS = {"train_accuracy": "train_mean_token_accuracy"}
_LOOKS: dict[str, Look] = {"diverged": "red", "overfit": "red"}


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one model's job. `kept` says that they were read beside the state, and not at the provider."""

    address: Address
    told: KeptMetrics
    kept: bool


def render_metrics(report: Report, style: Style) -> str:
    """All of it, without a newline at its end."""
    metrics = report.told.metrics
    lines = [style.bold(clean(report.address)) + _headline(report)]
    if report.told.rehearsal:
        lines.append("A rehearsal: a small stand-in was fitted, and its figures say nothing about the real model.")
    if not metrics.columns:
        return "\n".join([*lines, "Nothing was measured yet."])
    names = shown_columns(metrics)
    blocks = [
        lines,
        list(_table(metrics, names, style)),
        list(_extremes(metrics, names, style)),
        list(_said(diagnosis(metrics), metrics, style)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _headline(report: Report) -> str:
    metrics = report.told.metrics
    steps = len(metrics.steps)
    known = [source for source in ("results file", "checkpoints", "events") if _has(metrics, source)]
    origin = f", from its {_listed(known)}" if known else ""
    kept = ", as kept beside the state" if report.kept else ""
    going = "" if metrics.complete else "; it is still running"
    return f": job {clean(report.told.job_id)}, {steps:,} step{'' if steps == 1 else 's'}{origin}{kept}{going}"


def _has(metrics: Metrics, source: str) -> bool:
    return any(source in sources for sources in metrics.sources.values())


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def shown_columns(metrics: Metrics) -> list[str]:
    """The columns that fit, known ones first; of twins that say the same, one."""
    columns = metrics.columns
    return [
        name
        for name, series in columns.items()
        if series and not (name in _TWINS and set(series) <= set(columns.get(_TWINS[name], ())))
    ][:TABLE_COLUMNS]


def _table(metrics: Metrics, names: Sequence[str], style: Style) -> Iterator[str]:
    steps = shown_steps(metrics, names)
    head = ("step", *map(column_title, names))
    rows = [(f"{step:,}", *(_figure(metrics.columns[name].get(step)) for name in names)) for step in steps]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    head_line, *lines = (
        "  ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    )
    yield style.bold(head_line)
    yield from lines
    hidden, more = len(metrics.steps) - len(steps), _hidden_columns(metrics, names)
    if hidden > 0 or more:
        parts = [f"{hidden:,} more step{'' if hidden == 1 else 's'}"] if hidden > 0 else []
        parts += [f"the column{'' if len(more) == 1 else 's'} {', '.join(more)}"] if more else []
        yield style.faint(f"Not shown: {' and '.join(parts)}. -csv and -json have all of it.")


def _hidden_columns(metrics: Metrics, names: Sequence[str]) -> list[str]:
    hidden = [name for name, series in metrics.columns.items() if series and name not in (*names, *_TWINS)]
    named = [clean(name, NAME_CHARACTERS) for name in hidden[:3]]
    return named if len(hidden) <= 3 else [*named, f"{len(hidden) - 3} others"]


def shown_steps(metrics: Metrics, names: Iterable[str]) -> list[int]:
    """At most `TABLE_ROWS` steps: the first, the last, those of few evaluations, and others spread between them."""
    columns = {name: metrics.columns[name] for name in names}
    steps = sorted({step for series in columns.values() for step in series})
    if len(steps) <= TABLE_ROWS:
        return steps
    chosen = {steps[0], steps[-1]}
    for name, series in columns.items():
        if name.startswith(("valid_", "full_valid_")) and len(chosen | set(series)) <= FEW_EVALUATIONS + 2:
            chosen |= set(series)
    free = TABLE_ROWS - len(chosen)
    spread = [steps[(len(steps) - 1) * (place + 1) // (free + 1)] for place in range(free)]
    return sorted(chosen | set(spread))


def _extremes(metrics: Metrics, names: Sequence[str], style: Style) -> Iterator[str]:
    rows = [("", "best", "last")]
    for name in names:
        series = metrics.columns[name]
        best, last = best_step(name, series), max(series)
        told = f"{_figure(series[best])} at step {best:,}" if best is not None else "-"
        rows.append((column_title(name), told, f"{_figure(series[last])} at step {last:,}"))
    widths = [max(len(row[at]) for row in rows) for at in range(2)]
    lines = [f"{name:<{widths[0]}}  {best:<{widths[1]}}  {last}" for name, best, last in rows]
    yield style.bold(lines[0])
    yield from lines[1:]


def _said(findings: Sequence[Finding], metrics: Metrics, style: Style) -> Iterator[str]:
    yield style.bold("Diagnosis")
    for finding in findings:
        yield f"- {style.paint(finding.name, _LOOKS.get(finding.name, 'yellow'))}: {clean(finding.sentence, 600)}"
    if not findings and metrics.complete:
        yield "Nothing stands out."
    elif not findings:
        yield "Nothing stands out so far; it is judged whole when the job is over."


def column_title(name: str) -> str:
    """What a column is called for a person; clean."""
    return _HEADS.get(name) or clean(name, NAME_CHARACTERS)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
