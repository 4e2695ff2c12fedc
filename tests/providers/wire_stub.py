"""A service that answers what it is told to, on loopback, and writes down every request."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

CANARY = "sk-canary-0123456789abcdefABCDEF"
# Tells the SDK not to repeat a read, so that no test waits for its backoff.
NO_RETRY = {"x-should-retry": "false"}


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """An answer. `body` is sent as JSON, or as it is when it is bytes."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Resets:
    """Takes the whole request, then breaks the connection."""


class Hangs:
    """Takes the whole request and never answers."""


class Stub:
    """What is told for a method and a path is answered in order; the last of it again and again."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.over = threading.Event()
        self.url = ""
        self._told: dict[tuple[str, str], list[Any]] = {}

    def tell(self, method: str, path: str, *answers: Any) -> None:
        self._told[(method, path)] = list(answers)

    def count(self, method: str, path: str = "") -> int:
        return sum(1 for one in self.seen if one.method == method and one.path.endswith(path))

    def answer(self, seen: Seen) -> Any:
        self.seen.append(seen)
        told = self._told.get((seen.method, seen.path))
        if not told:
            return error(404, f"No such thing: {seen.path}", headers=NO_RETRY)
        return told.pop(0) if len(told) > 1 else told[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = parts.path.removeprefix("/v1")
        answer = self.stub.answer(Seen(self.command, path, dict(parse_qsl(parts.query)), headers, body))
        if isinstance(answer, Hangs):
            self.stub.over.wait()
        if isinstance(answer, (Hangs, Resets)):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _serve

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away is what many tests are about


@contextmanager
def running() -> Iterator[Stub]:
    stub = Stub()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def error(status: int, message: str = "no", *, headers: Mapping[str, str] | None = None, **fields: Any) -> Says:
    """An error in the service's own form."""
    envelope = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **fields}
    return Says(status, {"error": envelope}, headers or {})


def job(**fields: Any) -> dict[str, Any]:
    """A job as the wire shows it."""
    return {
        "object": "fine_tuning.job",
        "id": "ftjob-1",
        "created_at": 1_700_000_000,
        "error": None,
        "fine_tuned_model": None,
        "finished_at": None,
        "hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": "auto"},
        "model": "gpt-4.1-mini-2025-04-14",
        "organization_id": "org-1",
        "result_files": [],
        "seed": 7,
        "status": "validating_files",
        "trained_tokens": None,
        "training_file": "file-1",
        "validation_file": None,
        "metadata": None,
        **fields,
    }


def file(**fields: Any) -> dict[str, Any]:
    """A file as the wire shows it."""
    return {
        "object": "file",
        "id": "file-1",
        "bytes": 10,
        "created_at": 1_700_000_000,
        "filename": "train.jsonl",
        "purpose": "fine-tune",
        "status": "processed",
        **fields,
    }


def page(*rows: Any, has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(rows), "has_more": has_more}
