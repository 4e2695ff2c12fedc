"""One plan out of three inputs: what is declared, what is remembered, what is seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ftplan.core.attributes import attributes_after, attributes_before
from ftplan.core.deciding.case import Case, model_now, phase_now, runs
from ftplan.core.deciding.decide import Outcome, blocked_parents, decide
from ftplan.core.deciding.doubles import double_notes
from ftplan.core.deciding.drift import drift_notes
from ftplan.core.deciding.notes import open_call_notes
from ftplan.core.deciding.promoting import decide_aliases, forget_aliases, in_use_notes
from ftplan.core.deciding.removal import decide_destroy, decide_undeclared, spared
from ftplan.core.deciding.scope import Scope
from ftplan.core.deciding.taking import decide_checkpoint
from ftplan.core.desired import Desired, DesiredModel
from ftplan.core.facts import Observation, Phase
from ftplan.core.gates.changes import change_notes
from ftplan.core.gates.lifetime import lifetime_notes, lives
from ftplan.core.gates.money import money_notes
from ftplan.core.gates.refusal import Word
from ftplan.core.money.calibration import calibrations
from ftplan.core.money.cost import bill
from ftplan.core.plan import Mode, Note, Plan, Unchanged
from ftplan.core.recipe import digest, upload_name
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address
from ftplan.core.steps import Adopt, Await, Reason, Step, Train, Upload


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of this run. `replace` names the models to train again; `max_cost` in USD; `no_spend` and `no_destroy`
    refuse what pays and what deletes; `allowed` are the gates' rules that it is let past."""

    mode: Mode = "normal"
    replace: frozenset[Address] = frozenset()
    targets: frozenset[Address] = frozenset()
    excludes: frozenset[Address] = frozenset()
    max_cost: Decimal | None = None
    no_spend: bool = False
    no_destroy: bool = False
    allowed: frozenset[str] = frozenset()

    def word(self, desired: Desired) -> Word:
        """What it says about the gates of a project."""
        return Word(self.max_cost, self.no_spend, self.no_destroy, self.allowed, desired.project.gate_places)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the parts of a plan have found so far."""

    outcomes: dict[Address, list[Outcome]] = field(default_factory=dict)

    def of(self, kind: type[Any]) -> list[Any]:
        return [item for items in self.outcomes.values() for item in items if isinstance(item, kind)]

    def steps(self) -> list[Step]:
        return [item for items in self.outcomes.values() for item in items if not isinstance(item, (Note, Unchanged))]


def make_plan(desired: Desired, state: State, seen: Observation, policy: Policy, now: datetime) -> Plan:
    """The plan: steps in the order in which they may start, uploads before the trainings that need them."""
    scope = Scope.of(desired, state, policy.targets, policy.excludes, destroying=policy.mode == "destroy")
    draft = _drafted(desired, state, seen, policy, scope)
    steps = draft.steps()
    uploads = _uploads(desired, state, seen, steps)
    known_lives = lives(desired, seen, now.date(), steps) if policy.mode == "normal" else ()
    steps_bill, word = bill(steps, desired.catalogs), policy.word(desired)
    notes = [
        *(*draft.of(Note), *open_call_notes(state, seen), *double_notes(state, seen)),
        *in_use_notes(desired.project, state, draft.outcomes),
        *lifetime_notes(steps, known_lives, desired, word),
        *change_notes(steps, state, desired.project.changes, word, policy.mode),
        *money_notes(steps, steps_bill, desired, word, state, f"{now:%Y-%m}"),
    ]
    unchanged = draft.of(Unchanged) + _kept_datasets(desired, state, uploads, scope, policy)
    return Plan(
        project=desired.project.name,
        workspace=desired.project.workspace,
        mode=policy.mode,
        lineage=state.lineage,
        serial=state.serial,
        config_digest=desired.project.digest,
        dataset_digests=_dataset_digests(desired),
        created_at=now.isoformat(timespec="seconds"),
        steps=(*uploads, *steps),
        unchanged=tuple(unchanged),
        notes=tuple(notes),
        bill=steps_bill,
        lives=known_lives,
        drift=drift_notes(desired.project, state, seen),
        variables=dict(desired.project.variables),
        before=attributes_before(state),
        after=attributes_after(desired, state, steps, uploads) if policy.mode == "normal" else {},
    )


def _drafted(desired: Desired, state: State, seen: Observation, policy: Policy, scope: Scope) -> _Draft:
    draft = _Draft()
    if policy.mode == "normal":
        _decide_declared(draft, desired, state, seen, policy, scope)
        draft.outcomes.update(decide_undeclared(desired.project, state, seen, scope))
        draft.outcomes.update(decide_aliases(desired, state, seen, draft.outcomes, scope))
    elif policy.mode == "destroy":
        draft.outcomes.update(forget_aliases(state, scope))
        draft.outcomes.update(decide_destroy(desired.project, state, seen, scope))
    return _Draft(spared(draft.outcomes, state))


def _dataset_digests(desired: Desired) -> dict[str, str]:
    """What says that a dataset is the same: of its bytes where it is trained on, of what is asked where it is not."""
    asked: dict[str, set[str]] = {}
    for one in desired.evaluations.values():
        asked.setdefault(one.dataset, set()).add(one.rows)
    rows = {name: digest(sorted(digests)) for name, digests in asked.items()}
    return dict(sorted({**rows, **{name: facts.sha256 for name, facts in desired.datasets.items()}}.items()))


def _decide_declared(
    draft: _Draft, desired: Desired, state: State, seen: Observation, policy: Policy, scope: Scope
) -> None:
    trained: dict[tuple[str, str], Address] = {}
    taken: dict[Address, list[Outcome]] = {}
    known = calibrations(state)
    for model in desired.models:
        if not scope.covers(model.address):
            continue
        recipe = (model.spec.provider, model.fingerprint)
        case = Case(
            model=model,
            desired=desired,
            state=state,
            seen=seen,
            blocked_by=model.parent if model.parent in blocked_parents(draft.outcomes) else None,
            barren=_barren_parent(model, desired, draft, state, seen),
            forced=model.address in policy.replace,
            twin=trained.get(recipe),
            paid=_paid_elsewhere(model, state, seen),
            calibrations=known,
        )
        draft.outcomes[model.address] = decide(case)
        taken[model.address] = decide_checkpoint(model, desired, state, seen, draft.outcomes[model.address])
        if any(isinstance(item, Train) for item in draft.outcomes[model.address]):
            trained.setdefault(recipe, model.address)
    # Behind the loop, since no child waits for a checkpoint of its parent.
    for address, items in taken.items():
        draft.outcomes[address] += items


def _barren_parent(
    model: DesiredModel, desired: Desired, draft: _Draft, state: State, seen: Observation
) -> Address | None:
    """The parent of `model` where it has no model of today's recipe, and this plan gives it none."""
    if model.parent is None:
        return None
    if any(isinstance(item, (Train, Adopt, Await)) for item in draft.outcomes.get(model.parent, ())):
        return None
    record, parent = state.models.get(model.parent.name), desired.model(model.parent.name)
    same = record is not None and parent is not None and record.fingerprint == parent.fingerprint
    return None if same and record is not None and model_now(record, seen) else model.parent


def _paid_elsewhere(model: DesiredModel, state: State, seen: Observation) -> ModelRecord | None:
    """Another remembered model with the very same recipe whose job is good: it is paid for already."""
    for _, record in sorted(state.models.items()):
        same = (record.provider, record.fingerprint) == (model.spec.provider, model.fingerprint)
        if record.name != model.spec.name and same and _is_good(record, seen):
            return record
    return None


def _is_good(record: ModelRecord, seen: Observation) -> bool:
    phase = phase_now(record, seen)
    return runs(phase) or (phase is Phase.SUCCEEDED and model_now(record, seen) is not None)


def _uploads(desired: Desired, state: State, seen: Observation, steps: Iterable[Step]) -> list[Upload]:
    """Each file that some training needs and the provider does not have yet, once a provider and content."""
    uploads: dict[tuple[str, str], Upload] = {}
    for step in steps:
        model = desired.model(step.address.name) if isinstance(step, Train) else None
        for name in filter(None, (model.spec.dataset, model.spec.validation) if model else ()):
            upload = _upload(desired, state, seen, model.spec.provider if model else "", name)
            if upload is not None and isinstance(step, Train) and upload.content_sha256 in _contents(step):
                uploads.setdefault((upload.provider, upload.content_sha256), upload)
    return list(uploads.values())


def _contents(step: Train) -> tuple[str | None, str | None]:
    """What a training reads. Under `ignore_changes` it need not be what the file holds today."""
    return step.recipe["training"], step.recipe.get("validation")


def _upload(desired: Desired, state: State, seen: Observation, provider: str, name: str) -> Upload | None:
    facts = desired.datasets[name]
    key = (provider, facts.content_sha256)
    gone = key in seen.files and seen.files[key] is None
    if key in state.files and not gone:
        return None
    found = seen.found_files.get(key)
    former = next((f for f in state.files.values() if f.provider == provider and name in f.datasets), None)
    return Upload(
        address=Address("dataset", name),
        provider=provider,
        path=desired.dataset(name).path,
        sha256=facts.sha256,
        content_sha256=facts.content_sha256,
        bytes=facts.bytes,
        rows=facts.rows,
        filename=upload_name(name, facts.sha256),
        reason=Reason.LOST if gone else (Reason.CHANGED if former else Reason.NEW),
        replaces=former.content_sha256 if former and not gone else None,
        found_id=found.id if found else None,
    )


def _kept_datasets(
    desired: Desired, state: State, uploads: Iterable[Upload], scope: Scope, policy: Policy
) -> list[Unchanged]:
    """The declared datasets a provider has already."""
    if policy.mode != "normal":
        return []
    sent = {upload.address for upload in uploads}
    kept = []
    for name, facts in sorted(desired.datasets.items()):
        address = Address("dataset", name)
        records = [f for f in state.files.values() if f.content_sha256 == facts.content_sha256]
        if records and address not in sent and scope.covers(address):
            kept.append(Unchanged(address, records[0].provider, records[0].id))
    return kept
