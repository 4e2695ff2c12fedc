"""Which fields make a model what it is. The recipe in canonical form, its fingerprint, the key of one paid call,
and the difference between two recipes (deepdiff's door)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftplan.core.spec import ModelSpec

MARK_PROJECT = "ftplan_project"
MARK_ADDRESS = "ftplan_address"
MARK_KEY = "ftplan_key"
MARK_FINGERPRINT = "ftplan_fingerprint"

# How a recipe's field is written in the YAML; absent ones are written as they are called.
_YAML_NAMES = {"training": "dataset", "n_epochs": "epochs"}
# Each name of `ignore_changes` and the recipe fields it covers.
_IGNORED_FIELDS = {"dataset": "training", "epochs": "n_epochs"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a recipe before and after; a missing side is None. `path` as the YAML writes it."""

    path: str
    before: Any
    after: Any


def canonical(value: Any) -> Any:
    """`value` with sorted keys and one spelling a number: 2.0 is 2. Refuses nothing JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def canonical_json(value: Any) -> str:
    """The one spelling of `value`, for hashing: ASCII, sorted, no whitespace."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


def make_recipe(
    model: ModelSpec, *, account: str, base_model: str, training: str, validation: str | None
) -> dict[str, Any]:
    """The canonical recipe of `model`.

    `account` says which service trains it (type and host: renaming a provider costs nothing), `base_model` is a
    snapshot or, for a child, `recipe:` and the parent's fingerprint; `training` and `validation` are content
    hashes, so neither a path nor a file's formatting can move the fingerprint. The user's metadata is not in it.
    """
    recipe: dict[str, Any] = {
        "account": account,
        "base_model": base_model,
        "training": training,
        "method": model.method.kind,
        "n_epochs": model.method.n_epochs,
    }
    named = {name: value for name, value in model.method.hyperparameters.items() if value != "auto"}
    optional = {
        "validation": validation,
        "hyperparameters": named or None,
        "grader": model.method.grader,
        "suffix": model.suffix,
        "seed": model.seed,
    }
    recipe.update({name: value for name, value in optional.items() if value is not None})
    result: dict[str, Any] = canonical(recipe)
    return result


def keep_ignored(recipe: Mapping[str, Any], remembered: Mapping[str, Any], ignored: tuple[str, ...]) -> dict[str, Any]:
    """`recipe` with the fields named in `ignored` (lifecycle.ignore_changes) as they were remembered."""
    kept = dict(recipe)
    for name in ignored:
        field = _IGNORED_FIELDS.get(name, name)
        kept.pop(field, None)
        if field in remembered:
            kept[field] = remembered[field]
    result: dict[str, Any] = canonical(kept)
    return result


def fingerprint(recipe: Mapping[str, Any]) -> str:
    """sha256 (hex) of the recipe: equal for equal models, wherever and whenever they are declared."""
    return digest(recipe)


def call_seed(key: str) -> int:
    """The seed a paid call sends where its owner gave none: a second mark of the call, from 0 to 2**31 - 1."""
    return int(key[:8], 16) & 0x7FFFFFFF


def call_key(project: str, workspace: str, address: str, fingerprint: str, attempt: int) -> str:
    """The name (sha256, hex) of one paid call. Never of the lineage: a lost state must find its jobs again."""
    return digest([project, workspace, address, fingerprint, attempt])


def upload_name(dataset: str, sha256: str) -> str:
    """The file name to upload under: it carries the content's hash, since the API keeps neither hash nor metadata."""
    name = dataset.rsplit("/", 1)[-1].removesuffix(".gz").removesuffix(".zst").removesuffix(".jsonl")
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name).strip("-")
    return f"{stem[:40] or 'dataset'}.{sha256[:32]}.jsonl"


def marked_name(dataset: str, sha256: str, key: str) -> str:
    """The file name of a copy that is uploaded for the one paid call `key`."""
    return f"{upload_name(dataset, sha256).removesuffix('.jsonl')}.{key[:12]}.jsonl"


def carries(filename: str, sha256: str) -> bool:
    """Whether a file of this name was uploaded as the bytes with this hash (see `upload_name`)."""
    return sha256[:32] in filename


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """What differs between two recipes, by path. Empty only for equal recipes."""
    if before == after:
        return ()
    # deepdiff costs about 120 ms to import (500 where numpy is installed); only a real change pays it.
    from deepdiff import DeepDiff

    # Both are canonical, so numbers need no leniency; deepdiff's would take 1e-13 for 0.
    tree = DeepDiff(dict(before), dict(after), view="tree")
    changes = [_change(item) for items in tree.values() for item in items]
    return tuple(sorted(changes, key=lambda change: change.path))


def _change(item: Any) -> FieldChange:
    path = item.path(output_format="list")
    words = [_YAML_NAMES.get(str(part), str(part)) if i == 0 else str(part) for i, part in enumerate(path)]
    return FieldChange(".".join(words), _side(item.t1), _side(item.t2))


def _side(value: Any) -> Any:
    return None if type(value).__name__ == "NotPresent" else value
