"""A state with a model, a file two datasets could mean, a file none means, and a paid call left open."""

from __future__ import annotations

from example_plans import BASE, TUNED, digest, recipe

from ftplan.core.facts import Phase
from ftplan.core.records import FileRecord, Intent, JobRecord, ModelRecord, State

JOB = JobRecord(
    "ftjob-0001", Phase.SUCCEEDED, BASE, "file-0001", fine_tuned_model=TUNED, created_at=1, trained_tokens=1_284_000
)
FILE = FileRecord(
    "openai", digest("tickets"), digest("tickets bytes"), 2_481_337, "tickets.jsonl", "file-0001", "", ("tickets",)
)
ORPHAN = FileRecord("openai", digest("old"), digest("old bytes"), 100, "old.jsonl", "file-0009")
STATE = State(
    project="support",
    lineage="5b0d6f0e-7a3e-4f0d-9c1e-0a5f1f6b9f11",
    serial=4,
    files={FILE.key: FILE, ORPHAN.key: ORPHAN},
    models={"support-bot": ModelRecord("support-bot", "openai", digest("recipe"), digest("key"), 1, recipe(), JOB)},
    intents={
        "triage": Intent("triage", "openai", digest("key 2"), digest("r2"), 1, recipe(), "2026-11-22T12:00:00+00:00")
    },
)
