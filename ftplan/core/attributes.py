"""What a reader is shown of a thing: plain attributes of datasets and models, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.evaluating import EVAL_PREFIX, AliasSpec
from ftplan.core.facts import DatasetFacts
from ftplan.core.handover import AliasRecord
from ftplan.core.records import FileRecord, ModelRecord, State
from ftplan.core.spec import Address, DatasetSpec
from ftplan.core.steps import Adopt, Promote, Step, Take, Upload


def declared_model(model: DesiredModel) -> dict[str, Any]:
    """The attributes of a model as declared. What only the provider can tell is absent: `id` and `job_id`."""
    spec = model.spec
    known = {
        "provider": spec.provider,
        "base_model": spec.base_model if model.parent else model.base_model,
        "dataset": spec.dataset,
        "validation": spec.validation,
        "method": model.recipe["method"],
        "epochs": model.recipe["n_epochs"],
        "hyperparameters": model.recipe.get("hyperparameters"),
        "grader": model.recipe.get("grader"),
        "suffix": model.recipe.get("suffix"),
        "seed": model.recipe.get("seed"),
        "metadata": dict(spec.metadata) or None,
        "integrations": {"wandb": spec.wandb.as_mapping()} if spec.wandb is not None else None,
        "checkpoint": str(spec.checkpoint) if spec.checkpoint is not None else None,
        "training_rows": model.training.rows,
        "fingerprint": model.fingerprint,
    }
    return {name: value for name, value in known.items() if value is not None}


def remembered_model(record: ModelRecord) -> dict[str, Any]:
    """The attributes of a model as remembered."""
    recipe = record.recipe
    known = {
        "id": record.output,
        "job_id": record.job.id,
        "checkpoint": record.taken.wish if record.taken is not None else None,
        "status": record.job.phase.value,
        "provider": record.provider,
        "base_model": record.parent or recipe.get("base_model"),
        "training": recipe.get("training"),
        "method": recipe.get("method"),
        "epochs": recipe.get("n_epochs"),
        "hyperparameters": recipe.get("hyperparameters"),
        "grader": recipe.get("grader"),
        "suffix": recipe.get("suffix"),
        "seed": recipe.get("seed"),
        "trained_tokens": record.job.trained_tokens,
        "fingerprint": record.fingerprint,
        "attempt": record.attempt,
    }
    return {name: value for name, value in known.items() if value is not None}


def declared_dataset(spec: DatasetSpec, provider: str, facts: DatasetFacts) -> dict[str, Any]:
    """The attributes of a dataset as measured, for one provider."""
    return {
        "provider": provider,
        "path": spec.path,
        **({} if spec.half is None else {"half": str(spec.half)}),
        "rows": facts.rows,
        "bytes": facts.bytes,
        "format": facts.format,
        "sha256": facts.sha256,
        "content_sha256": facts.content_sha256,
        **({"labels": dict(spec.labels)} if spec.labels else {}),
    }


def remembered_file(record: FileRecord) -> dict[str, Any]:
    """The attributes of an uploaded dataset as remembered."""
    known: Mapping[str, Any] = {
        "id": record.id,
        "provider": record.provider,
        "filename": record.filename,
        "bytes": record.bytes,
        "sha256": record.sha256,
        "content_sha256": record.content_sha256,
        "uploaded_at": record.uploaded_at or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def declared_alias(spec: AliasSpec, provider: str) -> dict[str, Any]:
    """The attributes of an alias as declared. Which id it stands for is absent."""
    requires = [f"{EVAL_PREFIX}{name}" for name in spec.requires]
    return {"provider": provider, "model": f"model.{spec.model}", **({"requires": requires} if requires else {})}


def remembered_alias(record: AliasRecord) -> dict[str, Any]:
    """The attributes of an alias as remembered."""
    now = record.now
    return {"id": now.model_id, "provider": now.provider, "model": f"model.{now.model}", "since": now.since}


def attributes_before(state: State) -> dict[str, Mapping[str, Any]]:
    """The attributes of everything remembered, by address."""
    models = {f"model.{name}": remembered_model(record) for name, record in state.models.items()}
    files = {f"dataset.{name}": remembered_file(f) for f in state.files.values() for name in f.datasets}
    aliases = {f"alias.{name}": remembered_alias(record) for name, record in state.aliases.items()}
    return {**files, **models, **aliases}


def attributes_after(
    desired: Desired, state: State, steps: Iterable[Step], uploads: Iterable[Upload]
) -> dict[str, Mapping[str, Any]]:
    """The attributes of everything declared, by address, as far as they are known before an apply."""
    renewed = {step.address: step for step in steps}
    sent = {upload.address.name: upload.provider for upload in uploads}
    # Of several the first, as where a plan says that nothing is to be done about it.
    held = {file.content_sha256: file for file in reversed(list(state.files.values()))}
    after: dict[str, Mapping[str, Any]] = {}
    for name, facts in desired.datasets.items():
        record = None if name in sent else held.get(facts.content_sha256)
        provider = sent.get(name) or (record.provider if record else "")
        ids = {"id": record.id} if record else {}
        after[f"dataset.{name}"] = {**ids, **declared_dataset(desired.dataset(name), provider, facts)}
    for model in desired.models:
        ids = _ids(renewed.get(model.address), state.models.get(model.spec.name))
        after[str(model.address)] = {**ids, **declared_model(model)}
    for spec in desired.project.aliases.values():
        known = _target(renewed.get(Address("alias", spec.name)), state.aliases.get(spec.name))
        declared = declared_alias(spec, desired.project.models[spec.model].provider)
        after[f"alias.{spec.name}"] = {**known, **declared}
    return after


def _target(step: Step | None, record: AliasRecord | None) -> dict[str, str]:
    """The id that an alias will stand for, as far as it is known before an apply."""
    if isinstance(step, Promote):
        return {"id": step.model_id} if step.model_id is not None else {}
    return {"id": record.now.model_id} if record is not None else {}


def _ids(step: Step | None, record: ModelRecord | None) -> dict[str, str]:
    """The ids of a model, as far as they are known before an apply."""
    if isinstance(step, Adopt):
        known = {"id": step.model_id, "job_id": step.job_id}
    elif step is None and record is not None:
        known = {"id": record.output, "job_id": record.job.id}
    elif isinstance(step, Take):
        known = {"id": step.model_id, "job_id": step.job_id}
    else:
        known = {}
    return {name: value for name, value in known.items() if value is not None}
