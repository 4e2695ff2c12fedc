"""Small values for the tests of core."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from casefile import catalog, model_spec, project

from ftplan.core.desired import Desired, resolve
from ftplan.core.entries import Commit, Quote, Release, Reserve, SpendEntry, Start, Tariff
from ftplan.core.facts import Phase
from ftplan.core.records import FileRecord, FormerJob, Intent, JobRecord, ModelRecord, State
from ftplan.core.spec import Lifecycle, ModelSpec


def desired_of(**declared: Any) -> Desired:
    """A project in the words of a case file, resolved against an empty state."""
    made, measured = project(declared)
    desired, problems = resolve(made, measured, {name: catalog(spec.type) for name, spec in made.providers.items()}, {})
    assert not problems
    return desired


def models_of(**models: dict[str, Any]) -> dict[str, ModelSpec]:
    return {name: model_spec(name, data) for name, data in models.items()}


def job(id: str = "job-1", phase: Phase = Phase.SUCCEEDED, **fields: Any) -> JobRecord:
    model = f"ft:{id}" if phase is Phase.SUCCEEDED else None
    return JobRecord(id, phase, **{"fine_tuned_model": model, "created_at": 1, **fields})


def record(name: str = "bot", **fields: Any) -> ModelRecord:
    given = {"provider": "openai", "fingerprint": "f1", "key": "k1", "attempt": 1, "recipe": {"seed": 1}, "job": job()}
    return ModelRecord(name, **{**given, **fields})


def file(content: str = "c1", *datasets: str, provider: str = "openai", id: str = "file-1") -> FileRecord:
    return FileRecord(provider, content, f"bytes-{content}", 100, f"{content}.jsonl", id, datasets=datasets)


def full_ledger() -> tuple[SpendEntry, ...]:
    """A ledger that holds something of everything."""
    price = Tariff(Decimal("5.00"), None, "2026-11")
    quote = Quote("mini-1", 3030, 3000, Decimal("0.0151500"), Decimal("0.0151500"), True, False, price)
    rehearsed = Tariff(None, Decimal("100.00"), "2026-10", rehearsal=True)
    hourly = Quote(low=Decimal(50), high=Decimal(200), tariff=rehearsed)
    return (
        Reserve("k0", "bot", "openai", "supervised", "1970-01-01T00:00:00+00:00", quote),
        Start("k0", "job-0", "1970-01-01T00:00:01+00:00"),
        Release("k0", "1970-01-01T00:00:01+00:00", "the job failed and no tokens were billed", "job-0"),
        Reserve("k1", "bot", "openai", "supervised", "1970-01-01T00:00:00+00:00", quote),
        Start("k1", "job-1", "1970-01-01T00:00:01+00:00"),
        Commit("k1", "job-1", "1970-01-01T00:00:09+00:00", 3000, Decimal("0.01500"), True, Phase.SUCCEEDED),
        Reserve("k2", "child", "openai", "reinforcement", "1970-01-01T00:00:01+00:00", hourly, adopted=True),
        Start("k2", "job-2", "1970-01-01T00:00:01+00:00"),
        Reserve("k3", "late", "openai", "supervised", "2026-11-01T00:00:00+00:00", quote),
    )


def full_state() -> State:
    """A state that holds something of everything. It is what tests/states/v2.json says."""
    consenting = Lifecycle(retry_failed=True)
    strict = replace(consenting, prevent_destroy=True, on_removed="delete", ignore_changes=("suffix", "seed"))
    child = job("job-2", Phase.RUNNING)
    failed = job("job-0", Phase.FAILED, error_code="bad_data", error_message="Zeile 3: „kaputt“")
    return State(
        "support",
        "0b51a3a5-9f57-4d1c-8f5e-6f2b1f6c6a01",
        serial=12,
        workspace="default",
        used_plans=("d1", "d2"),
        ledger=full_ledger(),
    ).holding(
        [file("c1", "tickets"), file("c2", "holdout", id="file-2")],
        [
            record(
                "bot",
                recipe={"account": "openai", "base_model": "mini-1", "n_epochs": 3, "hyperparameters": {"beta": 0.5}},
                job=job(trained_tokens=3000, finished_at=9, result_files=("file-9",), training_file="file-1"),
                lifecycle=strict,
                former=(FormerJob("f0", failed),),
            ),
            record("child", parent="model.bot", adopted=True, attempt=2, job=child, lifecycle=consenting),
        ],
        [Intent("late", "openai", "k3", "f3", 1, {"seed": None}, "2026-11-01T00:00:00+00:00", "file-1", consenting)],
    )
