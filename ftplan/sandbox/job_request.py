"""A request for a job, checked as the service would: what is wrong is a 400 that names the parameter.

Ranges are those of the published OpenAPI document (CreateFineTuningJobRequest and the schemas it refers to).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from ftplan.sandbox.wire import Json, bad_request

_FILE_FIELDS = frozenset({"training_file", "validation_file"})
_FIELDS = _FILE_FIELDS | {"model", "hyperparameters", "method", "suffix", "seed", "integrations", "metadata"}
_EFFORTS = ("default", "low", "medium", "high")
_GRADERS = ("string_check", "text_similarity", "score_model", "python", "multi")
_LARGEST_SEED = 2**31 - 1


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(least: int, most: int | None) -> tuple[Callable[[Any], bool], str]:
    words = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    return (
        lambda value: (
            isinstance(value, int)
            and not isinstance(value, bool)
            and least <= value
            and (most is None or value <= most)
        )
    ), words


def _above_zero(most: float | None) -> tuple[Callable[[Any], bool], str]:
    words = "a number above 0" if most is None else f"a number above 0 and at most {most:g}"
    return (lambda value: _is_number(value) and value > 0 and (most is None or value <= most)), words


_COMMON = {
    "n_epochs": _whole(1, 50),
    "batch_size": _whole(1, 256),
    "learning_rate_multiplier": _above_zero(None),
}
HYPERPARAMETERS: Mapping[str, Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "supervised": _COMMON,
    "dpo": {**_COMMON, "beta": _above_zero(2)},
    "reinforcement": {
        **_COMMON,
        "reasoning_effort": (lambda value: value in _EFFORTS, "one of " + ", ".join(_EFFORTS)),
        "compute_multiplier": _above_zero(10),
        "eval_interval": _whole(1, None),
        "eval_samples": _whole(1, None),
    },
}


def checked_order(body: Json) -> Json:
    """The request with every field present, its method spelled out and a seed; raises a 400 otherwise.

    Whether the model and the files exist is not looked at here.
    """
    for name in body:
        if name not in _FIELDS:
            raise bad_request(f"Unrecognized request argument supplied: {name[:80]}", name[:80], "unknown_parameter")
    for name in ("model", "training_file"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise bad_request(f"'{name}' is required and must be a string.", name, "missing_required_parameter")
    validation_file = body.get("validation_file")
    if validation_file is not None and not isinstance(validation_file, str):
        raise bad_request("'validation_file' must be a string or null.", "validation_file")
    return {
        "model": body["model"],
        "training_file": body["training_file"],
        "validation_file": validation_file,
        "method": _method(body),
        "suffix": _suffix(body.get("suffix")),
        "seed": _seed(body.get("seed")),
        "integrations": _integrations(body.get("integrations")),
        "metadata": checked_metadata(body.get("metadata")),
    }


def checked_metadata(value: Any) -> dict[str, str] | None:
    """Up to 16 pairs of strings, keys to 64 characters, values to 512."""
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise bad_request("'metadata' must be an object whose values are strings.", "metadata")
    if len(value) > 16:
        raise bad_request(f"'metadata' has {len(value)} pairs; at most 16 are allowed.", "metadata")
    for key, text in value.items():
        if not 1 <= len(key) <= 64:
            raise bad_request(f"The metadata key {key[:64]!r} is not 1 to 64 characters long.", "metadata")
        if len(text) > 512:
            raise bad_request(f"metadata[{key}] has {len(text)} characters; at most 512 are allowed.", "metadata")
    return dict(value)


def _method(body: Json) -> Json:
    method = body.get("method")
    if method is None:
        settings = _hyperparameters(body.get("hyperparameters") or {}, "supervised", "hyperparameters")
        return {"type": "supervised", "supervised": {"hyperparameters": settings}}
    kind = method.get("type") if isinstance(method, dict) else None
    if not isinstance(kind, str) or kind not in HYPERPARAMETERS:
        raise bad_request("'method.type' must be one of supervised, dpo, reinforcement.", "method.type")
    if body.get("hyperparameters") is not None:
        raise bad_request("Give hyperparameters either in 'method' or at the top level, not both.", "hyperparameters")
    settings = method.get(kind) or {}
    if not isinstance(settings, dict):
        raise bad_request(f"'method.{kind}' must be an object.", f"method.{kind}")
    where = f"method.{kind}.hyperparameters"
    checked = {**settings, "hyperparameters": _hyperparameters(settings.get("hyperparameters") or {}, kind, where)}
    if kind == "reinforcement":
        grader = settings.get("grader")
        if not isinstance(grader, dict) or grader.get("type") not in _GRADERS:
            raise bad_request(
                "'method.reinforcement.grader' must be a grader of type " + ", ".join(_GRADERS) + ".",
                "method.reinforcement.grader",
            )
    return {"type": kind, kind: checked}


def _hyperparameters(given: Any, kind: str, where: str) -> Json:
    """All hyperparameters of the method, "auto" where none was given."""
    if not isinstance(given, dict):
        raise bad_request(f"'{where}' must be an object.", where)
    known = HYPERPARAMETERS[kind]
    for name, value in given.items():
        if name not in known:
            raise bad_request(f"'{name[:80]}' is not a hyperparameter of the {kind} method.", f"{where}.{name[:80]}")
        fits, words = known[name]
        if value is not None and value != "auto" and not fits(value):
            raise bad_request(f"'{where}.{name}' must be {words}, or \"auto\".", f"{where}.{name}")
    return {name: "auto" if given.get(name) is None else given[name] for name in known}


def _suffix(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise bad_request("'suffix' must be a string of 1 to 64 characters.", "suffix")
    return value


def _seed(value: Any) -> int:
    if value is None:
        return secrets.randbelow(_LARGEST_SEED + 1)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_SEED:
        raise bad_request(f"'seed' must be a whole number from 0 to {_LARGEST_SEED}.", "seed")
    return value


def _integrations(value: Any) -> list[Json] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > 5:
        raise bad_request("'integrations' must be a list of at most 5.", "integrations")
    return [{"type": "wandb", "wandb": _wandb(one, f"integrations[{at}]")} for at, one in enumerate(value)] or None


def _wandb(one: Any, where: str) -> Json:
    """A run at Weights & Biases with every field that the service gives back."""
    wandb = one.get("wandb") if isinstance(one, dict) and one.get("type") == "wandb" else None
    if not isinstance(wandb, dict) or not isinstance(wandb.get("project"), str) or not wandb["project"]:
        raise bad_request("An integration must be of type 'wandb' and name its project.", "integrations")
    for name in wandb:
        if name not in ("project", "name", "entity", "tags"):
            raise bad_request(f"'{name[:80]}' is not known to an integration with wandb.", f"{where}.wandb")
    if not all(isinstance(wandb.get(name), str | None) for name in ("name", "entity")):
        raise bad_request(f"'{where}.wandb' has a name or an entity that is no string.", f"{where}.wandb")
    tags = wandb.get("tags") or []
    if not isinstance(tags, list) or len(tags) > 50 or not all(isinstance(t, str) and 0 < len(t) <= 64 for t in tags):
        raise bad_request("Tags are at most 50 strings of 1 to 64 characters.", f"{where}.wandb.tags")
    return {"project": wandb["project"], "name": wandb.get("name"), "entity": wandb.get("entity"), "tags": tags}
