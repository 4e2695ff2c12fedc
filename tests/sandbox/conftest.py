"""A real sandbox on loopback and the real SDK in front of it."""

from __future__ import annotations

import io
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai.types.fine_tuning import FineTuningJob

from ftplan.sandbox import RunningSandbox, start

DEADLINE_SECONDS = 10.0


class Desk:
    """One running sandbox, the SDK pointed at it, and short words for what tests do with both."""

    def __init__(self, running: RunningSandbox, path: Path, stack: ExitStack) -> None:
        self.running, self.path = running, path
        self.client = stack.enter_context(OpenAI(base_url=running.url, api_key="sk-test", max_retries=0))

    def control(self, method: str, name: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.running.control_url}/{name}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def order(self, *rules: dict[str, Any]) -> None:
        self.control("POST", "faults", list(rules))

    def requests(self, method: str, path: str) -> list[dict[str, Any]]:
        noted = self.control("GET", "requests")["data"]
        return [one for one in noted if one["method"] == method and one["path"] == path]

    def upload(self, rows: list[Any], name: str = "rows.jsonl") -> str:
        lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
        return self.client.files.create(file=(name, io.BytesIO(lines.encode())), purpose="fine-tune").id

    def job(self, rows: list[Any], **fields: Any) -> FineTuningJob:
        fields = {"model": "gpt-4.1-mini", "seed": 7, **fields}
        return self.client.fine_tuning.jobs.create(training_file=self.upload(rows), **fields)

    def until(self, job_id: str, *statuses: str) -> FineTuningJob:
        """The job as soon as it has one of the statuses."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            job = self.client.fine_tuning.jobs.retrieve(job_id)
            if job.status in statuses:
                return job
        raise AssertionError(f"{job_id} is {job.status} ({job.error}), not {statuses}")

    def trained(self, rows: list[Any], **fields: Any) -> FineTuningJob:
        return self.until(self.job(rows, **fields).id, "succeeded")

    def metrics(self, job_id: str) -> list[dict[str, Any]]:
        """What was measured, oldest step first."""
        events = list(self.client.fine_tuning.jobs.list_events(job_id, limit=100))
        return [event.data for event in reversed(events) if event.type == "metrics"]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens desks on one path (``state/sandbox.sqlite``), as often as asked for."""
    path = tmp_path / "state" / "sandbox.sqlite"
    with ExitStack() as stack:

        def open_one(speed: float = 0) -> Desk:
            return Desk(stack.enter_context(start(path, speed=speed)), path, stack)

        yield open_one


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A sandbox that does not wait, for tests that leave nothing behind."""
    path = tmp_path_factory.mktemp("shared") / "state" / "sandbox.sqlite"
    with ExitStack() as stack:
        yield Desk(stack.enter_context(start(path, speed=0)), path, stack)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A sandbox that does not wait."""
    return open_desk()


def chat_row(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


@pytest.fixture
def chats() -> list[dict[str, Any]]:
    """Thirty supervised rows about colours."""
    fruit = ["apple", "banana", "cherry", "lemon", "lime", "plum", "grape", "peach", "pear", "fig"]
    ask = ["What colour is the {}?", "Tell me the {}'s colour, please.", "Is a {} red or green?"]
    return [
        chat_row(form.format(name), f"The {name} has the colour number {place} of our chart.")
        for form in ask
        for place, name in enumerate(fruit)
    ]


@pytest.fixture
def pairs() -> list[dict[str, Any]]:
    """Twelve preference pairs: the polite answer is the better one."""
    return [
        {
            "input": {"messages": [{"role": "user", "content": f"Where is parcel {n}?"}]},
            "preferred_output": [{"role": "assistant", "content": f"Thank you for asking: parcel {n} is on its way."}],
            "non_preferred_output": [{"role": "assistant", "content": f"No idea about {n}, go away."}],
        }
        for n in range(12)
    ]


@pytest.fixture
def questions() -> list[dict[str, Any]]:
    """Twelve reinforcement rows with a reference."""
    items = "amber basil cedar dates elder flint ginger hazel iris juniper kelp laurel"
    return [
        {"messages": [{"role": "user", "content": f"Which shelf holds item {item}?"}], "shelf": f"shelf {item[0]}"}
        for item in re.findall(r"\w+", items)
    ]
