"""Diffs of datasets as they stand in plans, and plans that have them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from example_plans import (
    BASE,
    BOT,
    LIFE,
    TICKETS,
    TUNED,
    bill,
    dataset,
    declared,
    digest,
    estimate,
    notes_and_gates,
    plan,
    recipe,
    remembered,
    train,
    upload,
)

from ftplan.core.dataset_diff import DatasetDiff, DiffSide, RowChange, TextChange
from ftplan.core.plan import BaseLife, Note, Plan
from ftplan.core.recipe import FieldChange
from ftplan.core.spec import Address
from ftplan.core.steps import Reason

TRIAGE = Address("model", "triage")
ROLES = {"assistant": 510, "system": 500, "user": 510}


def sample(where: str = "messages[1].content (user)", **texts: str | None) -> TextChange:
    return TextChange(where, **{"before": "Where is my order?", "after": "Where is my parcel?", **texts})


def diff(**changes: Any) -> DatasetDiff:
    """Three rows edited, one added of 501; the first of them with its texts."""
    rows = (
        RowChange(
            "edited", 12, 12, 88, 91, (sample(), sample("messages[2].content (assistant)", before="On its way."))
        ),
        RowChange("edited", 40, 40, 102, 102),
        RowChange("edited", 77, 76, 230, 180),
        RowChange("added", None, 501, None, 65_600),
    )
    known: dict[str, Any] = {
        "old": "the rows model.support-bot was trained on",
        "new": "data/tickets.jsonl",
        "before": DiffSide(500, 128_000, 812, 0, 2, 0, ROLES, {"find_order": digest("a"), "refund": digest("b")}),
        "after": DiffSide(501, 193_553, 65_600, 1, 2, 3, {**ROLES, "tool": 4}, {"find_order": digest("c")}),
        "unchanged": 497,
        "moved": 1,
        "edited": 3,
        "added": 1,
        "encoding": "o200k_base",
        "limit": 65_536,
        "rows": rows,
    }
    return DatasetDiff(**{**known, **changes})


def reviewed() -> Plan:
    """What a pull request usually brings: rows of one dataset that two models are trained on, one of them anew."""
    before = {
        "dataset.tickets": {"id": "file-0001", **dataset(content_sha256=digest("old"), sha256=digest("old bytes"))},
        str(BOT): remembered(),
    }
    twin = recipe(suffix="triage", n_epochs=2)
    steps = (
        upload(reason=Reason.CHANGED, replaces=digest("old"), rows=501),
        train(
            reason=Reason.CHANGED,
            changes=(FieldChange("dataset", digest("old"), digest("tickets")), FieldChange("epochs", 3, 4)),
            replaces_model=TUNED,
            recipe=recipe(n_epochs=4),
        ),
        train(TRIAGE, recipe=twin, estimate=estimate("1.07", tokens=428_000), key=digest("twin")),
    )
    after = {
        "dataset.tickets": dataset(rows=501),
        str(BOT): declared(epochs=4, training_rows=501, fingerprint=digest("new")),
        str(TRIAGE): declared(suffix="triage", epochs=2, training_rows=501),
    }
    life = replace(LIFE, cost_per_day={str(BOT): Decimal("0.0605"), str(TRIAGE): Decimal("0.0202")})
    warning = Note(
        "warning",
        "Short life",
        f"{BASE} and every model tuned on it are switched off on 2027-01-14, 53 days from now; new jobs are taken "
        "until 2027-01-06.",
        address=BOT,
        advice="Keep the dataset and the YAML: another provider can train the same recipe.",
    )
    over = Note("warning", "Row over the limit", "tickets: 1 row is longer than 65,536 tokens; its end is cut off.")
    return plan(
        *steps,
        before=before,
        after=after,
        lives=(life, BaseLife("foundry", "llama-3", None, None)),
        notes=(warning, over),
        dataset_diffs={"tickets": diff()},
    )


def refused() -> Plan:
    """One that two gates refuse."""
    made = notes_and_gates()
    per_model = Note(
        "error",
        "Over budget",
        "model.support-bot is estimated at $3.21; budget.max_per_model allows $1.00.",
        address=BOT,
        gate="budget",
        rule="budget.max_per_model",
        figure="$3.21",
        limit="$1.00",
        blocks=(BOT,),
    )
    return replace(made, notes=(*made.notes, per_model))


def rehearsed() -> Plan:
    """One at the embedded emulator, whose service picks the epochs."""
    step = train(estimate=estimate("1.20", "4.00", exact_epochs=False, epochs=None))
    return plan(upload(), step, bill=bill(upload(), step, rehearsal=True), lives=(LIFE,))


def crowded(models: int = 200, rows: int = 5000) -> Plan:
    """So many models on one dataset, of which so many rows changed; each model with a warning of its own."""
    names = [Address("model", f"bot-{number:03}") for number in range(models)]
    moved = (FieldChange("dataset", digest("old"), digest("tickets")),)
    steps = [train(name, reason=Reason.CHANGED, changes=moved, replaces_model=f"ft:{name}") for name in names]
    changed = tuple(RowChange("edited", line, line, 90, 95, (sample(),)) for line in range(1, rows + 1))
    notes = tuple(Note("warning", "Short life", "x" * 300, advice="y`" * 200, address=name) for name in names)
    return plan(
        upload(address=TICKETS, reason=Reason.CHANGED, replaces=digest("old")),
        *steps,
        after={"dataset.tickets": dataset(), **{str(name): declared(suffix=name.name) for name in names}},
        lives=(LIFE,),
        notes=notes,
        dataset_diffs={"tickets": diff(edited=rows, added=0, rows=changed, after=DiffSide(rows, 450_000))},
    )
