"""Small values for the tests of core."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from casefile import catalog, model_spec, project

from ftplan.core.desired import Desired, resolve
from ftplan.core.entries import Answered, Commit, Quote, Release, Reserve, SpendEntry, Start, Tariff
from ftplan.core.facts import Phase
from ftplan.core.handover import Against, AliasRecord, Approval, EvalRecord, Origin, TakenCheckpoint, Target
from ftplan.core.records import FileRecord, FormerJob, Intent, JobRecord, ModelRecord, PackedFigures, State
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


def answered(key: str = "accuracy ft:job-1 then", cost: str | None = "0.0125", *, rehearsal: bool = False) -> Answered:
    amount = None if cost is None else Decimal(cost)
    return Answered(key, "accuracy", "bot", "openai", "2026-11-02T00:00:00+00:00", 50, amount, rehearsal)


def full_state() -> State:
    """A state that holds something of everything. It is what tests/states/v4.json says."""
    approved = {"prod": Approval("prod", "f1", {"accuracy": "e1"}, Decimal("0.02")), "new": Approval("new", "f9")}
    figures = {job_id: PackedFigures(job_id, "eJyrrgUAAXUA+Q==") for job_id in ("job-0", "job-1")}
    return replace(full_state_of_version_three(), approvals=approved, figures=figures)


def full_state_of_version_three() -> State:
    """The same before approvals were kept. It is what tests/states/v3.json says."""
    whole = full_state_of_version_two()
    origin = Origin("ann@laptop", "c0ffee", "2026-11-01T00:00:00+00:00", dirty=True)
    bot, late = whole.models["bot"], whole.intents["late"]
    taken = TakenCheckpoint("job-1", 80, "ft:job-1:ckpt-step-80", "best valid_loss", 0.25)
    former = tuple(replace(old, origin=origin) for old in bot.former)
    return replace(
        whole,
        models={**whole.models, "bot": replace(bot, origin=origin, checkpoint=taken, former=former)},
        intents={"late": replace(late, origin=origin)},
        ledger=(*whole.ledger, answered(), answered("support ft:job-0 later", None, rehearsal=True)),
        aliases={"prod": alias(), "test": AliasRecord("test", target("job-0"), (), "ft:job-1")},
        evaluations={evaluation().key: evaluation()},
    )


def target(job_id: str = "job-1", since: str = "2026-11-02T00:00:00+00:00") -> Target:
    return Target("bot", "openai", f"ft:{job_id}", job_id, "f1", since, "ann@laptop")


def alias(name: str = "prod", **fields: Any) -> AliasRecord:
    return AliasRecord(name, **{"now": target(), "former": (target("job-0", "2026-11-01T00:00:00+00:00"),), **fields})


def evaluation(**fields: Any) -> EvalRecord:
    """The model `bot`, better than its base."""
    better = Against("base", "mini-1", 0.25, 0.5, 0.4, 0.6, 0.05, held=True)
    given = {
        "name": "accuracy",
        "model": "bot",
        "model_id": "ft:job-1",
        "digest": "e1",
        "rows": 200,
        "score": 0.75,
        "low": 0.7,
        "high": 0.8,
        "passed": True,
        "against": (better,),
        "said": ("0.75 [0.70, 0.80] of 200 rows",),
        "at": "2026-11-02T00:00:00+00:00",
    }
    return EvalRecord(**{**given, **fields})


def full_state_of_version_two() -> State:
    """What tests/states/v2.json says."""
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
