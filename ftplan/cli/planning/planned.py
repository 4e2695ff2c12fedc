"""A plan made, saved, and checked against the world it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from ftplan.backends.whole import write_whole
from ftplan.cli.judging.prepared import prepared
from ftplan.cli.judging.told import evaluation_notes
from ftplan.cli.opening.session import Session
from ftplan.cli.talking.options import Request
from ftplan.config.redact import HIDDEN
from ftplan.core.deciding.scope import Scope, known_addresses
from ftplan.core.desired import Desired
from ftplan.core.evaluating import EVAL_PREFIX
from ftplan.core.facts import Observation
from ftplan.core.keeping.codec import decode_plan, encode_plan, steps_digest
from ftplan.core.nearness import did_you_mean
from ftplan.core.plan import Note, Plan
from ftplan.core.planner import Policy, make_plan
from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.core.steps import Promote
from ftplan.engine.observe import observe
from ftplan.errors import FtplanError, GateRefused, PlanStale, Problem, UsageError
from ftplan.views.plan_text import note_problem

LARGEST_PLAN = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made of."""

    plan: Plan
    desired: Desired
    seen: Observation


def plan_session(session: Session, state: State, request: Request) -> Planned:
    """The plan for `session` as the world is now. Reads only."""
    desired = session.resolve(state, request.replace)
    _check_addresses(desired, state, request)
    scope = Scope.of(desired, state, request.targets, request.excludes, destroying=request.mode == "destroy")
    seen = Observation()
    if request.refresh and not request.offline:
        seen = observe(desired, state, session.providers, scope)
    policy = Policy(
        mode=request.mode,
        replace=request.replace,
        targets=request.targets,
        excludes=request.excludes,
        max_cost=request.max_cost,
        no_spend=request.no_spend,
        no_destroy=request.no_destroy,
        allowed=request.allowed,
    )
    now = datetime.now(timezone.utc)
    plan = make_plan(desired, state, seen, policy, now)
    evaluated = [step for step in plan.steps if isinstance(step, Promote) and step.requires]
    told: list[Note] = []
    if evaluated:
        # Only now it is known which evaluations there will be, and rows are counted for no other.
        evaluations, held = prepared(session, desired, state, seen, evaluated)
        desired = replace(desired, evaluations=evaluations)
        plan = make_plan(desired, held, seen, policy, now)
        told = [*evaluation_notes(session, evaluated)]
    hidden = {name for name, value in session.project.variables.items() if value == HIDDEN}
    notes = (*plan.notes, *told, *_unasked_state(session, state, request))
    return Planned(replace(plan, notes=notes, options=request.kept(hidden), services=session.services), desired, seen)


def _unasked_state(session: Session, state: State, request: Request) -> Iterator[Note]:
    """That a plan knows nothing of a state which is kept at a server: whoever reviews it would take it for new."""
    if request.offline and session.project.state.backend != "local":
        found = f"from {session.backend.where()}, which stands here" if state.lineage else "as if nothing was trained"
        yield Note(
            "warning",
            "The state was not looked at",
            f"It is kept at a server, and -offline asks none: this is planned {found}.",
            advice="With -refresh=false the state is asked, and no provider and no key is needed.",
        )


def _check_addresses(desired: Desired, state: State, request: Request) -> None:
    known = sorted(map(str, known_addresses(desired, state)))
    models = [address for address in known if address.startswith("model.")]
    asked: list[tuple[str, Iterable[Address], list[str]]] = [
        ("target", request.targets, known),
        ("exclude", request.excludes, known),
        ("replace", request.replace, models),
    ]
    wrong = [(option, str(a), there) for option, addresses, there in asked for a in addresses if str(a) not in there]
    if wrong:
        raise UsageError(_unknown_address(option, address, there) for option, address, there in sorted(wrong))


def _unknown_address(option: str, address: str, known: list[str]) -> Problem:
    detail = f"-{option}={address} names nothing that is declared or remembered."
    return Problem("Unknown address", detail, advice=did_you_mean(address, known))


def refuse_errors(plan: Plan) -> None:
    """Raises `GateRefused` when a gate said no, `FtplanError` when a model cannot be had at all."""
    gated = [note_problem(note) for note in plan.errors if note.gate]
    other = [note_problem(note) for note in plan.errors if not note.gate]
    if gated:
        raise GateRefused([*gated, *other])
    if other:
        raise FtplanError(other)


def save_plan(plan: Plan, path: Path) -> None:
    """Writes the plan, readable by its owner alone. Raises `FtplanError` when it cannot be written."""
    try:
        write_whole(path, encode_plan(plan))
    except OSError as error:
        raise FtplanError("Plan not saved", detail=f"{path}: {error.strerror or error}.") from error


def read_plan(path: Path) -> Plan:
    """The saved plan in `path`. Raises `PlanStale` for anything else."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_PLAN + 1)
    except OSError as error:
        raise PlanStale("Plan cannot be read", detail=f"{path}: {error.strerror or error}.") from error
    return decode_plan(data, str(path))


def saved_request(plan: Plan, request: Request) -> Request:
    """`request` with everything that moved the steps when `plan` was made."""
    kept: Any = plan.options
    limits = [Decimal(text) for text in (kept["max_cost"],) if text] + [c for c in (request.max_cost,) if c is not None]
    return replace(
        request,
        variables={**kept["variables"], **request.variables},
        var_files=tuple(Path(name) for name in kept["var_files"]),
        mode=plan.mode,
        targets=frozenset(map(Address.parse, kept["targets"])),
        excludes=frozenset(map(Address.parse, kept["excludes"])),
        replace=frozenset(map(Address.parse, kept["replace"])),
        refresh=kept["refresh"],
        max_cost=min(limits, default=None),
        no_spend=kept["no_spend"] or request.no_spend,
        no_destroy=kept["no_destroy"] or request.no_destroy,
        allowed=frozenset(kept["allow"]) | request.allowed,
        allow_outside=kept["allow_outside"],
    )


def check_fresh(saved: Plan, now: Plan, state: State) -> None:
    """Raises `PlanStale`, with every reason, unless `now` (made afresh) is what `saved` says. A saved plan is an
    assertion: what is carried out is always the plan made afresh."""
    reasons = []
    if plan_mark(saved) in state.used_plans:
        reasons.append("it was applied already")
    elif saved.lineage != now.lineage:
        reasons.append("it was made for another state")
    elif saved.serial != now.serial:
        reasons.append(f"the state has moved on since (serial {saved.serial}, now {now.serial})")
    if saved.config_digest != now.config_digest:
        reasons.append("the configuration or a variable has changed")
    changed = sorted(
        name
        for name in {*saved.dataset_digests, *now.dataset_digests}
        if saved.dataset_digests.get(name) != now.dataset_digests.get(name)
    )
    reasons += [f"dataset.{name} has changed" for name in changed]
    if not changed and saved.config_digest == now.config_digest:
        reasons += [f"the code that grades {EVAL_PREFIX}{name} has changed" for name in _decided_otherwise(saved, now)]
    # Whoever approved it, or whose policy did, was told where the rows go.
    moved = sorted(n for n in {*saved.services, *now.services} if saved.services.get(n) != now.services.get(n))
    reasons += [f"the provider {name} is at another address" for name in moved]
    if not reasons and steps_digest(saved) != steps_digest(now):
        reasons.append("what is at the provider has changed, and other steps are needed now")
    if reasons:
        raise PlanStale(
            Problem(
                "Saved plan is stale",
                f"The plan no longer fits: {'; '.join(reasons)}. Nothing was done.",
                advice="Plan again and review what it says:",
                command="ftplan plan -out=PLANFILE",
            )
        )


def _decided_otherwise(saved: Plan, now: Plan) -> list[str]:
    """The evaluations of both plans that depend on something else now."""
    then, today = (_decided(plan) for plan in (saved, now))
    return sorted({name for (name, by) in then ^ today if name in dict(then) and name in dict(today)})


def _decided(plan: Plan) -> set[tuple[str, str]]:
    return {one for step in plan.steps if isinstance(step, Promote) for one in step.decided_by.items()}


def plan_mark(plan: Plan) -> str:
    """What the state remembers of a saved plan that was used up."""
    return steps_digest(plan) + plan.created_at
