"""The official SDK alone against `ftplan sandbox serve`, a process of its own; nothing of ours is between them."""

from __future__ import annotations

import base64
import io
import json
import signal
from collections.abc import Iterator

import pytest
from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob
from workbench import BASE, Running, Workbench, chats, until


@pytest.fixture
def serving(bench: Workbench) -> Running:
    return bench.start("sandbox", "serve", "-port=0")


@pytest.fixture
def client(serving: Running) -> Iterator[OpenAI]:
    url = serving.until_it_says(r"OPENAI_BASE_URL=(http://\S+/v1)")[1]
    with OpenAI(base_url=url, api_key="sk-test", max_retries=0) as made:
        yield made


def test_the_sdk_alone_uploads_trains_looks_and_chats(client: OpenAI, serving: Running) -> None:
    text = "".join(json.dumps(row) + "\n" for row in chats())
    file = client.files.create(file=("rows.jsonl", io.BytesIO(text.encode())), purpose="fine-tune")
    assert file.status == "processed"
    marks = {"team": "support"}
    job = client.fine_tuning.jobs.create(model=BASE, training_file=file.id, seed=7, metadata=marks)
    client.fine_tuning.jobs.create(model=BASE, training_file=file.id, seed=8)

    def ended() -> FineTuningJob | None:
        now = client.fine_tuning.jobs.retrieve(job.id)
        return now if now.status == "succeeded" else None

    trained = until(ended, "the job did not succeed")
    assert [one.id for one in client.fine_tuning.jobs.list(extra_query={"metadata[team]": "support"})] == [job.id]
    assert len(list(client.fine_tuning.jobs.list(limit=1))) == 2
    said = [event.message for event in client.fine_tuning.jobs.list_events(job.id, limit=100)]
    assert any("successfully completed" in message for message in said), said
    # The real service encodes its result files once more, and so does the sandbox.
    assert base64.b64decode(client.files.content(trained.result_files[0]).content).startswith(b"step,")
    assert client.models.retrieve(trained.fine_tuned_model or "").id == trained.fine_tuned_model
    asked = chats()[4]["messages"]
    answer = client.chat.completions.create(model=trained.fine_tuned_model or "", messages=asked[:1])
    assert asked[1]["content"] in (answer.choices[0].message.content or "")

    serving.send(signal.SIGINT)
    done = serving.end()
    assert done.code == 0
    assert "Traceback" not in done.err
    assert "rehearsal" in done.out


def test_a_service_that_is_asked_to_end_ends(serving: Running) -> None:
    serving.until_it_says("listens on")
    serving.send(signal.SIGTERM)
    assert serving.end().code == 0


def test_a_port_that_is_taken_is_named(bench: Workbench) -> None:
    port = bench.sandbox.url.split(":")[2].removesuffix("/v1")
    done = bench.run("sandbox", "serve", f"-port={port}")
    assert done.code == 1
    assert f"port {port}" in done.said
    assert "Traceback" not in done.said


def test_only_this_machine_is_served(bench: Workbench) -> None:
    done = bench.run("sandbox", "serve", "-host=0.0.0.0", "-port=0")
    assert done.code == 1
    assert "loopback" in done.said
