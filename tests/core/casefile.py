"""One row of the decision table as a YAML file: a small world, written down in as few words as it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from ftplan.core.bounds import Budget, Changes, Threshold
from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.checkpoints import Checkpoint, CheckpointWish
from ftplan.core.desired import Desired, resolve
from ftplan.core.entries import Commit, Reserve
from ftplan.core.evaluating import AliasSpec
from ftplan.core.evaluations import Prepared
from ftplan.core.facts import DatasetFacts, Observation, Phase, RemoteFile, RemoteJob, RemoteModel, TokenFacts
from ftplan.core.handover import AliasRecord, Approval, EvalRecord, TakenCheckpoint, Target
from ftplan.core.plan import Mode, Plan
from ftplan.core.planner import Policy, make_plan
from ftplan.core.recipe import MARK_ADDRESS, MARK_KEY, MARK_PROJECT, call_key
from ftplan.core.records import FileRecord, FormerJob, Intent, JobRecord, ModelRecord, State
from ftplan.core.spec import Address, DatasetSpec, Lifecycle, Method, ModelSpec, Project, ProviderSpec
from ftplan.core.steps import Estimate

TODAY = date(2026, 11, 1)
METHODS = ("supervised", "dpo", "reinforcement")
BASES = {
    "mini-1": BaseModel("mini-1", METHODS, train_per_million=Decimal(5)),
    "nano-1": BaseModel("nano-1", METHODS, encoding="cl100k_base", train_per_million=Decimal(1)),
    "hourly-1": BaseModel("hourly-1", METHODS, train_per_hour=Decimal(100)),
    "dark-1": BaseModel("dark-1", METHODS),
    "leaving-1": BaseModel("leaving-1", METHODS, train_per_million=Decimal(5), shutdown=date(2026, 12, 1)),
    "gone-1": BaseModel("gone-1", METHODS, train_per_million=Decimal(5), shutdown=date(2026, 10, 1)),
}
DECLARED = ("datasets", "models", "providers", "budget", "changes", "min_lifetime_days", "aliases", "asking")
REMEMBERED = ("models", "files", "intents", "contents", "spent", "aliases", "refused", "approved")
POLICY = ("mode", "replace", "targets", "excludes", "max_cost", "no_spend", "no_destroy", "allow")
LIFECYCLE = ("prevent_destroy", "on_removed", "retry_failed", "cancel_running", "ignore_changes")
MODEL_KEYS = {
    *("provider", "base", "dataset", "validation", "method", "epochs", "hyperparameters", "suffix", "seed"),
    *("metadata", "checkpoint", *LIFECYCLE),
}


def catalog(type: str) -> Catalog:
    return Catalog(
        type,
        type.title(),
        models=BASES,
        aliases={"mini": "mini-1"},
        prices_as_of="2026-11",
        rehearsal=type == "sandbox",
    )


def only(data: Mapping[str, Any] | None, allowed: Iterable[str], where: str) -> dict[str, Any]:
    """`data` when it holds no key but the `allowed` ones: a misspelt key must not pass for a kept promise."""
    found = dict(data or {})
    unknown = sorted(set(found) - set(allowed))
    if unknown:
        raise ValueError(f"{where} has unknown keys {unknown}")
    return found


@dataclass(frozen=True)
class World:
    """Everything make_plan is given."""

    desired: Desired
    state: State
    seen: Observation
    policy: Policy
    now: datetime

    def plan(self) -> Plan:
        return make_plan(self.desired, self.state, self.seen, self.policy, self.now)


def facts(content: str, rows: int = 10, tokens: int = 1000) -> DatasetFacts:
    counted = TokenFacts(tokens, tokens, 1)
    return DatasetFacts(
        sha256=f"bytes-of-{content}",
        content_sha256=content,
        bytes=100,
        rows=rows,
        format="chat",
        tokens={"o200k_base": counted, "cl100k_base": counted},
    )


def model_spec(name: str, data: Mapping[str, Any]) -> ModelSpec:
    given = only(data, MODEL_KEYS, f"model {name}")
    rules = {key: given[key] for key in LIFECYCLE if key in given}
    if "ignore_changes" in rules:
        rules["ignore_changes"] = tuple(rules["ignore_changes"])
    return ModelSpec(
        name=name,
        provider=given.get("provider", "openai"),
        base_model=given.get("base", "mini"),
        dataset=given.get("dataset", "tickets"),
        validation=given.get("validation"),
        method=Method(given.get("method", "supervised"), given.get("epochs", 3), given.get("hyperparameters", {})),
        suffix=given.get("suffix"),
        seed=given.get("seed"),
        metadata=given.get("metadata", {}),
        lifecycle=Lifecycle(**rules),
        checkpoint=CheckpointWish(**given["checkpoint"]) if "checkpoint" in given else None,
    )


def project(declared: Mapping[str, Any]) -> tuple[Project, dict[str, DatasetFacts]]:
    datasets = declared.get("datasets") or {"tickets": {}}
    measured = {}
    for name, data in datasets.items():
        given = only(data, ("content", "rows", "tokens"), f"dataset {name}")
        measured[name] = facts(given.pop("content", name), **given)
    types = declared.get("providers") or {"openai": "openai"}
    budget = only(declared.get("budget"), ("max_total", "max_per_model", "max_per_month", "action"), "budget")
    bounds = {name: value if name == "action" else Decimal(str(value)) for name, value in budget.items()}
    changes = only(declared.get("changes"), ("max_replaced", "max_deleted"), "changes")
    return (
        Project(
            name="support",
            root="/p",
            path="/p/ftplan.yaml",
            digest="d",
            providers={name: ProviderSpec(name, type) for name, type in types.items()},
            datasets={name: DatasetSpec(name, f"{name}.jsonl") for name in datasets},
            models={name: model_spec(name, data or {}) for name, data in (declared.get("models") or {}).items()},
            budget=Budget(**bounds),
            changes=Changes(**{name: _threshold(value) for name, value in changes.items()}),
            min_lifetime_days=declared.get("min_lifetime_days"),
            aliases={name: _alias_spec(name, data) for name, data in (declared.get("aliases") or {}).items()},
        ),
        measured,
    )


def _alias_spec(name: str, data: Mapping[str, Any]) -> AliasSpec:
    given = only(data, ("model", "requires"), f"alias {name}")
    return AliasSpec(name, given["model"], tuple(given.get("requires", ())))


def _evaluations(declared: Mapping[str, Any]) -> dict[tuple[str, str], Prepared]:
    """Evaluations with what they cost, given as `accuracy of bot: 0.50`, or null for a price that nobody knows."""
    found = {}
    for told, amount in (declared.get("asking") or {}).items():
        name, _, model = told.partition(" of ")
        most = None if amount is None else Decimal(str(amount))
        estimate = Estimate(1000, None if most is None else Decimal(0), most, None, "200 answers")
        found[name, model] = Prepared("holdout", "rows of holdout", f"rules of {name}", estimate)
    return found


def _alias(name: str, data: Mapping[str, Any]) -> AliasRecord:
    """An alias that stands for an id, and was rolled back from another."""
    given = only(data, ("id", "model", "former", "rolled_back", "job"), f"alias {name}")
    ids = [*given.get("former", ()), given["id"]]
    model = given.get("model", "bot")
    targets = [Target(model, "openai", id, given.get("job", f"job-{id}"), "f", "2026-10-01") for id in ids]
    return AliasRecord(name, targets[-1], tuple(targets[:-1]), given.get("rolled_back"))


def _refused(told: str) -> EvalRecord:
    """`accuracy of ft:bot`, which was not good enough."""
    name, _, model_id = told.partition(" of ")
    return EvalRecord(name, "bot", model_id, "d", 10, 0.5, 0.3, 0.7, False, said=("0.50 of 10 rows",), at="2026-10-02")


def _approved(alias: str, data: Mapping[str, Any], desired: Desired) -> Approval:
    """What was approved for an alias, for so many dollars at the most: today's model and questions unless told."""
    given = only(data, ("most", "fingerprint", "decided_by"), f"approval of {alias}")
    spec, most = desired.project.aliases[alias], given["most"]
    model = desired.model(spec.model)
    assert model is not None
    questions = {name: desired.evaluations[name, spec.model].decided_by for name in spec.requires}
    return Approval(
        alias,
        given.get("fingerprint", model.fingerprint),
        given.get("decided_by", questions),
        None if most is None else Decimal(str(most)),
    )


def _threshold(value: int | str) -> Threshold:
    return Threshold(models=value) if isinstance(value, int) else Threshold(share=Fraction(value.rstrip("%")) / 100)


def load_world(document: Mapping[str, Any]) -> World:
    """The world of a case file."""
    declared = only(document.get("declared"), DECLARED, "declared")
    remembered = only(document.get("remembered"), REMEMBERED, "remembered")
    now, measured = project(declared)
    catalogs = {name: catalog(spec.type) for name, spec in now.providers.items()}
    state = _state(remembered, declared, catalogs)
    policy = _policy(document.get("policy"))
    kept = {name: r.recipe for name, r in state.models.items() if Address("model", name) not in policy.replace}
    desired, problems = resolve(now, measured, catalogs, kept)
    if problems:
        raise ValueError(problems)
    state = _with_intents(state, desired, remembered.get("intents") or [])
    today = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=timezone.utc)
    desired = replace(desired, evaluations=_evaluations(declared))
    state = replace(
        state,
        aliases={name: _alias(name, data) for name, data in (remembered.get("aliases") or {}).items()},
        evaluations={record.key: record for record in map(_refused, remembered.get("refused") or [])},
        approvals={name: _approved(name, data, desired) for name, data in _items(remembered, "approved")},
    )
    return World(desired, state, _observation(document.get("seen"), desired, state), policy, today)


def _state(remembered: Mapping[str, Any], declared: Mapping[str, Any], catalogs: Mapping[str, Catalog]) -> State:
    """What a past project left behind: today's, with the differences that `remembered` names."""
    contents = {name: {"content": content} for name, content in (remembered.get("contents") or {}).items()}
    datasets = {**(declared.get("datasets") or {"tickets": {}}), **contents}
    entries = remembered.get("models") or {}
    models = {**(declared.get("models") or {})}
    for name, entry in entries.items():
        given = only(
            entry, ("was", "phase", "model", "attempt", "job", "former", "adopted", "error", "taken"), f"record {name}"
        )
        models[name] = {**(models.get(name) or {}), **(given.get("was") or {})}
    past, measured = project({**declared, "datasets": datasets, "models": models})
    desired, _ = resolve(past, measured, catalogs, {})
    state = State("support", "lineage-1", serial=4)
    files = {}
    for name in remembered.get("files") or []:
        record = FileRecord(
            "openai", measured[name].content_sha256, "b", 100, f"{name}.jsonl", f"file-{name}", "", (name,)
        )
        files[record.key] = record
    records = [_record(name, entry or {}, desired) for name, entry in entries.items()]
    ledger = tuple(_spent(month, amount) for month, amount in (remembered.get("spent") or {}).items())
    return replace(
        state,
        files=files,
        models={record.name: record for record in records},
        ledger=tuple(entry for entries in ledger for entry in entries),
    )


def _spent(month: str, amount: float) -> tuple[Reserve, Commit]:
    """A job that was billed in `month`."""
    billed = Decimal(str(amount))
    return (
        Reserve(f"key-{month}", "earlier", "openai", "supervised", f"{month}-01T00:00:00+00:00"),
        Commit(f"key-{month}", f"job-{month}", f"{month}-02T00:00:00+00:00", 1000, billed),
    )


def _record(name: str, entry: Mapping[str, Any], past: Desired) -> ModelRecord:
    model = past.model(name)
    assert model is not None
    phase = Phase(entry.get("phase", "succeeded"))
    job = _job(entry.get("job", f"job-{name}"), phase, entry.get("model", _given(phase, f"ft:{name}")))
    attempt = entry.get("attempt", 1)
    return ModelRecord(
        name=name,
        provider=model.spec.provider,
        fingerprint=model.fingerprint,
        key=call_key("support", "default", f"model.{name}", model.fingerprint, attempt),
        attempt=attempt,
        recipe=model.recipe,
        job=replace(job, error_message=entry.get("error")),
        lifecycle=model.spec.lifecycle,
        parent=str(model.parent) if model.parent else None,
        former=tuple(_former(former, past, name) for former in entry.get("former") or []),
        checkpoint=_taken(name, job.id, entry.get("taken")),
    )


def _taken(name: str, job_id: str, wish: str | None) -> TakenCheckpoint | None:
    """The checkpoint that fulfilled a wish: always the one at step 2."""
    return None if wish is None else TakenCheckpoint(job_id, 2, f"ft:{name}:2", wish)


def _former(data: Mapping[str, Any], past: Desired, name: str) -> FormerJob:
    given = only(data, ("was", "job", "phase", "model"), "former")
    past_spec = past.project.models[name]
    changed = replace(past_spec, method=replace(past_spec.method, n_epochs=given["was"]["epochs"]))
    project = replace(past.project, models={name: changed})
    desired, _ = resolve(project, past.datasets, past.catalogs, {})
    phase = Phase(given.get("phase", "succeeded"))
    return FormerJob(desired.models[0].fingerprint, _job(given["job"], phase, given.get("model")))


def _given(phase: Phase, model: str) -> str | None:
    return model if phase is Phase.SUCCEEDED else None


def _job(id: str, phase: Phase, model: str | None) -> JobRecord:
    return JobRecord(id, phase, "mini-1", "file-tickets", fine_tuned_model=model, created_at=1)


def _with_intents(state: State, desired: Desired, names: Iterable[str]) -> State:
    intents = {}
    for name in names:
        model = desired.model(name)
        assert model is not None
        record = state.models.get(name)
        attempt = record.attempt + 1 if record and record.fingerprint == model.fingerprint else 1
        key = call_key("support", "default", str(model.address), model.fingerprint, attempt)
        intents[name] = Intent(name, model.spec.provider, key, model.fingerprint, attempt, model.recipe, "2026-10-31")
    return replace(state, intents=intents)


def _policy(data: Mapping[str, Any] | None) -> Policy:
    given = only(data, POLICY, "policy")
    sets = {
        name: frozenset(Address.parse(text) for text in given.get(name) or [])
        for name in ("replace", "targets", "excludes")
    }
    mode: Mode = given.get("mode", "normal")
    return Policy(
        mode=mode,
        max_cost=Decimal(str(given["max_cost"])) if "max_cost" in given else None,
        no_spend=given.get("no_spend", False),
        no_destroy=given.get("no_destroy", False),
        allowed=frozenset(given.get("allow") or []),
        **sets,
    )


def _address(name: str) -> Address:
    """A model by its name, an alias by its address."""
    kind, _, rest = name.rpartition(".")
    return Address("alias" if kind == "alias" else "model", rest)


def _observation(data: Mapping[str, Any] | None, desired: Desired, state: State) -> Observation:
    given = only(data, ("jobs", "models", "files", "found", "found_files", "unsearchable", "checkpoints"), "seen")
    contents = {name: ("openai", measured.content_sha256) for name, measured in desired.datasets.items()}
    return Observation(
        jobs={Address("model", name): _seen_job(job, state.models[name]) for name, job in _items(given, "jobs")},
        models={
            _address(name): None if word == "gone" else RemoteModel(word) for name, word in _items(given, "models")
        },
        files={
            contents[name]: None if word == "gone" else RemoteFile(word, f"{name}.jsonl", 100)
            for name, word in _items(given, "files")
        },
        found={
            Address("model", n): tuple(_found_job(n, j, desired) for j in jobs) for n, jobs in _items(given, "found")
        },
        found_files={contents[n]: RemoteFile(id, f"{n}.jsonl", 100) for n, id in _items(given, "found_files")},
        unsearchable={Address("model", name): why for name, why in _items(given, "unsearchable")},
        checkpoints={
            Address("model", name): tuple(
                Checkpoint(step, f"ft:{name}:{step}", {"valid_loss": loss}) for step, loss in kept.items()
            )
            for name, kept in _items(given, "checkpoints")
        },
    )


def _items(data: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    return list((data.get(key) or {}).items())


def _seen_job(data: Any, record: ModelRecord) -> RemoteJob | None:
    """A job as seen now: `gone`, a phase, or a mapping with the model it gave or the error it met."""
    if data == "gone":
        return None
    given = only({"phase": data} if isinstance(data, str) else data, ("phase", "model", "error"), "seen job")
    phase = Phase(given["phase"])
    return RemoteJob(
        record.job.id,
        phase,
        given["phase"],
        fine_tuned_model=given.get("model", record.job.fine_tuned_model),
        error_message=given.get("error"),
    )


def _found_job(name: str, data: Mapping[str, Any], desired: Desired) -> RemoteJob:
    given = only(data, ("id", "phase", "model", "at", "mine"), "found job")
    marks = {}
    if given.get("mine", True):
        marks = {MARK_PROJECT: "support", MARK_ADDRESS: f"model.{name}", MARK_KEY: f"key-of-{given['id']}"}
    phase = Phase(given.get("phase", "succeeded"))
    return RemoteJob(
        given["id"],
        phase,
        phase.value,
        fine_tuned_model=given.get("model", _given(phase, f"ft:{given['id']}")),
        created_at=given.get("at", 0),
        metadata=marks,
    )


def read_case(path: Path) -> dict[str, Any]:
    """A case file; ValueError where it holds a key that means nothing."""
    return only(
        yaml.safe_load(path.read_text("utf-8")),
        ("rule", "declared", "remembered", "seen", "policy", "expect"),
        path.name,
    )
