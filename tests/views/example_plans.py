"""Plans as the planner makes them, one for each thing a reader may meet."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ftplan.core.plan import BaseLife, Bill, Note, Plan, Unchanged
from ftplan.core.recipe import FieldChange
from ftplan.core.spec import Address
from ftplan.core.steps import (
    Adopt,
    Await,
    Cancel,
    Delete,
    Estimate,
    Forget,
    Promote,
    Reason,
    Reckoning,
    Step,
    Take,
    Train,
    Upload,
)
from ftplan.errors import Place

BASE = "gpt-4.1-mini-2025-04-14"
TUNED = f"ft:{BASE}:acme:support-bot:Abc123"
BOT = Address("model", "support-bot")
TICKETS = Address("dataset", "tickets")
LIFE = BaseLife("openai", BASE, "2027-01-14", 53, "2027-01-06", 45)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def recipe(**changes: Any) -> dict[str, Any]:
    known = {
        "account": "openai",
        "base_model": BASE,
        "training": digest("tickets"),
        "method": "supervised",
        "n_epochs": 3,
        "hyperparameters": {"learning_rate_multiplier": 1.8},
        "suffix": "support-bot",
        "seed": 7,
    }
    return {**known, **changes}


def declared(**changes: Any) -> dict[str, Any]:
    known = {
        "provider": "openai",
        "base_model": BASE,
        "dataset": "tickets",
        "method": "supervised",
        "epochs": 3,
        "hyperparameters": {"learning_rate_multiplier": 1.8},
        "suffix": "support-bot",
        "seed": 7,
        "training_rows": 1284,
        "fingerprint": digest("recipe"),
    }
    return {**known, **changes}


def remembered(**changes: Any) -> dict[str, Any]:
    known = {"id": TUNED, "job_id": "ftjob-0001", "status": "succeeded", "attempt": 1, "trained_tokens": 1_284_000}
    kept = {name: value for name, value in declared().items() if name not in ("dataset", "training_rows")}
    told = {**known, **kept, "training": digest("tickets"), **changes}
    return {name: value for name, value in told.items() if value is not None}


def dataset(**changes: Any) -> dict[str, Any]:
    known = {
        "provider": "openai",
        "path": "data/tickets.jsonl",
        "rows": 1284,
        "bytes": 2_481_337,
        "format": "chat",
        "sha256": digest("tickets bytes"),
        "content_sha256": digest("tickets"),
    }
    return {**known, **changes}


def estimate(low: str | None = "3.21", high: str | None = None, **changes: Any) -> Estimate:
    bounds = (None, None) if low is None else (Decimal(low), Decimal(high or low))
    known = {"tokens": 1_284_000, "low": bounds[0], "high": bounds[1], "epochs": 3}
    known["reckoning"] = Reckoning(
        rows=1284,
        encoding="o200k_base",
        counted=428_000,
        epochs=(3, 3, 3) if high is None else (2, 3, 4),
        per_million=None if low is None else Decimal("2.50"),
        origin="" if low is None else "OpenAI",
        as_of="2026-11",
    )
    basis = "no price known" if low is None else "428,000 tokens x 3 epochs x $2.50 per million; OpenAI"
    return Estimate(**{**known, "basis": basis, **changes})


def upload(**changes: Any) -> Upload:
    known = {
        "address": TICKETS,
        "provider": "openai",
        "path": "data/tickets.jsonl",
        "sha256": digest("tickets bytes"),
        "content_sha256": digest("tickets"),
        "bytes": 2_481_337,
        "rows": 1284,
        "filename": f"tickets.{digest('tickets bytes')[:32]}.jsonl",
        "reason": Reason.NEW,
    }
    return Upload(**{**known, **changes})


def train(address: Address = BOT, **changes: Any) -> Train:
    known = {
        "address": address,
        "provider": "openai",
        "fingerprint": digest("recipe"),
        "key": digest("key"),
        "attempt": 1,
        "recipe": recipe(),
        "reason": Reason.NEW,
        "estimate": estimate(),
    }
    return Train(**{**known, **changes})


def adopt(**changes: Any) -> Adopt:
    known = {
        "address": BOT,
        "provider": "openai",
        "fingerprint": digest("recipe"),
        "key": digest("key"),
        "attempt": 1,
        "recipe": recipe(),
        "reason": Reason.FOUND,
        "job_id": "ftjob-0777",
        "detail": TUNED,
    }
    return Adopt(**{**known, **changes})


def bill(*steps: Step, rehearsal: bool = False, as_of: str = "2026-11-20") -> Bill | None:
    paid = [step for step in steps if isinstance(step, (Train, Promote))]
    by_address = {str(step.address): step.estimate for step in paid if step.estimate is not None}
    if not by_address:
        return None
    return Bill(
        low=sum((e.low for e in by_address.values() if e.low is not None), Decimal(0)),
        high=sum((e.high for e in by_address.values() if e.high is not None), Decimal(0)),
        tokens=sum(step.estimate.tokens for step in steps if isinstance(step, Train)),
        as_of=as_of,
        by_address=by_address,
        unpriced=tuple(address for address, e in by_address.items() if e.high is None),
        rehearsal=rehearsal,
    )


def plan(*steps: Step, **changes: Any) -> Plan:
    known: dict[str, Any] = {
        "project": "support",
        "mode": "normal",
        "lineage": "5b0d6f0e-7a3e-4f0d-9c1e-0a5f1f6b9f11",
        "serial": 4,
        "config_digest": digest("yaml"),
        "dataset_digests": {"tickets": digest("tickets bytes")},
        "created_at": "2026-11-22T12:00:00+00:00",
        "steps": steps,
        "bill": bill(*steps),
        "variables": {"epochs": 3},
        "after": {"dataset.tickets": dataset(), "model.support-bot": declared()},
    }
    return Plan(**{**known, **changes})


HELD = {"dataset.tickets": {"id": "file-0001", **dataset()}}
KNOWN = {**HELD, "model.support-bot": remembered()}
KEPT = (Unchanged(TICKETS, "openai"),)


def first_plan() -> Plan:
    return plan(upload(), train(), lives=(LIFE,))


def changed_epochs() -> Plan:
    changes = (FieldChange("epochs", 3, 4), FieldChange("seed", 7, None), FieldChange("validation", None, digest("h")))
    step = train(reason=Reason.CHANGED, changes=changes, replaces_model=TUNED, recipe=recipe(n_epochs=4))
    after = declared(epochs=4, fingerprint=digest("recipe 4"), validation="holdout")
    after.pop("seed")
    return plan(step, before=KNOWN, after={**HELD, "model.support-bot": after}, unchanged=KEPT, lives=(LIFE,))


def changed_dataset() -> Plan:
    former = {"id": "file-0001", **dataset(content_sha256=digest("old"), sha256=digest("old bytes"), bytes=2_400_000)}
    changes = (FieldChange("dataset", digest("old"), digest("tickets")),)
    return plan(
        upload(reason=Reason.CHANGED, replaces=digest("old")),
        Cancel(BOT, "openai", "ftjob-0001", Reason.CHANGED),
        train(reason=Reason.CHANGED, changes=changes),
        before={"dataset.tickets": former, "model.support-bot": remembered(id=None, status="running")},
        after={"dataset.tickets": dataset(), "model.support-bot": declared(fingerprint=digest("other"))},
    )


def two_models_on_one_dataset() -> Plan:
    twin = Address("model", "triage")
    after = {"dataset.tickets": dataset(), str(BOT): declared(), str(twin): declared(suffix="triage")}
    return plan(upload(), train(), train(twin, estimate=estimate("1.07")), after=after, lives=(LIFE,))


def chain() -> Plan:
    child = Address("model", "polite-bot")
    changes = (FieldChange("base_model", f"recipe:{digest('a')}", f"recipe:{digest('b')}"),)
    after = {**HELD, str(BOT): declared(epochs=4), str(child): declared(base_model=str(BOT), suffix="polite")}
    before = {**KNOWN, str(child): remembered(base_model=str(BOT), id="ft:polite", suffix="polite")}
    return plan(
        train(reason=Reason.CHANGED, changes=(FieldChange("epochs", 3, 4),), replaces_model=TUNED),
        train(child, reason=Reason.CHANGED, changes=changes, parent=BOT, replaces_model="ft:polite"),
        before=before,
        after=after,
        unchanged=KEPT,
    )


def adopted() -> Plan:
    return plan(upload(found_id="file-0777", reason=Reason.FOUND), adopt())


def shared() -> Plan:
    twin = Address("model", "triage")
    after = {**HELD, str(BOT): declared(), str(twin): declared()}
    return plan(
        train(), adopt(address=twin, job_id=None, shared_with=BOT, reason=Reason.SHARED, detail=""), after=after
    )


def awaited() -> Plan:
    before = {**HELD, "model.support-bot": remembered(id=None, status="running")}
    return plan(Await(BOT, "openai", "ftjob-0001", detail="running"), before=before, unchanged=KEPT)


def failed_retry() -> Plan:
    why = "its job ftjob-0001 ended failed: server_error: The job failed due to an internal error."
    step = train(reason=Reason.FAILED, attempt=2, detail=why)
    before = {**HELD, "model.support-bot": remembered(id=None, status="failed")}
    return plan(step, before=before, unchanged=KEPT)


def waiting_for_consent() -> Plan:
    note = Note(
        "warning",
        "Failed job",
        "model.support-bot has no model of this recipe: its job ftjob-0001 ended failed: server_error: The job failed.",
        address=BOT,
        advice="Another try is paid for again, so it needs your consent:",
        command="ftplan apply -replace=model.support-bot",
        withheld=Reason.FAILED,
        estimate=estimate(),
    )
    before = {**HELD, "model.support-bot": remembered(id=None, status="failed")}
    return plan(before=before, notes=(note,), unchanged=KEPT)


def forced() -> Plan:
    return plan(train(reason=Reason.FORCED, attempt=2, replaces_model=TUNED), before=KNOWN, unchanged=KEPT)


def forgotten() -> Plan:
    return plan(Forget(BOT, Reason.UNDECLARED, TUNED), before=KNOWN, after=HELD, unchanged=KEPT)


def deleted() -> Plan:
    step = Delete(BOT, "openai", Reason.UNDECLARED, model_id=TUNED, job_id="ftjob-0001")
    return plan(step, before=KNOWN, after=HELD, unchanged=KEPT)


def destroy() -> Plan:
    return plan(
        Delete(BOT, "openai", Reason.REQUESTED, job_id="ftjob-0001", running=True),
        Delete(TICKETS, "openai", Reason.REQUESTED, file_id="file-0001", content_sha256=digest("tickets")),
        before={**HELD, "model.support-bot": remembered(id=None, status="running")},
        after={},
        mode="destroy",
    )


def no_changes() -> Plan:
    kept = (*KEPT, Unchanged(BOT, "openai", TUNED, "ftjob-0001"))
    after = {**HELD, "model.support-bot": {**declared(), "id": TUNED, "job_id": "ftjob-0001"}}
    return plan(before=KNOWN, after=after, unchanged=kept, lives=(LIFE,))


def nothing_to_destroy() -> Plan:
    return plan(mode="destroy", after={})


def notes_and_gates() -> Plan:
    place = Place("ftplan.yaml", 12, 5, "    epochs: 3")
    notes = (
        Note("warning", "Short life", f"{BASE} is switched off on 2027-01-14, 53 days from now.", address=BOT),
        Note(
            "error",
            "Over budget",
            "The whole plan is estimated at $3.21; budget.max_total allows $2.00.",
            gate="budget",
            advice="Train fewer epochs or less data, or raise the bound. To let this one run past it: -max-cost=3.21",
            place=place,
            rule="budget.max_total",
            figure="$3.21",
            limit="$2.00",
            flag="-max-cost=3.21",
            blocks=(BOT,),
        ),
        Note("info", "Formatting changed", "The file's bytes changed, its rows did not.", address=TICKETS),
    )
    drift = (
        Note("info", "has been deleted", "file file-0001 is gone", address=TICKETS),
        Note("info", "has changed", "job ftjob-0001 was running and is succeeded", address=BOT),
    )
    lives = (
        replace(LIFE, cost_per_day={str(BOT): Decimal("0.0605")}),
        BaseLife("openai", "gpt-3.5-turbo-0125", "2026-10-01", -52, "2026-09-01", -82),
        BaseLife("foundry", "llama-3", None, None),
    )
    return plan(upload(reason=Reason.LOST), train(), notes=notes, drift=drift, lives=lives)


def planning_failed() -> Plan:
    detail = "model.polite-bot is trained on top of model.support-bot, which this plan cannot provide."
    return plan(notes=(Note("error", "Waits for its parent", detail, address=BOT),))


def unpriced() -> Plan:
    other = Address("model", "triage")
    after = {**HELD, str(BOT): declared(), str(other): declared()}
    return plan(train(), train(other, estimate=estimate(None)), after=after, unchanged=KEPT)


def nothing_priced() -> Plan:
    return plan(train(estimate=estimate(None)), unchanged=KEPT)


def range_cost() -> Plan:
    step = train(estimate=estimate("1.20", "4.00", exact_epochs=False, epochs=None))
    return plan(step, bill=bill(step, rehearsal=True), unchanged=KEPT)


def promoted() -> Plan:
    """An alias that is new and waits for its evaluation, and one that moves at once."""
    new, moved = Address("alias", "support-prod"), Address("alias", "support-next")
    said = {"provider": "openai", "model": str(BOT)}
    was = {"id": "ft:old", **said, "since": "2026-11-01T08:00:00+00:00"}
    asking = estimate("0.02", "0.31", tokens=0, exact_epochs=True, answers=300)
    return plan(
        Promote(new, "openai", BOT, ("accuracy", "tone"), Reason.NEW, estimate=asking),
        Promote(moved, "openai", BOT, (), Reason.CHANGED, TUNED, "ftjob-0001", "ft:old"),
        before={**KNOWN, str(moved): was},
        after={**KNOWN, str(new): {**said, "requires": ["eval.accuracy"]}, str(moved): {"id": TUNED, **said}},
        unchanged=KEPT,
    )


def taken() -> Plan:
    """The best checkpoint of one model, one that only the apply can tell, and a last step that is taken back."""
    new, back = Address("model", "polite-bot"), Address("model", "triage")
    best = f"{TUNED}:ckpt-step-80"
    after = {
        str(BOT): declared(id=best, checkpoint="best valid_loss"),
        str(new): declared(checkpoint="best full_valid_mean_token_accuracy", suffix="polite"),
        str(back): declared(id="ft:triage", suffix="triage"),
    }
    told = {"checkpoint": "step 40", "suffix": "triage"}
    return plan(
        Take(BOT, "openai", "best valid_loss", Reason.CHANGED, "last step", TUNED, best, 80, "ftjob-0001", 0.123456),
        train(new),
        Take(new, "openai", "best full_valid_mean_token_accuracy", Reason.NEW),
        Take(back, "openai", "last step", Reason.CHANGED, "step 40", "ft:ckpt-step-40", "ft:triage", None, "ftjob-2"),
        before={**KNOWN, str(back): remembered(id="ft:ckpt-step-40", **told)},
        after={**HELD, **after},
        unchanged=KEPT,
    )


def refreshed() -> Plan:
    return plan(mode="refresh-only", after={}, before=KNOWN, drift=notes_and_gates().drift)


EXAMPLES = {
    make.__name__: make
    for make in (
        first_plan,
        changed_epochs,
        changed_dataset,
        two_models_on_one_dataset,
        chain,
        adopted,
        shared,
        awaited,
        failed_retry,
        waiting_for_consent,
        forced,
        forgotten,
        deleted,
        destroy,
        no_changes,
        nothing_to_destroy,
        notes_and_gates,
        planning_failed,
        unpriced,
        nothing_priced,
        range_cost,
        promoted,
        taken,
        refreshed,
    )
}
