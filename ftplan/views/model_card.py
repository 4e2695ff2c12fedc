"""A model card in Markdown, with the front matter that the Hugging Face Hub reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ftplan.core.lineage import Lineage, told_recipe
from ftplan.core.metrics import Metrics
from ftplan.views.lineage_text import lineage_document
from ftplan.views.markdown.spans import code_span
from ftplan.views.markdown.spans import row as table_row
from ftplan.views.style import clean


def render_card(found: Lineage, metrics: Metrics | None, base: str, shutdown: str | None) -> str:
    """The card, ending in a newline, for others to read: who started it and at which account is left out. `base` is the
    base model at the root, `shutdown` its last day where that is known."""
    lines = [
        "---",
        *_front(found, base),
        "---",
        "",
        f"# {code_span(found.name, 80)}",
        "",
        *_facts(found, base, shutdown),
    ]
    lines += [*_recipe(found), *_files(found), *_measured(found, metrics), *_evaluations(found), *_use(found)]
    return "\n".join(lines).rstrip() + "\n"


def _front(found: Lineage, base: str) -> Iterator[str]:
    """YAML of JSON strings, which nothing foreign gets out of."""
    yield f"base_model: {_quoted(base)}"
    yield "tags:"
    yield from (f"- {tag}" for tag in ("ftplan", "fine-tuned"))
    if found.evaluations:
        yield "model-index:"
        yield f"- name: {_quoted(found.name)}"
        yield "  results:"
        for one in found.evaluations:
            yield f"  - task: {{type: {_quoted('text-generation')}}}"
            yield f"    dataset: {{name: {_quoted(one.name)}, type: {_quoted('private')}}}"
            yield f"    metrics: [{{type: {_quoted(one.name)}, value: {json.dumps(round(one.score, 6))}}}]"


def _quoted(text: str) -> str:
    return json.dumps(clean(text, 200), ensure_ascii=True)


def _facts(found: Lineage, base: str, shutdown: str | None) -> Iterator[str]:
    rehearsed = found.spend is not None and found.spend.rehearsal
    if rehearsed:
        yield "**A rehearsal: an emulator made it, and it is no language model.**"
        yield ""
    facts: list[tuple[str, Any]] = [
        ("id", found.model_id),
        ("provider", found.provider),
        ("base model", base),
        ("the base is switched off on", shutdown),
        ("trained on top of", f"model.{found.parent.name}" if found.parent is not None else None),
        ("job", found.job.id),
        ("checkpoint", found.checkpoint.wish if found.checkpoint is not None else None),
        ("trained tokens", f"{found.job.trained_tokens:,}" if found.job.trained_tokens else None),
        ("started at", found.origin.at),
        ("commit", found.origin.commit + (" and changes that were not committed" if found.origin.dirty else "")),
        ("fingerprint", found.fingerprint),
    ]
    yield table_row("", "")
    yield "|---|---|"
    yield from (table_row(name, code_span(value, 120)) for name, value in facts if value)


def _recipe(found: Lineage) -> Iterator[str]:
    recipe = told_recipe(found)
    if not recipe:
        return
    yield from ("", "## How it was made", "", table_row("setting", "value"), "|---|---|")
    for name, value in sorted(recipe.items()):
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        yield table_row(code_span(name, 60), code_span(shown, 200))


def _files(found: Lineage) -> Iterator[str]:
    if found.files:
        yield from (
            "",
            "## What it was trained on",
            "",
            table_row("", "dataset", "file", "SHA-256"),
            "|---|---|---|---|",
        )
        for role, file in found.files.items():
            names = ", ".join(file.datasets) or file.filename
            yield table_row(role, code_span(names, 80), code_span(file.id, 80), code_span(file.sha256, 64))


def _measured(found: Lineage, metrics: Metrics | None) -> Iterator[str]:
    told = lineage_document(found, metrics).get("metrics")
    if not told:
        return
    yield from ("", "## What was measured", "", table_row("figure", "best", "last"), "|---|---|---|")
    for name, series in told["columns"].items():
        best, last = series.get("best"), series["last"]
        at = f"{best['value']:.6g} at step {best['step']:,}" if best else ""
        yield table_row(code_span(name, 60), at, f"{last['value']:.6g} at step {last['step']:,}")
    yield ""
    yield from (f"- {code_span(sentence, 600)}" for sentence in told["diagnosis"])


def _evaluations(found: Lineage) -> Iterator[str]:
    if found.evaluations:
        heads = ("evaluation", "rows", "score", "interval", "passed", "said")
        yield from ("", "## Evaluations", "", table_row(*heads), "|---|--:|--:|---|---|---|")
    for one in found.evaluations:
        span = f"{one.low:.2f} to {one.high:.2f}"
        verdict = "yes" if one.passed else "no"
        said = code_span("; ".join(one.said), 400)
        yield table_row(code_span(one.name, 60), f"{one.rows:,}", f"{one.score:.3f}", span, verdict, said)


def _use(found: Lineage) -> Iterator[str]:
    if found.standings:
        yield from ("", "## Where it is used", "", table_row("alias", "from", "to"), "|---|---|---|")
    for one in found.standings:
        yield table_row(
            code_span(one.alias, 80), code_span(one.since, 40), code_span(one.until, 40) if one.until else ""
        )
