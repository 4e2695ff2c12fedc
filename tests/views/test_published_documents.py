"""Plans, lines of streams and states are what their published schemas say, whatever stands in them; and the schemas
describe no key that is never written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from example_plans import BOT, EXAMPLES, TICKETS, dataset, declared, first_plan, remembered
from example_states import STATE
from hostile_plan import hostile_events, hostile_plan, hostile_problem, hostile_state
from hostile_text import HOSTILE
from published import Seen, check, check_line, event_types

from ftplan.config.schema import load_schema
from ftplan.core.dataset_diff import DatasetDiff, DiffSide, RowChange, TextChange
from ftplan.core.entries import Answered
from ftplan.core.events import (
    AliasMoved,
    AliasRemoved,
    AnswersBought,
    CheckpointTaken,
    EvaluationDone,
    Event,
    FiguresKept,
    FileDropped,
    FileStored,
    IntentDropped,
    JobSeen,
    JobStarted,
    LifecycleChanged,
    ModelRemoved,
    PlanUsed,
    PromotionApproved,
    TrainingIntended,
)
from ftplan.core.facts import JobProgress, Phase
from ftplan.core.handover import Approval, EvalRecord, TakenCheckpoint, Target
from ftplan.core.keeping.codec import decode_state, encode_state
from ftplan.core.notices import (
    JobFollowed,
    QuestionsAnswered,
    Spent,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    Told,
    UploadProgress,
    Verb,
    Waiting,
)
from ftplan.core.plan import Note, Plan, Service
from ftplan.core.records import FileRecord, Intent, JobRecord, PackedFigures
from ftplan.core.spec import Lifecycle
from ftplan.errors import Place, Problem
from ftplan.views.json_documents import diagnostic, model_outputs, output_document, state_document, validate_document
from ftplan.views.json_stream import (
    diagnostic_line,
    event_stream,
    outputs_line,
    summary_stream_line,
    version_line,
)
from ftplan.views.json_text import json_text
from ftplan.views.plan_json import plan_document
from ftplan.views.plan_stream import plan_stream

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
STATES = Path(__file__).parents[1] / "states"
JOB = JobRecord("ftjob-1", Phase.RUNNING)
FILE = FileRecord("openai", "c", "s", 1, "f.jsonl", "file-1")
PROBLEM = Problem("Odd row", "It is odd.", Place("a.jsonl", 3, 2, '{"a": 1}'), "Mend it.", "ftplan x", rule="odd-row")

# Of each event one that says everything it can say, and one that says as little as it can.
EVENTS: dict[type, tuple[Event, ...]] = {
    PlanUsed: (PlanUsed("digest"),),
    FileStored: (FileStored(FILE),),
    FileDropped: (FileDropped("openai", "c"),),
    TrainingIntended: (TrainingIntended(Intent("a", "openai", "k", "f", 1, {}, "2026-11-22")),),
    IntentDropped: (IntentDropped("a", "refused"),),
    JobStarted: (JobStarted("a", "openai", "f", "k", 1, {}, JOB),),
    JobSeen: (JobSeen("a", JOB),),
    LifecycleChanged: (LifecycleChanged("a", Lifecycle()),),
    ModelRemoved: (ModelRemoved("a", deleted=True),),
    CheckpointTaken: (
        CheckpointTaken("a", TakenCheckpoint("ftjob-1", 80, "ft:x", "step 80")),
        CheckpointTaken("a", None),
    ),
    EvaluationDone: (EvaluationDone(EvalRecord("e", "a", "ft:x", "d", 2, 0.5, 0.1, 0.9, passed=False)),),
    AnswersBought: (AnswersBought(Answered("k", "e", "a", "openai", "2026-11-22", 50)),),
    AliasMoved: (AliasMoved("prod", Target("a", "openai", "ft:x", "ftjob-1", "f", "2026-11-22")),),
    FiguresKept: (FiguresKept(PackedFigures("ftjob-1", "eJw=")),),
    PromotionApproved: (PromotionApproved(Approval("prod", "f", {"e": "d"})),),
    AliasRemoved: (AliasRemoved("prod"),),
    StepStarted: tuple(StepStarted(BOT, verb) for verb in get_args(Verb)),
    UploadProgress: (UploadProgress(TICKETS, 1, 2),),
    JobFollowed: (
        JobFollowed(BOT, "ftjob-1", "running", 12.7, JobProgress(1, 2, 0.5, 0.6, "m", True), 60.5),
        JobFollowed(BOT, "ftjob-1", "queued", 0.0),
    ),
    StepDone: (
        StepDone(BOT, "Training", "ft:x", 723.4, Spent(Decimal("3.21"), 1_284_000, False, Decimal(3))),
        StepDone(BOT, "Training", "ft:x", 1, Spent(Decimal(0), 0)),
        StepDone(BOT, "Forgetting"),
    ),
    StepFailed: (StepFailed(BOT, "Training", "Job failed", "why", "what to do"), StepFailed(BOT, "Training", "x")),
    StepSkipped: (StepSkipped(BOT, TICKETS),),
    Waiting: (Waiting(BOT, "rate limit", 0.5),),
    QuestionsAnswered: (QuestionsAnswered(BOT, 3, 50, 2), QuestionsAnswered(BOT, 0, 50)),
    Told: (Told("Slow"), Told("Doubled", "d", "error", BOT, "ftplan cancel x"), Told("Hello", severity="info")),
}


def full_plan() -> Plan:
    """A plan in which everything is told that a plan can tell."""
    side = DiffSide(10, 900, 120, 1, 2, 3, {"user": 10}, {"lookup": "d1"})
    rows = (
        RowChange("edited", 3, 4, 90, 95, (TextChange("messages[1].content (assistant)", "a", "b"),)),
        RowChange("added", new_line=9),
    )
    diffs = {
        "tickets": DatasetDiff(
            "content abc", "data/tickets.jsonl", side, side, 8, 1, 1, 1, 1, "o200k_base", 65_536, rows
        ),
        "holdout": DatasetDiff("content abc", "data/holdout.jsonl", None, DiffSide(3)),
    }
    grader = {"type": "string_check", "name": "n"}
    told_to = {"wandb": {"project": "p", "name": "n", "entity": "e", "tags": ["t"]}}
    told = dataset(half="training, 0.9 of the rows, seed 7", labels={"license": "CC-BY-4.0"})
    tuned = declared(
        grader=grader, metadata={"team": "x"}, validation="holdout", base_model="model.parent", integrations=told_to
    )
    return replace(
        first_plan(),
        before={"dataset.tickets": {"id": "file-1", "uploaded_at": "2026-11-22", "filename": "t.jsonl"}},
        after={"dataset.tickets": told, "model.support-bot": tuned, "model.other": remembered()},
        services={"openai": Service("openai", "https://api.openai.com/v1/"), "rehearsal": Service("sandbox")},
        drift=(Note("info", "has changed", "it ended", address=BOT),),
        dataset_diffs=diffs,
    )


def plans() -> dict[str, Plan]:
    """Every plan there is, and each hostile one with the attributes that things really have."""
    made = {name: make() for name, make in EXAMPLES.items()}
    for number, text in enumerate(HOSTILE):
        plan = hostile_plan(text)
        held = {
            address: dataset(path=text, provider=text, labels={text: text})
            if address.startswith("dataset.")
            else remembered(id=text, job_id=text, base_model=text, hyperparameters={text: text}, grader={text: [text]})
            for address in plan.after
        }
        made[f"hostile {number}"] = replace(plan, before=held, after=held, created_at=first_plan().created_at)
    return {**made, "full": full_plan()}


PLANS = plans()


def read(document: Any) -> Any:
    """`document` as a reader of our JSON has it."""
    return json.loads(json_text(document))


def heard(events: list[Event]) -> list[str]:
    return [line for event in events if (line := event_stream(event, NOW)) is not None]


def closing_lines() -> list[str]:
    """The lines that belong to no event and to no plan."""
    counts = [summary_stream_line((1, 0, 2), NOW, mode) for mode in ("normal", "destroy", "refresh-only")]
    return [version_line(NOW), *counts, outputs_line(output_document({"a": None, "b": "ft:x"}), NOW)]


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_document_is_as_published(name: str) -> None:
    check(read(plan_document(PLANS[name])), "plan")


@pytest.mark.parametrize("name", PLANS)
def test_every_line_of_a_plans_stream_is_as_published(name: str) -> None:
    assert [check_line(line)["type"] for line in plan_stream(PLANS[name], NOW)]


def test_no_event_is_forgotten_here() -> None:
    assert set(EVENTS) == set(get_args(Event))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_what_is_streamed_of_an_event_is_as_published(kind: type) -> None:
    for line in heard(list(EVENTS[kind])):
        check_line(line)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_leave_the_published_shape(text: str) -> None:
    for line in [*heard(hostile_events(text)), diagnostic_line(hostile_problem(text), NOW)]:
        check_line(line)
    check(read(state_document(hostile_state(text))), "plan", "state")
    check(read(output_document(model_outputs(hostile_state(text)))), "plan", "outputs")
    check(read(validate_document([hostile_problem(text)])), "events", "validation")
    check(json.loads(encode_state(hostile_state(text))), "state")


@pytest.mark.parametrize("file", sorted(STATES.glob("*.json")), ids=lambda file: file.name)
def test_a_state_of_any_version_is_saved_as_published(file: Path) -> None:
    check(json.loads(encode_state(decode_state(file.read_bytes(), file.name))), "state")


def test_a_state_of_an_earlier_version_is_not_taken_for_one_of_this() -> None:
    with pytest.raises(AssertionError, match="not as schemas/state"):
        check(json.loads((STATES / "v1.json").read_bytes()), "state")


def test_a_line_of_no_known_type_or_with_a_key_too_many_is_refused() -> None:
    event = json.loads(version_line(NOW))
    for odd in ({**event, "type": "surprise"}, {**event, "surprise": 1}, {**event, "ui": "2.0"}):
        with pytest.raises(AssertionError):
            check_line(json.dumps(odd))


def test_a_line_fits_the_schema_of_streams_as_a_whole() -> None:
    """Editors and other readers have no types to pick a branch by: `oneOf` must come to the same."""
    for line in [*closing_lines(), *plan_stream(full_plan(), NOW)]:
        check(json.loads(line), "events")


def test_every_described_key_of_a_stream_is_written() -> None:
    seen, kinds = Seen("events"), set()
    lines = [*closing_lines(), *heard([event for events in EVENTS.values() for event in events])]
    lines += [diagnostic_line(PROBLEM, NOW), *(line for plan in PLANS.values() for line in plan_stream(plan, NOW))]
    for line in lines:
        event = check_line(line)
        kinds.add(event["type"])
        seen.look(event, f"{event['type']}_line")
    seen.look(validate_document([PROBLEM]), "validation")
    assert seen.unseen() == []
    assert kinds == set(event_types())


def test_every_described_key_of_a_plan_is_written() -> None:
    seen = Seen("plan")
    for plan in PLANS.values():
        seen.look(read(plan_document(plan)))
    seen.look(read(plan_document(first_plan(), STATE)))
    assert seen.unseen() == []


def test_every_described_key_of_a_state_is_written() -> None:
    seen = Seen("state")
    for file in STATES.glob("*.json"):
        seen.look(json.loads(encode_state(decode_state(file.read_bytes(), file.name))))
    recipe = {**STATE.intents["triage"].recipe, "validation": "v", "grader": {"type": "multi"}}
    triage = replace(STATE.intents["triage"], recipe=recipe)
    seen.look(json.loads(encode_state(replace(STATE, intents={"triage": triage}))))
    assert seen.unseen() == []


def test_what_two_schemas_describe_they_describe_alike() -> None:
    plan, events = load_schema("plan")["$defs"], load_schema("events")["$defs"]
    shared = set(plan) & set(events)
    assert {"cost_estimate", "counts", "base_model", "outputs"} <= shared
    assert {name for name in shared if plan[name] != events[name]} == set()


def test_a_diagnostic_without_a_place_has_no_place() -> None:
    check(diagnostic(Problem("a")), "events", "diagnostic")
    assert "range" not in diagnostic(Problem("a"))


def test_a_file_that_no_dataset_means_is_told_by_its_id() -> None:
    kinds = {r["address"]: r["type"] for r in state_document(STATE)["values"]["root_module"]["resources"]}
    assert kinds["file.file-0009"] == "file"
    check(read(state_document(STATE)), "plan", "state")
