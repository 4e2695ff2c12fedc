"""What can happen to a run between its process and the service: a wire that can be meddled with, children that can be
killed at a named moment, and a project of three models to train over that wire."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from workbench import DEADLINE_SECONDS, STATE, Done, chats, control, model, until

from ftplan.sandbox import start

APPLY = ("apply", "-auto-approve", "-lock-timeout=60s")
NURSERY = Path(__file__).with_name("nursery.py")
KILLED = -signal.SIGKILL
MODELS = {"child": {"base_model": "model.one"}, "one": {"suffix": "one"}, "two": {"suffix": "two"}}
_RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends RST


@dataclass(frozen=True, slots=True)
class Call:
    """A request on the wire; `number` counts from 1."""

    number: int
    method: str
    path: str

    @property
    def orders_a_job(self) -> bool:
        return self.method == "POST" and self.path == "/v1/fine_tuning/jobs"

    @property
    def sends_a_file(self) -> bool:
        return self.method == "POST" and self.path == "/v1/files"

    @property
    def follows(self) -> bool:
        return self.method == "GET" and self.path.startswith("/v1/fine_tuning/jobs/ftjob")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told. `body` is the service's own envelope where it is empty."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a call: `first` is done before it is forwarded, `then` before it is answered. `answer` is told
    in place of the service's own; a call that is `cut` gets none."""

    first: Callable[[], object] = lambda: None
    forwarded: bool = True
    then: Callable[[], object] = lambda: None
    answer: Answer | None = None
    cut: bool = False


PASSED = Fate()
Meddler = Callable[[Call], Fate]


class Wire:
    """A proxy on loopback in front of `service`, whose `meddler` decides what becomes of each call."""

    def __init__(self, service: str) -> None:
        self._service = service.removeprefix("http://").removesuffix("/v1")
        self.meddler: Meddler = lambda call: PASSED
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        # Bound and never listening: it keeps the port ours while nobody listens.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind(("127.0.0.1", 0))
        self._server: _Server | None = None
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._place.getsockname()[1]}/v1"

    @property
    def is_torn(self) -> bool:
        return self._server is None

    def mend(self) -> None:
        self._server = _Server(self._place.getsockname(), self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def tear(self) -> None:
        """Nobody listens any more, and connections that are open come to nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def close(self) -> None:
        self.tear()
        self._place.close()

    def fate(self, method: str, path: str) -> Fate:
        with self._lock:
            call = Call(len(self.calls) + 1, method, path.partition("?")[0])
            self.calls.append(call)
            return Fate(forwarded=False, cut=True) if self.is_torn else self.meddler(call)

    def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection(self._service, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kind = answer.headers.get("content-type", "")
            return Answer(answer.status, {"x-request-id": answer.headers["x-request-id"]}, answer.read(), kind)
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, place: tuple[str, int], wire: Wire) -> None:
        super().__init__(place, _Passage)
        self.wire = wire

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # without a farewell first, so that what is reset is reset

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed go away in the middle of anything."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Passage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        fate = self.server.wire.fate(self.command, self.path)
        fate.first()
        answer = None
        if fate.forwarded:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            answer = self.server.wire.forward(self.command, self.path, body, kept)
        fate.then()
        answer = fate.answer or answer
        if fate.cut or answer is None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.close_connection = True
            return
        told = answer.body or _envelope(answer.status)
        self.send_response(answer.status)
        for name, value in {"content-type": answer.kind, **answer.headers, "content-length": len(told)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(told)

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _envelope(status: int) -> bytes:
    kind = "rate_limit_error" if status == 429 else "server_error"
    return json.dumps({"error": {"message": f"A {status} of the storm.", "type": kind, "code": None}}).encode()


class Child:
    """A run of the command in a process of its own."""

    def __init__(self, nursery: Nursery, ref: int, out: Path) -> None:
        self._nursery, self._ref, self._out = nursery, ref, out

    @property
    def pid(self) -> int:
        found: int = self._nursery.hear(self._ref, "pid")
        return found

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    @property
    def said(self) -> str:
        return "".join(p.read_text() for p in (self._out.with_suffix(k) for k in (".out", ".err")) if p.exists())

    def end(self) -> Done:
        code = self._nursery.hear(self._ref, "code")
        out, err = (self._out.with_suffix(kind).read_text() for kind in (".out", ".err"))
        assert "Traceback" not in out + err, out + err
        assert "defect" not in out + err, out + err
        return Done(code, out, err)


class Nursery:
    """The process that forks the runs. Closing it ends them all."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._refs, self._heard, self._news = count(1), dict[int, dict[str, int]](), threading.Condition()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def start(
        self,
        folder: Path,
        words: tuple[str, ...],
        environ: dict[str, str],
        *,
        die: dict[str, Any] | None = None,
        haste: float = 1,
    ) -> Child:
        with self._news:
            ref = next(self._refs)
            out = folder.parent / f"said{ref}"
            order = {"folder": str(folder), "words": words, "out": str(out), "environ": environ}
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"ref": ref, **order, "die": die, "haste": haste}).encode() + b"\n")
            self._process.stdin.flush()
        return Child(self, ref, out)

    def hear(self, ref: int, what: str) -> int:
        with self._news:
            there = self._news.wait_for(lambda: what in self._heard.get(ref, {}), 4 * DEADLINE_SECONDS)
            assert there, f"no {what} of run {ref} was heard of"
            return self._heard[ref][what]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news = json.loads(line)
            with self._news:
                self._heard.setdefault(news.pop("ref"), {}).update(news)
                self._news.notify_all()


@cache
def certificate() -> str:
    """One certificate to trust in place of a hundred, which each client of each run would read; empty without any."""
    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(known[0]) if known else ""


class Trial:
    """A project of three models, the last on top of the first, a service of its own, and the wire between them."""

    def __init__(self, folder: Path, nursery: Nursery, *, speed: float = 0, haste: float = 1) -> None:
        self.folder, self._nursery, self._haste = folder / "project", nursery, haste
        self.folder.mkdir(parents=True)
        self._sandbox = start(folder / "service.sqlite3", speed=speed)
        self.wire = Wire(self._sandbox.url)
        seconds = {"CALL_TIMEOUT": 1.0, "LIST_LAG": 0.2, "POLL": 0.05}
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "FTPLAN_CACHE_DIR": str(folder.parent / "measured"),
            **({"SSL_CERT_FILE": str(folder / "ca.pem")} if certificate() else {}),
            **{f"FTPLAN_{name}_SECONDS": str(value * haste) for name, value in seconds.items()},
        }
        (folder / "ca.pem").write_text(certificate())
        (self.folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chats()))
        self.declare()

    def declare(self, **keys: Any) -> None:
        document = {
            "version": 1,
            "project": "trial",
            "providers": {"trainer": {"type": "sandbox", "base_url": self.wire.url}},
            "datasets": {"rows": {"path": "rows.jsonl"}},
            "models": {name: model(**fields) for name, fields in MODELS.items()},
            **keys,
        }
        (self.folder / "ftplan.yaml").write_text(json.dumps(document))

    def start(self, *words: str, die: dict[str, Any] | None = None) -> Child:
        return self._nursery.start(self.folder, words, self.environ, die=die, haste=self._haste)

    def run(self, *words: str) -> Done:
        return self.start(*words).end()

    @property
    def state(self) -> dict[str, Any]:
        path = self.folder / STATE
        found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {"models": [], "intents": []}
        return found

    @property
    def recorded(self) -> set[str]:
        return {record["job"]["id"] for record in self.state["models"]}

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """Every job the service has, asked past the wire."""
        return self._list("fine_tuning/jobs")

    @property
    def files(self) -> list[dict[str, Any]]:
        return self._list("files?purpose=fine-tune")

    def order(self, *faults: dict[str, Any]) -> None:
        control(self._sandbox.control_url, "POST", "faults", list(faults))

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = control(self._sandbox.control_url, "GET", "requests")["data"]
        return found

    def settled(self) -> None:
        """Asserts that everything was bought once, is remembered, and leaves nothing to do."""
        planned = self.run("plan", "-detailed-exitcode")
        assert planned.code == 0, planned.said
        self.bought_once()
        assert list(self.folder.glob(".*.tmp")) == []
        assert (self.folder / f".{STATE}.lock").read_text() == ""

    def bought_once(self) -> None:
        jobs, state = self.jobs, self.state
        assert sorted(job["metadata"]["ftplan_address"] for job in jobs) == [f"model.{name}" for name in MODELS]
        assert len({job["metadata"]["ftplan_key"] for job in jobs}) == len(MODELS)
        assert {record["name"]: record["job"]["id"] for record in state["models"]} == {
            job["metadata"]["ftplan_address"].removeprefix("model."): job["id"] for job in jobs
        }
        assert {job["status"] for job in jobs} == {"succeeded"}
        assert all(record["job"]["fine_tuned_model"] for record in state["models"])
        assert state["intents"] == []
        assert len(self.files) == 1
        taken_back = [r for r in self.requests() if r["method"] == "DELETE" or r["path"].endswith("/cancel")]
        assert taken_back == []

    def close(self) -> None:
        self.wire.close()
        self._sandbox.close()

    def _list(self, what: str) -> list[dict[str, Any]]:
        request = urllib.request.Request(f"{self._sandbox.url}/{what}", headers={"Authorization": "Bearer sandbox"})
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
            body = json.load(answer)
        assert not body["has_more"]
        found: list[dict[str, Any]] = body["data"]
        return found


def known(children: list[Child]) -> Child:
    """The first child, once it was started: a call can be quicker than its caller's return."""
    child: Child = until(lambda: children[0] if children else None, "no child was started")
    return child
