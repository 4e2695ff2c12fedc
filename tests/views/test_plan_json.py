"""`show -json` speaks Terraform's plan format; the streams speak its machine-readable UI."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from example_plans import EXAMPLES, TUNED, first_plan
from example_states import STATE

from ftplan.core.events import JobStarted, PlanUsed
from ftplan.core.facts import JobProgress, Phase
from ftplan.core.notices import (
    JobFollowed,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
    Told,
    UploadProgress,
    Waiting,
)
from ftplan.core.records import JobRecord
from ftplan.core.spec import Address
from ftplan.errors import Place, Problem
from ftplan.views.json_documents import (
    diagnostic,
    model_outputs,
    output_document,
    state_document,
    validate_document,
)
from ftplan.views.json_stream import event_stream, outputs_line, summary_stream_line, version_line
from ftplan.views.json_text import json_text
from ftplan.views.plan_json import plan_document
from ftplan.views.plan_stream import plan_stream

NOW = datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=timezone.utc)
BOT = Address("model", "support-bot")
TERRAFORM_ACTIONS = (
    ["no-op"], ["create"], ["read"], ["update"], ["delete"], ["delete", "create"], ["create", "delete"], ["forget"],
    ["create", "forget"],
)  # fmt: skip


def document(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json_text(plan_document(EXAMPLES[name]())))
    return made


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_document_has_the_keys_policies_read(name: str) -> None:
    made = document(name)
    assert made == json.loads(json.dumps(plan_document(EXAMPLES[name]())))
    keys = "format_version ftplan_version variables planned_values resource_drift resource_changes output_changes"
    keys += " prior_state configuration timestamp applyable complete errored summary cost_estimate checksum base_models"
    keys += " dataset_diffs"
    assert set(made) == set(keys.split())
    for change in made["resource_changes"]:
        assert {"address", "type", "name", "mode", "provider_name", "change"} <= set(change)
        assert change["change"]["actions"] in TERRAFORM_ACTIONS
        assert {"before", "after", "after_unknown", "before_sensitive", "after_sensitive"} <= set(change["change"])
        assert change["address"] == f"{change['type']}.{change['name']}"
    assert {"currency", "low", "high", "tokens", "basis", "as_of", "by_address"} <= set(made["cost_estimate"])


@pytest.mark.parametrize(
    ("name", "actions", "reason"),
    [
        ("first_plan", ["create"], None),
        ("changed_epochs", ["create", "forget"], "replace_because_cannot_update"),
        ("forced", ["create", "forget"], "replace_by_request"),
        ("failed_retry", ["create", "forget"], "replace_because_tainted"),
        ("adopted", ["create"], None),
        ("awaited", ["update"], None),
        ("forgotten", ["forget"], "delete_because_no_resource_config"),
        ("deleted", ["delete"], "delete_because_no_resource_config"),
        ("destroy", ["delete"], None),
        ("no_changes", ["no-op"], None),
        ("waiting_for_consent", ["no-op"], None),
    ],
)
def test_each_step_has_terraforms_actions_and_reason(name: str, actions: list[str], reason: str | None) -> None:
    change = next(c for c in document(name)["resource_changes"] if c["address"] == "model.support-bot")
    assert (change["change"]["actions"], change.get("action_reason")) == (actions, reason)


def test_what_is_kept_at_the_provider_never_reads_as_deleted() -> None:
    for name in EXAMPLES:
        if name not in ("deleted", "destroy"):
            assert not [c for c in document(name)["resource_changes"] if "delete" in c["change"]["actions"]]


def test_ids_are_unknown_before_and_after_lacks_them() -> None:
    change = next(c for c in document("first_plan")["resource_changes"] if c["type"] == "model")["change"]
    assert change["before"] is None
    assert change["after_unknown"] == {"id": True, "job_id": True}
    assert not {"id", "job_id"} & set(change["after"])


def test_a_changed_field_is_named_as_a_path() -> None:
    changes = document("changed_epochs")["resource_changes"]
    change = next(c["change"] for c in changes if c["type"] == "model")
    assert ["epochs"] in change["replace_paths"]
    assert (change["before"]["id"], change["before"]["epochs"], change["after"]["epochs"]) == (TUNED, 3, 4)


def test_an_adopted_thing_names_what_it_takes_over() -> None:
    changes = {c["address"]: c["change"] for c in document("adopted")["resource_changes"]}
    assert changes["model.support-bot"]["importing"] == {"id": "ftjob-0777"}
    assert changes["dataset.tickets"]["importing"] == {"id": "file-0777"}
    shared = {c["address"]: c["change"] for c in document("shared")["resource_changes"]}
    assert shared["model.triage"]["importing"] == {"unknown": True}


def test_money_is_numbers_and_null_where_unknown() -> None:
    cost = document("first_plan")["cost_estimate"]
    assert (cost["low"], cost["high"], cost["tokens"], cost["currency"]) == (3.21, 3.21, 1_284_000, "USD")
    partly = document("unpriced")["cost_estimate"]
    assert (partly["low"], partly["high"]) == (3.21, None)
    assert document("nothing_priced")["cost_estimate"]["low"] is None
    assert document("no_changes")["cost_estimate"]["high"] == 0


def test_a_refused_plan_is_not_applyable_and_a_failed_one_errored() -> None:
    refused, failed = document("notes_and_gates"), document("planning_failed")
    assert (refused["applyable"], refused["errored"]) == (False, False)
    assert (failed["applyable"], failed["errored"]) == (False, True)
    assert document("no_changes")["applyable"] is False


def test_a_model_that_waits_for_consent_is_seen_as_it_stands() -> None:
    change = next(c["change"] for c in document("waiting_for_consent")["resource_changes"] if c["type"] == "model")
    assert change["before"] == change["after"]
    assert change["after"]["status"] == "failed"


def test_the_prior_state_is_the_state_where_it_is_given() -> None:
    made = plan_document(first_plan(), STATE)
    assert made["prior_state"] == state_document(STATE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_stream_of_a_plan_is_one_object_a_line(name: str) -> None:
    lines = [version_line(NOW), *plan_stream(EXAMPLES[name](), NOW)]
    parsed = [json.loads(line) for line in lines]
    assert all({"@level", "@message", "@module", "@timestamp", "type"} <= set(one) for one in parsed)
    assert parsed[0]["type"] == "version"
    assert parsed[0]["@timestamp"] == "2026-11-22T12:00:00.000005Z"
    summary = next(one for one in parsed if one["type"] == "change_summary")
    assert {"add", "change", "import", "remove", "operation"} == set(summary["changes"])
    assert not [line for line in lines if "\n" in line]


def test_the_stream_names_each_planned_change() -> None:
    change = next(json.loads(line)["change"] for line in plan_stream(EXAMPLES["changed_epochs"](), NOW))
    assert change["resource"]["addr"] == "model.support-bot"
    assert (change["action"], change["reason"], change["step"]) == ("replace", "cannot_update", "train")


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        (StepStarted(BOT, "Training"), "apply_start", "model.support-bot: Creating..."),
        (
            JobFollowed(BOT, "ftjob-1", "running", 750.0, JobProgress(40, 300, 0.5)),
            "apply_progress",
            "model.support-bot: Still creating... [12m30s elapsed] running, step 40/300, loss 0.5",
        ),
        (
            UploadProgress(Address("dataset", "t"), 500_000, 2_000_000),
            "apply_progress",
            "dataset.t: Still uploading... [25%: 500.0 kB of 2.0 MB]",
        ),
        (
            StepDone(BOT, "Training", TUNED, 723.0),
            "apply_complete",
            f"model.support-bot: Creation complete after 12m3s [id={TUNED}]",
        ),
        (
            StepFailed(BOT, "Training", "Job failed", "server_error"),
            "apply_errored",
            "model.support-bot: Creating failed: Job failed",
        ),
        (StepSkipped(BOT, BOT), "apply_skipped", "model.support-bot: Skipped, since model.support-bot failed"),
        (Waiting(BOT, "rate limit", 20.0), "waiting", "model.support-bot: Waiting 20s: rate limit"),
        (Told("Slow"), "diagnostic", "Warning: Slow"),
        (Told("Hello", severity="info"), "log", "Hello"),
        (
            JobStarted("support-bot", "openai", "f", "k", 1, {}, JobRecord("ftjob-1", Phase.QUEUED)),
            "job_started",
            "model.support-bot: Job ftjob-1 is started",
        ),
    ],
)
def test_each_event_is_one_line(event: Any, kind: str, message: str) -> None:
    line = event_stream(event, NOW)
    assert line is not None
    parsed = json.loads(line)
    assert (parsed["type"], parsed["@message"]) == (kind, message)


def test_what_only_the_state_needs_is_not_streamed() -> None:
    assert event_stream(PlanUsed("digest"), NOW) is None


def test_the_stream_closes_with_a_summary_and_the_outputs() -> None:
    summary = json.loads(summary_stream_line((1, 0, 0), NOW))
    assert summary["@message"] == "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."
    assert json.loads(outputs_line(output_document({"a": None}), NOW))["outputs"]["a"]["value"] is None


def test_a_diagnostic_has_terraforms_shape() -> None:
    place = Place("ftplan.yaml", 12, 5, "    epoch: 3")
    problem = Problem("Unknown key", "No such key.", place, "Did you mean epochs?", "ftplan fmt", "error", "model.x")
    made = diagnostic(problem)
    assert made["range"] == {
        "filename": "ftplan.yaml",
        "start": {"line": 12, "column": 5, "byte": 0},
        "end": {"line": 12, "column": 13, "byte": 0},
    }
    assert (made["snippet"]["code"], made["snippet"]["highlight_start_offset"]) == ("    epoch: 3", 4)
    assert made["detail"] == "No such key.\n\nDid you mean epochs?\n\nftplan fmt"
    assert (made["severity"], made["summary"], made["address"]) == ("error", "Unknown key", "model.x")


def test_a_validation_counts_errors_and_warnings_apart() -> None:
    made = validate_document([Problem("a"), Problem("b", severity="warning")])
    assert (made["valid"], made["error_count"], made["warning_count"]) == (False, 1, 1)
    assert validate_document([])["valid"] is True


def test_a_state_document_lists_files_models_and_outputs() -> None:
    made = json.loads(json_text(state_document(STATE)))
    addresses = [r["address"] for r in made["values"]["root_module"]["resources"]]
    assert addresses == ["dataset.tickets", "file.file-0009", "model.support-bot"]
    assert made["values"]["outputs"]["support-bot"] == {"sensitive": False, "type": "string", "value": TUNED}
    assert made["intents"][0]["address"] == "model.triage"


def test_an_output_is_null_until_its_model_exists() -> None:
    assert output_document({"b": None})["b"]["value"] is None
    assert model_outputs(STATE) == {"support-bot": TUNED}


def test_json_text_reads_back_as_what_it_was() -> None:
    value = {"::a": ["##vso[x]", "x ::y", '"::', "\\##", "###", "é\u202e\ud800"]}
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isascii()
