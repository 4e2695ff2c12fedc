"""The attributes of a step before and after: as the plan names them, else as the step itself carries them."""

from __future__ import annotations

import json
import re
from typing import Any

from typing_extensions import assert_never

from ftplan.core.plan import Plan
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Reason, Step, Take, Train, Upload
from ftplan.views.style import clean, quoted

_HASH = re.compile(r"[0-9a-f]{64}")
_YAML_NAMES = {"training": "dataset", "n_epochs": "epochs"}
_COUNTS = frozenset({"bytes", "rows", "training_rows", "tokens", "trained_tokens"})


def before_of(step: Step, plan: Plan) -> dict[str, Any]:
    """What is remembered of the thing; empty where it is new, or gone."""
    if step.reason is Reason.LOST:
        return {}
    known = dict(plan.before.get(str(step.address), {}))
    match step:
        case Upload() | Train() | Adopt():
            return known
        case Await() | Cancel():
            return known or {"provider": step.provider, "job_id": step.job_id}
        case Forget():
            return known or _present({"id": step.model_id})
        case Delete():
            ids = {"id": step.model_id or step.file_id, "job_id": step.job_id, "provider": step.provider}
            return known or _present(ids)
        case Promote() | Take():
            return known or _present({"id": step.former_id})
        case _:
            assert_never(step)


def after_of(step: Step, plan: Plan) -> dict[str, Any] | None:
    """What will be known of the thing once planned, without what only the apply can tell; None where it goes."""
    known = dict(plan.after.get(str(step.address), {}))
    match step:
        case Upload():
            # What goes to two providers is uploaded twice under one address.
            return _without({**(known or _uploaded(step)), "provider": step.provider}, step)
        case Train() | Adopt():
            return _without(known or _from_recipe(step), step)
        case Await() | Cancel():
            return _without({**before_of(step, plan), **known}, step)
        case Forget() | Delete():
            return None
        case Take():
            return _without({**before_of(step, plan), **known, "checkpoint": step.wish}, step)
        case Promote():
            return known or {"provider": step.provider, "model": str(step.model), **_present({"id": step.model_id})}
        case _:
            assert_never(step)


def unknown_of(step: Step, plan: Plan) -> tuple[str, ...]:
    """The attributes that are known after the apply only."""
    match step:
        case Upload():
            return () if step.found_id else ("id",)
        case Train():
            return ("id", "job_id")
        case Adopt() | Await():
            finished = plan.after.get(str(step.address), {}).get("id") is not None
            ids = () if finished else ("id",)
            return ids if step.__class__ is Await or getattr(step, "job_id", None) else (*ids, "job_id")
        case Cancel() | Forget() | Delete():
            return ()
        case Promote() | Take():
            return () if step.model_id is not None else ("id",)
        case _:
            assert_never(step)


def value_text(name: str, value: Any) -> str:
    """One attribute's value as Terraform writes values; a hash by its first twelve digits, a count with commas."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return f"{value:,}" if name in _COUNTS else str(value)
    if isinstance(value, float):
        return repr(value)
    if not isinstance(value, str):
        return clean(json.dumps(value, ensure_ascii=False, default=str))
    kind, colon, rest = value.rpartition(":")
    if _HASH.fullmatch(rest) and kind in ("", "recipe", "sha256"):
        return quoted(f"{kind}{colon}{rest[:12]}…")
    return quoted(value)


def _uploaded(step: Upload) -> dict[str, Any]:
    names = ("provider", "path", "filename", "bytes", "rows", "sha256", "content_sha256")
    return {name: getattr(step, name) for name in names}


def _from_recipe(step: Train | Adopt) -> dict[str, Any]:
    named = {_YAML_NAMES.get(str(name), str(name)): value for name, value in step.recipe.items()}
    if step.parent is not None:
        named["base_model"] = str(step.parent)
    return {**named, "provider": step.provider}


def _without(attributes: dict[str, Any], step: Step) -> dict[str, Any]:
    """`attributes` with the ids that `step` names, and without those that something else had before."""
    named = {name: value for name, value in attributes.items() if name != "job_id"}
    if isinstance(step, (Train, Upload)):
        named.pop("id", None)
    job = getattr(step, "job_id", None)
    found = getattr(step, "found_id", None)
    return {**_present({"id": found, "job_id": job}), **named} if job or found else named


def _present(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
