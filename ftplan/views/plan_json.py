"""A plan as one document in Terraform's plan format, so that policies written for that format work on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from typing_extensions import assert_never

import ftplan
from ftplan.core.keeping.checksum import plan_checksum
from ftplan.core.keeping.plain import to_plain
from ftplan.core.plan import Note, Plan, Unchanged
from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Promote, Reason, Step, Take, Train, Upload
from ftplan.views.cost_json import cost_estimate
from ftplan.views.json_configuration import configuration
from ftplan.views.json_documents import output_document, resource, state_document
from ftplan.views.json_text import plain
from ftplan.views.plan_attributes import after_of, before_of, unknown_of
from ftplan.views.plan_words import is_part_of_another, replaces

FORMAT_VERSION = "1.2"
_REASONS = {
    Reason.CHANGED: "replace_because_cannot_update",
    Reason.FORCED: "replace_by_request",
    Reason.FAILED: "replace_because_tainted",
}


def plan_document(plan: Plan, state: State | None = None) -> dict[str, Any]:
    """What `show -json PLANFILE` prints. `prior_state` is made of `state` where it is given, else of the plan."""
    return {
        "format_version": FORMAT_VERSION,
        "ftplan_version": ftplan.__version__,
        "variables": {name: {"value": plain(value)} for name, value in plan.variables.items()},
        "planned_values": _planned(plan),
        "resource_drift": [_drift(note, plan) for note in plan.drift if note.address],
        "resource_changes": resource_changes(plan),
        "output_changes": _output_changes(plan),
        "prior_state": state_document(state) if state is not None else _remembered(plan),
        "configuration": configuration(plan),
        "timestamp": plan.created_at,
        "applyable": bool(plan.steps or (plan.drift and plan.mode == "refresh-only")) and not plan.errors,
        "complete": True,
        "errored": any(note.gate is None for note in plan.errors),
        "summary": plan.summary(),
        "cost_estimate": cost_estimate(plan.bill),
        "base_models": base_models(plan),
        "dataset_diffs": {name: to_plain(diff) for name, diff in sorted(plan.dataset_diffs.items())},
        "checksum": plan_checksum(plan),
    }


def resource_changes(plan: Plan) -> list[dict[str, Any]]:
    """One change for each thing that has a step, and a no-op for each that has none; by address."""
    told = [_change(step, plan) for step in plan.steps if not is_part_of_another(step, plan)]
    kept = [_no_op(unchanged, plan) for unchanged in plan.unchanged]
    # What waits for consent stays as it is, and is there for policies to see.
    kept += [_waiting(note.address, plan) for note in plan.withheld if note.address]
    return sorted([*told, *kept], key=lambda change: (change["address"], change["provider_name"]))


def actions_of(step: Step, plan: Plan) -> list[str]:
    """Terraform's words for `step`. What is replaced is not deleted at the provider: it is managed no more. So it is
    as well where what takes its place is there already."""
    match step:
        case Train():
            return ["create", "forget"] if replaces(step, plan) else ["create"]
        case Upload():
            found = step.found_id is not None and bool(before_of(step, plan))
            return ["create", "forget"] if found or replaces(step, plan) else ["create"]
        case Adopt():
            return ["create", "forget"] if before_of(step, plan) else ["create"]
        case Await() | Cancel():
            return ["update"]
        case Forget():
            return ["forget"]
        case Delete():
            return ["delete"]
        case Promote():
            return ["create"] if step.former_id is None else ["update"]
        case Take():
            return ["update"]
        case _:
            assert_never(step)


def reason_of(step: Step, plan: Plan) -> str | None:
    """Terraform's `action_reason` of `step`; None where it names none."""
    match step:
        case Train():
            return _REASONS.get(step.reason) if replaces(step, plan) else None
        case Upload():
            return "replace_because_cannot_update" if replaces(step, plan) else None
        case Forget() | Delete():
            return "delete_because_no_resource_config" if step.reason is Reason.UNDECLARED else None
        case Adopt() | Await() | Cancel() | Promote() | Take():
            return None
        case _:
            assert_never(step)


def _change(step: Step, plan: Plan) -> dict[str, Any]:
    unknown = unknown_of(step, plan)
    after = after_of(step, plan)
    actions = actions_of(step, plan)
    change: dict[str, Any] = {
        "actions": actions,
        # What is created has nothing before: a dataset that goes to another provider as well stays at the first.
        "before": None if actions == ["create"] else plain(before_of(step, plan)) or None,
        "after": None if after is None else plain({k: v for k, v in after.items() if k not in unknown}),
        "after_unknown": dict.fromkeys(unknown, True),
        "before_sensitive": {},
        "after_sensitive": {},
        "replace_paths": _replace_paths(step, plan),
    }
    importing = _importing(step)
    if importing is not None:
        change["importing"] = importing
    reason = reason_of(step, plan)
    return {
        **_name(str(step.address), _provider(step, plan)),
        "change": change,
        **({"action_reason": reason} if reason else {}),
        **refused_by(step.address, plan),
    }


def base_models(plan: Plan) -> list[dict[str, Any]]:
    """How long each base model stays on, and what the trainings on it cost a day of that, in USD."""
    return [{field.name: plain(getattr(life, field.name)) for field in fields(life)} for life in plan.lives]


def refused_by(address: Address, plan: Plan) -> dict[str, list[str]]:
    """The rules of the gates that refuse what is to become of `address`; no key where none does."""
    rules = [note.rule for note in plan.refusals(address)]
    return {"refused_by": rules} if rules else {}


def _importing(step: Step) -> dict[str, Any] | None:
    """What is taken over. The job that another step of this plan starts has no id yet."""
    if isinstance(step, Adopt):
        return {"id": step.job_id} if step.job_id else {"unknown": True}
    return {"id": step.found_id} if isinstance(step, Upload) and step.found_id else None


def _replace_paths(step: Step, plan: Plan) -> list[list[str]]:
    if not replaces(step, plan):
        return []
    if isinstance(step, Train):
        return [change.path.split(".") for change in step.changes]
    return [["content_sha256"]]


def _no_op(unchanged: Unchanged, plan: Plan) -> dict[str, Any]:
    address = str(unchanged.address)
    ids = {"id": unchanged.model_id, "job_id": unchanged.job_id, "provider": unchanged.provider}
    named = {name: value for name, value in ids.items() if value}
    before = plain(plan.before.get(address) or named)
    change = {
        "actions": ["no-op"],
        "before": before,
        "after": plain(plan.after.get(address) or before),
        "after_unknown": {},
        "before_sensitive": {},
        "after_sensitive": {},
        "replace_paths": [],
    }
    return {**_name(address, unchanged.provider), "change": change}


def _waiting(address: Address, plan: Plan) -> dict[str, Any]:
    remembered = plain(plan.before.get(str(address), {})) or None
    provider = str(plan.after.get(str(address), remembered or {}).get("provider", ""))
    told = _no_op(Unchanged(address, provider), plan)
    return {**told, "change": {**told["change"], "before": remembered, "after": remembered}}


def _name(address: str, provider: str) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": provider}


def _provider(step: Step, plan: Plan) -> str:
    if isinstance(step, Forget):
        return str(plan.before.get(str(step.address), {}).get("provider", ""))
    return step.provider


def _planned(plan: Plan) -> dict[str, Any]:
    known = {u["address"]: u["change"]["after"] for u in resource_changes(plan)}
    resources = [resource(address, after) for address, after in sorted(known.items()) if after is not None]
    models = {r["name"]: r["values"].get("id") for r in resources if r["type"] == "model"}
    return {"outputs": output_document(models), "root_module": {"resources": resources}}


def _remembered(plan: Plan) -> dict[str, Any]:
    resources = [resource(address, values) for address, values in sorted(plan.before.items())]
    return {
        "format_version": "1.0",
        "ftplan_version": ftplan.__version__,
        "values": {"root_module": {"resources": resources}},
    }


def _drift(note: Note, plan: Plan) -> dict[str, Any]:
    address = str(note.address)
    before = plain(plan.before.get(address, {}))
    gone = "deleted" in note.summary
    change = {
        "actions": ["delete"] if gone else ["update"],
        "before": before,
        "after": None if gone else before,
        "after_unknown": {},
        "before_sensitive": {},
        "after_sensitive": {},
    }
    said = " ".join(part for part in (note.summary, note.detail) if part)
    return {**_name(address, str(before.get("provider", ""))), "change": change, "detail": said}


def _output_changes(plan: Plan) -> dict[str, Any]:
    return {c["name"]: _output(c["change"]) for c in _models(resource_changes(plan))}


def _models(changes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [change for change in changes if change["type"] == "model"]


def _output(change: dict[str, Any]) -> dict[str, Any]:
    before = (change["before"] or {}).get("id")
    after = (change["after"] or {}).get("id")
    unknown = bool(change["after_unknown"].get("id"))
    gone = change["after"] is None
    action = "delete" if gone else "no-op" if after == before and not unknown else "update" if before else "create"
    return {
        "actions": [action],
        "before": before,
        "after": after,
        "after_unknown": unknown,
        "before_sensitive": False,
        "after_sensitive": False,
    }
