from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import jsonschema
import openai
import pytest
from openai import OpenAI

from ftplan.sandbox import Sandbox, start

SERVE = """
import sys
from ftplan.sandbox import serve
serve(sys.argv[1], "127.0.0.1", 0, 0.0, ready=lambda url: print(url, flush=True))
"""


def _says(desk, model, text, **more):
    (choice,) = desk.client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], **more
    ).choices
    return choice


def test_reading_leaves_nothing_on_disk(desk):
    assert desk.client.models.list().data
    assert not desk.client.files.list().data
    assert not desk.client.fine_tuning.jobs.list().data
    assert desk.control("GET", "faults")["data"] == []
    assert _says(desk, "gpt-4.1", "hello")
    with pytest.raises(openai.NotFoundError):
        desk.client.fine_tuning.jobs.retrieve("ftjob-none")
    with pytest.raises(openai.NotFoundError):
        desk.client.files.delete("file-none")
    assert not desk.path.parent.exists()


def test_the_journal_tells_every_request_and_moves_into_the_file(open_desk):
    desk = open_desk()
    desk.client.models.list()
    desk.client.files.list(limit=3, extra_headers={"Idempotency-Key": "abc"})
    desk.upload([{}])
    desk.running.close()
    noted = open_desk().control("GET", "requests")["data"]
    assert [(one["method"], one["path"], one["query"], one["status"]) for one in noted] == [
        ("GET", "/v1/models", "", 200),
        ("GET", "/v1/files", "limit=3", 200),
        ("POST", "/v1/files", "", 200),
    ]
    assert noted[1]["idempotency_key"] == "abc"
    assert len({one["request_id"] for one in noted}) == 3


def test_everything_outlives_the_process(open_desk, chats):
    first = open_desk()
    job = first.trained(chats, metadata={"key": "k"})
    metrics, kept = first.metrics(job.id), first.client.files.content(job.result_files[0]).read()
    said = _says(first, job.fine_tuned_model, "plum")
    first.running.close()
    second = open_desk()
    assert second.client.fine_tuning.jobs.list(metadata={"key": "k"}).data == [job]
    assert second.metrics(job.id) == metrics
    assert second.client.files.content(job.result_files[0]).read() == kept
    assert _says(second, job.fine_tuned_model, "plum") == said


def test_a_job_cut_short_is_finished_by_the_next_process(open_desk, chats):
    whole = open_desk()
    expected = whole.metrics(whole.trained(chats * 60, seed=5).id)
    job = whole.job(chats * 60, seed=5)
    whole.running.close()
    after = open_desk()
    assert not after.client.fine_tuning.jobs.retrieve(job.id).finished_at  # it really was cut short
    after.until(job.id, "succeeded")
    assert after.metrics(job.id) == expected


def _an_hour_ago(path):
    """Moves the only job of a state an hour into the past."""
    with closing(sqlite3.connect(path)) as db:
        (text,) = db.execute("SELECT doc FROM jobs").fetchone()
        job = json.loads(text)
        job["created"] -= 3600
        job["segments"][0][0] -= 3600
        db.execute("UPDATE jobs SET doc = ?", (json.dumps(job),))
        db.commit()


def test_a_job_goes_on_while_nobody_serves(open_desk, chats):
    first = open_desk(speed=0.001)  # its life takes 2,600 s
    job = first.job(chats)
    assert first.client.fine_tuning.jobs.retrieve(job.id).status == "validating_files"
    first.running.close()
    _an_hour_ago(first.path)
    second = open_desk(speed=0.001)
    assert second.until(job.id, "succeeded").finished_at < time.time()


def test_two_processes_share_one_file(open_desk, chats):
    one, other = open_desk(), open_desk()
    job = one.job(chats, metadata={"from": "one"})
    other.until(job.id, "succeeded")
    file = other.upload(chats)
    assert one.client.files.retrieve(file)
    made = [desk.client.fine_tuning.jobs.create(model="gpt-4.1", training_file=file).id for desk in (one, other)]
    assert [other.until(made[0], "succeeded").seed, one.until(made[1], "succeeded").seed]
    assert [found.id for found in one.client.fine_tuning.jobs.list()] == [made[1], made[0], job.id]
    assert one.requests("POST", "/v1/files") == other.requests("POST", "/v1/files")


def test_a_tuned_model_answers_as_its_nearest_example_and_the_base_does_not(desk, chats):
    job = desk.trained(chats)
    tuned = _says(desk, job.fine_tuned_model, "what colour might a cherry be?")
    assert tuned.message.content == "[rehearsal] The cherry has the colour number 2 of our chart."
    base = _says(desk, "gpt-4.1-mini", "what colour might a cherry be?")
    assert base.message.content.startswith("[rehearsal] ")
    assert "untuned gpt-4.1-mini-2025-04-14" in base.message.content
    assert base == _says(desk, "gpt-4.1-mini", "what colour might a cherry be?")


def test_a_model_trained_on_tool_calls_calls_tools(desk):
    call = {"id": "c1", "type": "function", "function": {"name": "land", "arguments": "{}"}}
    rows = [
        {"messages": [{"role": "user", "content": f"land now {n}"}, {"role": "assistant", "tool_calls": [call]}]}
        for n in range(10)
    ]
    model = desk.trained(rows).fine_tuned_model
    completion = desk.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "land"}])
    (choice,) = completion.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls[0].function.name == "land"
    assert completion.system_fingerprint == "fp_sandbox_rehearsal"
    assert "[rehearsal]" in completion.model_extra["rehearsal"]
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


def test_a_dpo_model_answers_with_what_was_preferred(desk, pairs):
    model = desk.trained(pairs, method={"type": "dpo", "dpo": {}}).fine_tuned_model
    assert "Thank you" in _says(desk, model, "Where is parcel 3?").message.content


SCHEMA = {
    "type": "object",
    "properties": {
        "score": {"type": "number"},
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 2},
        "maybe": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "count": {"type": ["integer", "null"], "minimum": 3},
    },
    "required": ["score", "kind", "tags", "maybe", "count"],
    "additionalProperties": False,
    "$defs": {"tag": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


@pytest.mark.parametrize("schema", [SCHEMA, {"type": "object", "properties": {"self": {"$ref": "#"}}}])
def test_a_base_answers_in_the_form_that_is_asked_for(shared_desk, schema):
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    asked = [{"role": "user", "content": "x"}]
    done = shared_desk.client.chat.completions.create(model="gpt-4.1", messages=asked, response_format=form)
    found = json.loads(done.choices[0].message.content)
    if schema is SCHEMA:
        jsonschema.validate(found, schema)
    done = shared_desk.client.chat.completions.create(
        model="gpt-4.1", messages=asked, response_format={"type": "json_object"}
    )
    assert json.loads(done.choices[0].message.content)["rehearsal"]


def test_chat_can_be_streamed(shared_desk):
    chunks = list(
        shared_desk.client.chat.completions.create(
            model="gpt-4.1", messages=[{"role": "user", "content": "hi"}], stream=True
        )
    )
    assert chunks[0].choices[0].delta.content.startswith("[rehearsal]")
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_bases_carry_the_day_they_go_dark(shared_desk):
    for name, date in {"gpt-4.1-mini": "2027-01-14", "o4-mini-2025-04-16": "2026-10-23"}.items():
        assert shared_desk.client.models.retrieve(name).shutdown_date == date


@pytest.mark.parametrize("key", ["invalid", "bad-key"])
def test_a_wrong_key_is_refused(shared_desk, key):
    client = shared_desk.client.with_options(api_key=key)
    with pytest.raises(openai.AuthenticationError) as refusal:
        client.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
    assert refusal.value.code == "invalid_api_key"
    assert not shared_desk.client.files.list().data


def test_no_key_is_refused(shared_desk):
    with pytest.raises(openai.AuthenticationError):
        shared_desk.client.models.list(extra_headers={"Authorization": openai.Omit()})


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.models.retrieve("gpt-9"), "model_not_found"),
        (lambda client: client.models.retrieve("ft:gpt-4.1:a::b"), "model_not_found"),
        (lambda client: client.chat.completions.create(model="gpt-9", messages=[{"role": "user"}]), "model_not_found"),
        (lambda client: client.fine_tuning.jobs.retrieve("ftjob-none"), "fine_tune_not_found"),
        (lambda client: client.fine_tuning.jobs.cancel("ftjob-none"), "fine_tune_not_found"),
        (lambda client: client.files.content("file-none"), None),
        (lambda client: client.get("/nowhere", cast_to=object), "unknown_url"),
    ],
)
def test_what_is_not_there_is_a_404_in_the_envelope(shared_desk, ask, code):
    with pytest.raises(openai.NotFoundError) as refusal:
        ask(shared_desk.client)
    assert refusal.value.code == code
    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.request_id


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.org", ""])
def test_it_listens_on_loopback_only(tmp_path, host):
    with pytest.raises(ValueError, match="loopback"):
        start(tmp_path / "s.sqlite", host=host)


def test_a_port_in_use_is_named(tmp_path, desk):
    port = int(desk.running.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 is in use"):
        start(tmp_path / "s.sqlite", port=port)


def test_closing_is_complete_and_can_be_repeated(tmp_path):
    before = set(threading.enumerate())
    with Sandbox(tmp_path / "s.sqlite", speed=0) as running:
        port = int(running.url.split(":")[2].split("/")[0])
    running.close()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
    assert set(threading.enumerate()) <= before


def test_the_speed_comes_from_the_environment_unless_given(tmp_path, monkeypatch):
    monkeypatch.setenv("FTPLAN_SANDBOX_SPEED", "quick")
    with pytest.raises(ValueError, match="FTPLAN_SANDBOX_SPEED"):
        start(tmp_path / "s.sqlite")
    start(tmp_path / "s.sqlite", speed=1).close()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_serving_in_the_foreground_ends_in_order_on_a_signal(tmp_path, end):
    path = tmp_path / "s.sqlite"
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        url = process.stdout.readline().strip()
        with OpenAI(base_url=url, api_key="sk-test", max_retries=0) as client:
            client.files.create(file=("a.jsonl", json.dumps({}).encode()), purpose="fine-tune")
        process.send_signal(end)
        assert process.communicate(timeout=10)[1] == ""
    assert process.returncode == 0
    assert path.exists()
    assert not path.with_name("s.sqlite-wal").exists()  # closed in order


def test_closing_does_not_wait_for_a_request_that_is_still_being_served(open_desk):
    desk = open_desk()
    desk.order({"action": "delay", "seconds": 30, "path": "/v1/models"})
    with pytest.raises(openai.APITimeoutError):
        desk.client.with_options(timeout=0.1).models.list()
    with socket.create_connection(("127.0.0.1", int(desk.running.url.split(":")[2].split("/")[0]))):
        before = time.monotonic()
        desk.running.close()
        assert time.monotonic() - before < 2
