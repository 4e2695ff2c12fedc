"""A project in a folder, a real sandbox on loopback, and the real command, run in this process or in one of its own."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from published import check, check_output

from ftplan.cli.main import run
from ftplan.sandbox import RunningSandbox, start

DEADLINE_SECONDS = 30.0
STATE = "ftplan.state.json"
JOBS = "/v1/fine_tuning/jobs"
FILES = "/v1/files"
BASE = "gpt-4.1-mini-2025-04-14"


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams, on one line: what is wrapped for a reader is whole again."""
        return re.sub(r"[\s│╷╵]+", " ", self.out + self.err)

    def lines(self) -> list[dict[str, Any]]:
        """Every line of stdout, each of which has to be one JSON object."""
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A command in a process of its own, its streams in files."""

    def __init__(self, words: Iterable[str], folder: Path) -> None:
        self._out, self._err = folder / f".out{id(self)}", folder / f".err{id(self)}"
        with open(self._out, "wb") as out, open(self._err, "wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ftplan", *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    @property
    def said(self) -> str:
        return self._out.read_text() + self._err.read_text()

    def until_it_says(self, pattern: str) -> re.Match[str]:
        return until(lambda: re.search(pattern, self.said), f"{pattern!r} was not said")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> Done:
        code = self.process.wait(DEADLINE_SECONDS)
        return Done(code, self._out.read_text(), self._err.read_text())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE_SECONDS)


class Workbench:
    """A folder to write a project into and run the command in; `sandbox` is the service it is trained at, started
    when first asked for, at the speed `pace` (0 waits for nothing)."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, patch
        self.pace = 0.0
        self._sandbox: RunningSandbox | None = None
        self._running: list[Running] = []

    @property
    def sandbox(self) -> RunningSandbox:
        if self._sandbox is None:
            self._sandbox = start(self.folder.parent / "service.sqlite3", speed=self.pace)
        return self._sandbox

    @property
    def trainer(self) -> dict[str, Any]:
        """A provider to declare: the sandbox of this bench."""
        return {"type": "sandbox", "base_url": self.sandbox.url}

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, name: str, topic: str = "parcel", count: int = 10, **style: Any) -> Path:
        """A supervised dataset about `topic`."""
        return self.write(name, "".join(json.dumps(row, **style) + "\n" for row in chats(topic, count)))

    def declare(self, models: dict[str, Any], datasets: dict[str, Any] | None = None, **keys: Any) -> None:
        """Writes ftplan.yaml (JSON is YAML, too). Datasets that are not given are one, `rows`."""
        document = {
            "version": 1,
            "project": "bench",
            "providers": {"trainer": self.trainer} if "providers" not in keys else keys.pop("providers"),
            "datasets": {"rows": {"path": "rows.jsonl"}} if datasets is None else datasets,
            "models": models,
            **keys,
        }
        self.write("ftplan.yaml", json.dumps(document, indent=2))

    def bot(self, **fields: Any) -> None:
        """The smallest project: ten rows and one model, `bot`."""
        if not (self.folder / "rows.jsonl").exists():
            self.rows("rows.jsonl")
        keys = {name: fields.pop(name) for name in ("providers", "variables", "budget", "state") if name in fields}
        self.declare({"bot": model(**fields)}, **keys)

    def environ(self, **values: str | None) -> None:
        for name, value in values.items():
            if value is None:
                self._patch.delenv(name, raising=False)
            else:
                self._patch.setenv(name, value)

    def run(self, *words: str, answers: str = "") -> Done:
        """The command, carried out in this process."""
        out, err = io.StringIO(), io.StringIO()
        at, before = os.getcwd(), self._stored()
        os.chdir(self.folder)
        try:
            with self._patch.context() as patch, redirect_stdout(out), redirect_stderr(err):
                patch.setattr(sys, "argv", ["ftplan", *words])
                patch.setattr(sys, "stdin", io.StringIO(answers))
                with pytest.raises(SystemExit) as ended:
                    run()
        finally:
            os.chdir(at)
        code = ended.value.code
        assert isinstance(code, int)
        # Whatever a test is about: what is published holds for everything that is printed and stored.
        check_output(words, out.getvalue())
        if self._stored() not in (before, b""):
            check(self.state, "state")
        return Done(code, out.getvalue(), err.getvalue())

    def _stored(self) -> bytes:
        return (self.folder / STATE).read_bytes() if (self.folder / STATE).is_file() else b""

    def apply(self, *words: str) -> Done:
        """An apply that has to go well."""
        done = self.run("apply", "-auto-approve", *words)
        assert done.code == 0, done.said
        return done

    def plan(self, *words: str) -> Done:
        """A plan that has to go well, or to have changes."""
        done = self.run("plan", *words)
        assert done.code in (0, 2), done.said
        return done

    def start(self, *words: str) -> Running:
        """The command in a process of its own."""
        self._running.append(Running(words, self.folder))
        return self._running[-1]

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.folder / STATE).read_bytes())
        return state

    def model_id(self, name: str = "bot") -> str:
        return next(m["job"]["fine_tuned_model"] for m in self.state["models"] if m["name"] == name)

    def requests(self, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """What the sandbox was asked, oldest first."""
        noted = control(self.sandbox.control_url, "GET", "requests")["data"]
        return [r for r in noted if method in (None, r["method"]) and path in (None, r["path"])]

    def bought(self) -> tuple[int, int]:
        """How many files were sent and how many jobs were ordered up to now."""
        return len(self.requests("POST", FILES)), len(self.requests("POST", JOBS))

    def order(self, *faults: dict[str, Any]) -> None:
        control(self.sandbox.control_url, "POST", "faults", list(faults))

    def close(self) -> None:
        for running in self._running:
            running.close()
        if self._sandbox is not None:
            self._sandbox.close()


def model(**fields: Any) -> dict[str, Any]:
    """A model as it is declared."""
    return {"base_model": BASE, "dataset": "rows", "epochs": 1, "seed": 7, **fields}


def chats(topic: str = "parcel", count: int = 10) -> list[dict[str, Any]]:
    return [
        {
            "messages": [
                {"role": "user", "content": f"Where is {topic} {n}? – zażółć"},
                {"role": "assistant", "content": f"The {topic} {n} is in hall {n % 3}."},
            ]
        }
        for n in range(count)
    ]


def control(url: str, method: str, name: str, body: Any = None) -> Any:
    """Orders faults from a sandbox, or reads its journal."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{name}", data=data, method=method)) as answer:
        return json.load(answer)


def until(there: Callable[[], Any], otherwise: str) -> Any:
    """What `there` gives once it gives something."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    never = threading.Event()
    while time.monotonic() < deadline:
        found = there()
        if found:
            return found
        never.wait(0.02)
    raise AssertionError(otherwise)
