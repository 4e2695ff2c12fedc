"""A plan, a state and events in which every foreign field holds one hostile string."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from example_plans import adopt, estimate, plan, train, upload

from ftplan.core.dataset_diff import DatasetDiff, DiffSide, RowChange, TextChange
from ftplan.core.events import Event, JobStarted
from ftplan.core.facts import JobProgress, Phase
from ftplan.core.notices import JobFollowed, StepDone, StepFailed, StepSkipped, StepStarted, Told, Waiting
from ftplan.core.plan import BaseLife, Bill, Note, Plan, Service, Unchanged
from ftplan.core.recipe import FieldChange
from ftplan.core.records import FileRecord, Intent, JobRecord, ModelRecord, State
from ftplan.core.spec import Address
from ftplan.core.steps import Await, Cancel, Delete, Forget, Promote, Reason, Take
from ftplan.errors import Place, Problem


def hostile_problem(text: str) -> Problem:
    return Problem(text, f"{text}\n{text}", Place(text, 1, 2, text), text, text, "error", text)


def hostile_plan(text: str) -> Plan:
    names = [Address("model", f"{number}{text}") for number in range(9)]
    told = {"id": text, "dataset": text, "validation": text, "base_model": text, "path": text, "labels": {text: text}}
    bad = {text: text, "nested": {text: {text: [text]}}, **told}
    changes = (FieldChange(text, text, {text: text}), FieldChange("dataset", text, text))
    reckoned = {"encoding": text, "origin": text, "as_of": text, "assumption": text}
    sums = replace(estimate().reckoning, **reckoned)
    guess = estimate(basis=text, exact_epochs=False, exact_tokens=False, reckoning=sums)
    steps = (
        upload(address=Address("dataset", text), path=text, provider=text, filename=text),
        upload(address=Address("dataset", f"found{text}"), found_id=text, provider=text),
        train(names[0], recipe=bad, provider=text, estimate=guess),
        train(names[1], reason=Reason.FAILED, detail=text, changes=changes, replaces_model=text, parent=names[0]),
        adopt(address=names[2], job_id=text, detail=text, changes=changes),
        Await(names[3], text, text, detail=text),
        Cancel(names[4], text, text, Reason.CHANGED),
        Forget(names[5], Reason.UNDECLARED, text, text),
        Delete(names[6], text, Reason.UNDECLARED, model_id=text, job_id=text, running=True),
        Promote(Address("alias", text), text, names[7], (text,), Reason.NEW, text, text, text, guess),
        Take(names[8], text, text, Reason.CHANGED, text, text, text, 3, text, 0.5),
    )
    note: dict[str, Any] = {"address": names[0], "advice": text, "command": text, "place": Place(text, 1, 1, text)}
    by_address = {str(names[0]): guess, str(names[1]): guess}
    known = {str(step.address): bad for step in steps}
    return plan(
        *steps,
        project=text,
        workspace=text,
        notes=(
            Note("error", text, text, gate="policy", **note, **_rule(text), blocks=(names[0],)),
            Note("error", text, text, gate="budget", blocks=(names[1],), **_rule(text)),
            Note("error", text, text, **note),
            Note("warning", text, text, **note, withheld=Reason.FAILED, estimate=guess),
            Note("info", text, text, **note),
        ),
        drift=(Note("info", text, text, address=names[0]), Note("info", f"has {text}", text)),
        lives=(BaseLife(text, text, text, 3, text, 2, {text: Decimal(1)}), BaseLife(text, text, text, -3, text, -2)),
        bill=Bill(guess.low or 0, guess.high or 0, 1, text, by_address, (str(names[1]),), True),
        unchanged=(Unchanged(Address("model", f"kept{text}"), text, text, text, text),),
        variables={text: text},
        before=known,
        after=known,
        created_at=text,
        services={text: Service(text, text), f"sent{text}": Service(text, f"https://{text}/{text}")},
        dataset_diffs={text: hostile_diff(text)},
    )


def _rule(text: str) -> dict[str, str]:
    return {"rule": text, "figure": text, "limit": text, "flag": text}


def hostile_diff(text: str) -> DatasetDiff:
    texts = (TextChange(text, text, text), TextChange(text, None, text), TextChange(text, text))
    rows = (
        RowChange("edited", 1, 2, 3, 4, texts),
        RowChange("added", None, 3, None, 4, texts),
        RowChange("removed", 4, None, 3, None, texts),
    )
    before = DiffSide(3, 9, 3, 0, 0, 0, {text: 1}, {f"a{text}": "a", f"b{text}": "b"})
    after = DiffSide(3, 9, 3, 1, 1, 1, {text: 2}, {f"a{text}": "c"})
    return DatasetDiff(text, text, before, after, 1, 0, 1, 1, 1, text, 3, rows)


def hostile_state(text: str) -> State:
    job = JobRecord(text, Phase.FAILED, text, text, fine_tuned_model=text, error_code=text, error_message=text)
    files = [FileRecord(text, text, text, 1, text, text, text, (text,)), FileRecord("b", text, text, 1, text, text)]
    return State(
        project=text,
        lineage=text,
        files={file.key: file for file in files},
        models={text: ModelRecord(text, text, text, text, 1, {"base_model": text, "grader": {text: text}}, job)},
        intents={text: Intent(text, text, text, text, 1, {}, text)},
    )


def hostile_events(text: str) -> list[Event]:
    address = Address("model", text)
    job = JobRecord(text, Phase.RUNNING)
    return [
        StepStarted(address, "Training", text),
        JobStarted(text, text, text, text, 1, {}, job),
        JobFollowed(address, text, text, 1, JobProgress(1, 2, 0.5, 0.5, text)),
        Waiting(address, text, 1),
        StepDone(address, "Training", text, 1),
        StepFailed(address, "Training", text, text, text),
        StepSkipped(address, address),
        Told(text, text, command=text, address=address),
        Told(text, text, severity="info"),
    ]
