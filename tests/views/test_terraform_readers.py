"""Programs that read Terraform read ftplan: the plan document by the format that HashiCorp publishes, the words by the
patterns that tfcmt and Atlantis look for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from example_plans import EXAMPLES, KNOWN, adopt, plan, upload
from tofui.analyzer import PlanAnalyzer
from tofui.parser import TerraformPlanParser

from ftplan.core.facts import JobProgress
from ftplan.core.notices import JobFollowed, StepDone
from ftplan.core.plan import Plan
from ftplan.core.spec import Address
from ftplan.views.json_stream import event_stream
from ftplan.views.json_text import json_text
from ftplan.views.message_text import render_problems
from ftplan.views.plan_json import plan_document
from ftplan.views.plan_stream import plan_stream
from ftplan.views.plan_text import note_problem, render_plan
from ftplan.views.progress_text import apply_summary
from ftplan.views.style import Style
from ftplan.views.wrapped_screens import Quiet

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
BOT = Address("model", "support-bot")
# The format as it is published, in the strictest reading: see the file's own comment.
FORMAT = jsonschema_rs.validator_for(json.loads((Path(__file__).parent / "terraform_plan.schema.json").read_text()))


@dataclass
class Tfcmt:
    """What tfcmt makes of a plan: the patterns of pkg/terraform/parser.go in suzuki-shunsuke/tfcmt (v4), in its order:
    an error goes before everything, and what is counted is looked for in the line that matched first."""

    line: str = ""
    error: bool = False
    destroys: bool = False
    empty: bool = False
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Tfcmt:
        fail, passed = r"(?m)^([│|] )?(Error: )", r"(?m)^(Plan: \d|No changes.)"
        assert re.search(fail, text) or re.search(passed, text), "cannot parse plan result"
        lines = text.split("\n")
        first = next((line for line in lines if re.search(fail, line)), "")
        line = first or next(line for line in lines if re.search(passed, line))
        found = cls(line, bool(first), bool(re.search(r"([1-9][0-9]* to destroy.)", line)))
        found.empty = bool(re.search(r"^(No changes.)", line))
        for row in lines:
            for names, pattern in (
                (found.created, r"^ *# (.*) will be created$"),
                (found.updated, r"^ *# (.*) will be updated in-place$"),
                (found.deleted, r"^ *# (.*) will be destroyed$"),
                (found.replaced, r"^ *# (.*?)(?: is tainted, so)? must be replaced$"),
                (found.replaced, r"^ *# (.*?) will be replaced, as requested$"),
            ):
                names += re.findall(pattern, row)
        return found


# server/events/models/models.go in runatlantis/atlantis.
ATLANTIS_CHANGES = re.compile(r"Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy.")
ATLANTIS_NOTHING = re.compile(
    r"No changes. (Infrastructure is up-to-date|Your infrastructure matches the configuration)."
)
TFCMT_APPLIED, TFCMT_FAILED = re.compile(r"(?m)^(Apply complete!)"), re.compile(r"(?m)^([│|] )?(Error: )")


def told(name: str, concise: bool = False) -> str:
    """What the command prints of an example plan, problems included, as a pipeline catches it."""
    plan = EXAMPLES[name]()
    problems = [note_problem(note) for note in plan.errors]
    return render_plan(plan, Style(False), errors=False, concise=concise) + render_problems(problems, Style(False))


def document(plan: Plan) -> Any:
    return json.loads(json_text(plan_document(plan)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_reader_of_terraforms_plan_format_reads_a_plan(name: str) -> None:
    wrong = [f"{e.instance_path}: {e.message[:300]}" for e in FORMAT.iter_errors(document(EXAMPLES[name]()))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_program_that_draws_plans_counts_what_we_count(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = EXAMPLES[name]()
    read = TerraformPlanParser().parse_json(document(plan))
    assert capsys.readouterr().out == ""  # it prints what it cannot read, and goes on
    assert (read.summary.create, read.summary.update, read.summary.delete) == plan.totals()
    assert PlanAnalyzer().analyze(read).has_changes == any(plan.totals())
    assert {change.address for change in read.resource_changes} >= {str(step.address) for step in plan.steps}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_thing_is_named_once_and_where_readers_look_for_it(name: str) -> None:
    made = document(EXAMPLES[name]())
    addresses = [change["address"] for change in made["resource_changes"]]
    assert len(addresses) == len(set(addresses))
    keys = set(made["configuration"]["provider_config"])
    for resource in made["configuration"]["root_module"]["resources"]:
        assert {resource["provider_config_key"]} - {""} <= keys


TAKEN_OVER = {
    "a job found for a changed recipe": plan(adopt(), before=KNOWN),
    "a file found for a changed dataset": plan(upload(found_id="file-7", replaces="old"), before=KNOWN),
}


@pytest.mark.parametrize("what", TAKEN_OVER)
def test_what_is_adopted_in_the_place_of_something_replaces_it(what: str) -> None:
    made = document(TAKEN_OVER[what])
    change = made["resource_changes"][0]["change"]
    assert (change["actions"], "importing" in change) == (["create", "forget"], True)
    assert FORMAT.is_valid(made)


def test_what_goes_to_a_second_provider_as_well_is_new_there() -> None:
    made = document(plan(upload(provider="foundry"), before=KNOWN))
    change = made["resource_changes"][0]["change"]
    assert (change["actions"], change["before"]) == (["create"], None)
    assert FORMAT.is_valid(made)


def test_an_old_reader_refuses_another_major_version() -> None:
    assert not FORMAT.is_valid({**document(EXAMPLES["first_plan"]()), "format_version": "2.0"})


TFCMT = {
    "first_plan": Tfcmt("Plan: 2 to add, 0 to change, 0 to destroy.", created=["dataset.tickets", "model.support-bot"]),
    "changed_epochs": Tfcmt("Plan: 1 to add, 0 to change, 0 to destroy.", replaced=["model.support-bot"]),
    "forced": Tfcmt("Plan: 1 to add, 0 to change, 0 to destroy.", replaced=["model.support-bot"]),
    "failed_retry": Tfcmt("Plan: 1 to add, 0 to change, 0 to destroy.", replaced=["model.support-bot"]),
    "deleted": Tfcmt("Plan: 0 to add, 0 to change, 1 to destroy.", destroys=True, deleted=["model.support-bot"]),
    "no_changes": Tfcmt("No changes. Your infrastructure matches the configuration.", empty=True),
    "nothing_to_destroy": Tfcmt("No changes. No objects need to be destroyed.", empty=True),
    "planning_failed": Tfcmt("│ Error: Waits for its parent", error=True),
    "notes_and_gates": Tfcmt("│ Error: Over budget", error=True, created=["dataset.tickets", "model.support-bot"]),
}


@pytest.mark.parametrize("concise", [False, True], ids=["whole", "concise"])
@pytest.mark.parametrize("name", TFCMT)
def test_tfcmt_finds_what_a_plan_says(name: str, concise: bool) -> None:
    assert Tfcmt.of(told(name, concise)) == TFCMT[name]


# A refresh-only plan that found something has neither sentence, as Terraform's has not.
@pytest.mark.parametrize("name", sorted({*EXAMPLES} - {"refreshed"}))
def test_tfcmt_can_make_something_of_every_plan(name: str) -> None:
    found = Tfcmt.of(told(name))
    assert found.error == bool(EXAMPLES[name]().errors)
    assert (found.created, found.replaced, found.deleted) == (
        (again := Tfcmt.of(told(name, concise=True))).created,
        again.replaced,
        again.deleted,
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_atlantis_counts_what_the_plan_counts(name: str) -> None:
    plan = EXAMPLES[name]()
    found = ATLANTIS_CHANGES.search(told(name))
    assert (tuple(map(int, found.groups()[1:])) if found else None) == (plan.totals() if plan.steps else None)
    nothing = not plan.steps and not plan.errors and not plan.withheld and plan.mode == "normal"
    assert bool(ATLANTIS_NOTHING.search(told(name))) == nothing


def test_the_last_sentence_of_an_apply_is_found() -> None:
    summary = apply_summary((2, 1, 0))
    assert TFCMT_APPLIED.search(f"\n{summary}\n")
    assert re.search(r"Resources: (\d+) added, (\d+) changed, (\d+) destroyed\.", summary)
    assert not TFCMT_FAILED.search(summary)
    assert apply_summary((0, 0, 3), "destroy") == "Destroy complete! Resources: 3 destroyed."


# What https://opentofu.org/docs/internals/machine-readable-ui lists as values of these keys, and Terraform's `remove`.
UI_ACTIONS = {"noop", "create", "read", "update", "replace", "delete", "move", "remove"}
UI_REASONS = {"tainted", "requested", "cannot_update", "delete_because_no_resource_config"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_planned_changes_have_terraforms_words(name: str) -> None:
    lines = [json.loads(line) for line in plan_stream(EXAMPLES[name](), NOW)]
    changes = [line["change"] for line in lines if line["type"] == "planned_change"]
    assert {change["action"] for change in changes} <= UI_ACTIONS
    assert {change["reason"] for change in changes if "reason" in change} <= UI_REASONS
    assert len(changes) == len({change["resource"]["addr"] for change in changes})


@pytest.mark.parametrize("event", [StepDone(BOT, "Training", "ft:x", 723.9), JobFollowed(BOT, "j", "running", 12.9)])
def test_elapsed_seconds_are_whole_as_published(event: StepDone | JobFollowed) -> None:
    line = json.loads(event_stream(event, NOW) or "")
    assert line["hook"]["elapsed_seconds"] in (723, 12)
    assert isinstance(line["hook"]["elapsed_seconds"], int)


def test_a_concise_plan_has_no_attributes_and_no_legend() -> None:
    for name in EXAMPLES:
        brief, whole = told(name, concise=True), told(name)
        assert " = " not in brief.split("\nPlan:")[0]
        assert "following symbols" not in brief
        # Lines that programs look for are the very same.
        heads = [line for line in whole.splitlines() if re.match(r"  # |Plan: |No changes|Estimated cost", line)]
        assert [line for line in heads if line not in brief.splitlines()] == []


def test_a_concise_plan_names_what_forces_a_replacement() -> None:
    assert "\n  # (forces replacement: epochs, seed, validation)\n" in told("changed_epochs", concise=True)
    assert "forces replacement" not in told("first_plan", concise=True)


def test_a_concise_plan_reads_well(golden: Callable[[str, str], None]) -> None:
    names = ("changed_epochs", "chain", "notes_and_gates")
    golden("plan_concise.txt", "\n".join(f"==== {name}\n{told(name, concise=True)}" for name in names))


def test_a_quiet_screen_says_what_begins_and_ends_alone() -> None:
    heard: list[Any] = []

    class Listener:
        def tell(self, event: Any) -> None:
            heard.append(event)

        def close(self) -> None:
            heard.append("closed")

    done = StepDone(BOT, "Training", "ft:x", 1.0)
    screen = Quiet(Listener())
    for event in (JobFollowed(BOT, "j", "running", 1.0, JobProgress(1)), done):
        screen.tell(event)
    screen.close()
    assert heard == [done, "closed"]
