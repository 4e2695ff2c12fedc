"""State, plan and events <-> JSON text, with versions. What cannot be read is refused, never taken for empty."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ftplan import __version__
from ftplan.core.events import Event
from ftplan.core.handover import AliasRecord, Approval, EvalRecord
from ftplan.core.keeping.integrity import integrity_faults
from ftplan.core.keeping.plain import Misfit, from_plain, tagged, to_plain
from ftplan.core.plan import Plan
from ftplan.core.recipe import digest
from ftplan.core.records import STATE_VERSION, FileRecord, Intent, ModelRecord, PackedFigures, State
from ftplan.core.steps import Step
from ftplan.errors import FtplanError, PlanStale, Problem, StateDamaged, StateError

PLAN_FORMAT = "ftplan-plan"
PLAN_VERSION = 2

Migration = Callable[[dict[str, Any]], dict[str, Any]]


def m001_add_the_ledger(document: dict[str, Any]) -> dict[str, Any]:
    """A state of version 1 with an empty ledger: what was spent before it was kept is not made up afterwards."""
    return {**document, "version": 2, "ledger": []}


def m002_add_what_is_in_use(document: dict[str, Any]) -> dict[str, Any]:
    """A state of version 2 without aliases and evaluations: there were none."""
    return {**document, "version": 3, "aliases": [], "evaluations": []}


def m003_add_what_is_approved(document: dict[str, Any]) -> dict[str, Any]:
    """A state of version 3 without approvals: what was approved before they were kept is to be approved again; and
    without figures, which the next apply asks for."""
    return {**document, "version": 4, "approvals": [], "figures": []}


# From each older version of the state to the next one; a new version adds a function m00N_... and a file in tests.
MIGRATIONS: Mapping[int, Migration] = {
    1: m001_add_the_ledger,
    2: m002_add_what_is_in_use,
    3: m003_add_what_is_approved,
}


def encode_state(state: State) -> bytes:
    """The state as JSON. The same state always gives the same bytes."""
    document = {
        "version": STATE_VERSION,
        "serial": state.serial,
        "lineage": state.lineage,
        "ftplan_version": __version__,
        "project": state.project,
        "workspace": state.workspace,
        "files": [to_plain(state.files[key]) for key in sorted(state.files)],
        "models": [to_plain(state.models[name]) for name in sorted(state.models)],
        "intents": [to_plain(state.intents[name]) for name in sorted(state.intents)],
        "used_plans": list(state.used_plans),
        "ledger": [tagged(entry) for entry in state.ledger],
        "aliases": [to_plain(state.aliases[name]) for name in sorted(state.aliases)],
        "evaluations": [to_plain(state.evaluations[key]) for key in sorted(state.evaluations)],
        "approvals": [to_plain(state.approvals[name]) for name in sorted(state.approvals)],
        "figures": [to_plain(state.figures[job_id]) for job_id in sorted(state.figures)],
    }
    return _text(document)


def decode_state(data: bytes, where: str) -> State:
    """The state in `data`, brought to today's version. Raises `StateDamaged` for what is damaged or foreign,
    `StateError` for what is newer; `where` names the place in the message."""
    document = _object(data, where, StateDamaged, "Unreadable state")
    version = document.get("version")
    if type(version) is not int or version < 1 or "lineage" not in document or "ftplan_version" not in document:
        raise StateDamaged(_unreadable("Foreign state", where, "It is JSON, but not a state that ftplan wrote."))
    if version > STATE_VERSION:
        written_by = str(document.get("ftplan_version"))[:40]
        raise StateError(
            Problem(
                "State of a newer ftplan",
                f"{where} was written by ftplan {written_by} (state version {version}); this is ftplan {__version__}, "
                f"which knows versions up to {STATE_VERSION}.",
                advice="Upgrade ftplan. Nothing was changed.",
            )
        )
    for step in range(version, STATE_VERSION):
        document = MIGRATIONS[step](document)
    try:
        state = _state(document)
    except Misfit as misfit:
        raise StateDamaged(_unreadable("Damaged state", where, f"{misfit}.")) from None
    faults = integrity_faults(state)
    if faults:
        raise StateDamaged(_unreadable("Damaged state", where, f"What it holds cannot be true: {'; '.join(faults)}."))
    return state


def _state(document: Mapping[str, Any]) -> State:
    simple = ("project", "lineage", "serial", "workspace", "used_plans", "ledger")
    records = ("files", "models", "intents", "aliases", "evaluations", "approvals", "figures")
    _same_keys(document, {"version", "ftplan_version", *records, *simple}, "state")
    files = [from_plain(FileRecord, item, "files[]") for item in _list(document, "files")]
    models = [from_plain(ModelRecord, item, "models[]") for item in _list(document, "models")]
    intents = [from_plain(Intent, item, "intents[]") for item in _list(document, "intents")]
    aliases = [from_plain(AliasRecord, item, "aliases[]") for item in _list(document, "aliases")]
    evaluations = [from_plain(EvalRecord, item, "evaluations[]") for item in _list(document, "evaluations")]
    approvals = [from_plain(Approval, item, "approvals[]") for item in _list(document, "approvals")]
    figures = [from_plain(PackedFigures, item, "figures[]") for item in _list(document, "figures")]
    header = from_plain(State, {name: document[name] for name in simple}, "state")
    state = replace(
        header.holding(files, models, intents),
        aliases={record.name: record for record in aliases},
        evaluations={record.key: record for record in evaluations},
        approvals={record.alias: record for record in approvals},
        figures={record.job_id: record for record in figures},
    )
    # Two records under one name: one of them would be dropped in silence, with a model that was paid for.
    if [len(getattr(state, name)) for name in records] != [len(document[name]) for name in records]:
        raise Misfit("it holds two records for the same file or model")
    return state


def _same_keys(document: Mapping[str, Any], expected: set[str], where: str) -> None:
    odd = sorted(set(document) ^ expected)
    if odd:
        raise Misfit(f"{where} has unknown or missing keys {odd}")


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    items = document.get(name)
    if not isinstance(items, list):
        raise Misfit(f"{name} should be a list")
    return items


def encode_step(step: Step) -> dict[str, Any]:
    """A step as plain data that names its kind."""
    return tagged(step)


def encode_event(event: Event) -> dict[str, Any]:
    """An event as plain data that names its kind."""
    return tagged(event)


def steps_digest(plan: Plan) -> str:
    """sha256 of what the plan would do: plans with the same digest do the same, whenever they were made."""
    return digest([plan.mode, plan.project, plan.workspace, [encode_step(step) for step in plan.steps]])


def encode_plan(plan: Plan) -> bytes:
    """A plan as a file's content: one JSON object with a digest over everything else in it."""
    body = {**to_plain(plan), "steps": [encode_step(step) for step in plan.steps]}
    document = {
        "format": PLAN_FORMAT,
        "version": PLAN_VERSION,
        "ftplan_version": __version__,
        "digest": digest(body),
        "plan": body,
    }
    return _text(document)


def decode_plan(data: bytes, where: str) -> Plan:
    """The plan in `data`. Raises `PlanStale` for anything that is not exactly what `encode_plan` of this version
    of ftplan wrote."""
    document = _object(data, where, PlanStale, "Unreadable plan")
    if document.get("format") != PLAN_FORMAT:
        raise PlanStale(_unreadable("Not a saved plan", where, "It is JSON, but not a plan that ftplan wrote."))
    if document.get("version") != PLAN_VERSION or document.get("ftplan_version") != __version__:
        why = f"It was made by ftplan {str(document.get('ftplan_version'))[:40]}; this is ftplan {__version__}."
        raise PlanStale(_unreadable("Plan of another version", where, why))
    body = document.get("plan")
    try:
        _same_keys(document, {"format", "version", "ftplan_version", "digest", "plan"}, "it")
        if digest(body) != document.get("digest"):
            raise Misfit("its digest does not fit its content")
        return from_plain(Plan, body, "plan")
    except (Misfit, TypeError, ValueError) as error:
        raise PlanStale(_unreadable("Damaged plan", where, f"{error}.")) from None


def _text(document: Mapping[str, Any]) -> bytes:
    # A provider's message cut within a character may hold half of it; as \udXXX it is JSON still, and comes back.
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _object(data: bytes, where: str, kind: type[FtplanError], summary: str) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise kind(_unreadable(summary, where, f"It is not JSON: {error}.")) from None
    if not isinstance(document, dict):
        raise kind(_unreadable(summary, where, "It is JSON, but not an object."))
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _unreadable(summary: str, where: str, why: str) -> Problem:
    detail = f"{where} cannot be used. {why}"
    if summary.endswith("state"):
        return Problem(summary, detail, advice=_STATE_ADVICE, command="ftplan state repair")
    return Problem(summary, detail, advice="Make a new plan.")


_STATE_ADVICE = (
    "Nothing was changed: an unreadable state is never taken for an empty one, since that would buy everything again. "
    "Restore it from its .backup copy or from version control, or rebuild it from what the providers show:"
)
