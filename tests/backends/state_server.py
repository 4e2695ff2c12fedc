"""A server of Terraform's HTTP state protocol on loopback, as GitLab keeps it for every project."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

PATH = "/api/v4/projects/7/terraform/state/support"
USER, WORD = "gitlab-ci-token", "glcbt-secret"
KEYS = ("ID", "Operation", "Info", "Who", "Version", "Created", "Path")


class StateServer:
    """One state and one lock. `faults` are answers to give instead of the next ones, by method: a status, `cut` for a
    connection that ends, `lost` for a request that is carried out and whose answer never arrives, `half` for an answer
    that breaks off, `slow` for one that takes its time, `long` for one that is larger than any state, `damaged` for one
    that is not what was sent, `babble` for what is no HTTP, None for no fault. `meanwhile` is what others do before a
    request is looked at, by method. Servers differ:

    `strict` minds the lock's id; without `locks` there are none; `gitlab` says of a holder what GitLab does, and wants
    states with a serial that is new; `reentrant` gives the lock to its holder again; `mute` names no holder; `etags`
    gives them, and compares.
    """

    def __init__(
        self,
        *,
        strict: bool = True,
        locks: bool = True,
        gitlab: bool = False,
        reentrant: bool = False,
        mute: bool = False,
        etags: bool = False,
    ) -> None:
        self.data: bytes | None = None
        self.lock: dict[str, Any] | None = None
        self.faults: dict[str, list[object]] = {}
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.meanwhile: dict[str, list[Callable[[], None]]] = {}
        self.serials: set[int] = set()
        self.strict, self.locks, self.gitlab = strict, locks, gitlab
        self.reentrant, self.mute, self.etags = reentrant, mute, etags
        self.address, self.elsewhere = "", "http://127.0.0.1:1/elsewhere"
        self.guard = threading.Lock()

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """What the protocol answers, under one lock: a real server does it in one transaction."""
        if headers.get("authorization") != "Basic " + base64.b64encode(f"{USER}:{WORD}".encode()).decode():
            return 401, b"<html>who are you?</html>"
        where, _, query = path.partition("?")
        if where == f"{PATH}/lock" and self.locks:
            return self._take(body) if method == "POST" else self._give(body)
        if where != PATH:
            return 404, b""
        if method == "GET":
            return (200, self.data) if self.data is not None else (204, b"")
        if method == "POST":
            return self._write(body, query, headers)
        return 405, b""

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.data or b"").hexdigest()[:8]}"'

    def _take(self, body: bytes) -> tuple[int, bytes]:
        asked = json.loads(body)
        if not all(isinstance(asked.get(key), str) for key in KEYS):
            return 400, b""
        if self.lock is None or (self.reentrant and self.lock["ID"] == asked["ID"]):
            self.lock = asked
            return 200, b""
        if self.gitlab:  # which remembers three of the holder's words, and repeats the rest to who asks
            theirs = {key: self.lock.get(key) for key in ("ID", "Who", "Created")}
            return 409, json.dumps({**asked, **theirs}).encode()
        return 423, b"" if self.mute else json.dumps(self.lock).encode()

    def _give(self, body: bytes) -> tuple[int, bytes]:
        if self.lock is None:
            return 200, b""
        if json.loads(body)["ID"] != self.lock["ID"]:
            return 409, b"" if self.gitlab or self.mute else json.dumps(self.lock).encode()
        self.lock = None
        return 200, b""

    def _write(self, body: bytes, query: str, headers: dict[str, str]) -> tuple[int, bytes]:
        if headers.get("content-md5") != base64.b64encode(hashlib.md5(body).digest()).decode():
            return 400, b""
        holder = self.lock["ID"] if self.lock is not None else None
        if self.strict and (f"ID={holder}" if holder else "") != query:
            return 409 if holder is None else 423, json.dumps(self.lock).encode()
        if self.etags and headers.get("if-match", self.etag) != self.etag:
            return 412, b""
        if self.gitlab and not self._is_new(body):
            return 422, b""
        self.data = body
        return 200, b""

    def _is_new(self, body: bytes) -> bool:
        serial = json.loads(body).get("serial")
        new = isinstance(serial, int) and serial not in self.serials
        self.serials.add(serial)
        return new


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # type: ignore[assignment]

    def _serve(self) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with state.guard:
            state.asked.append((self.command, self.path))
            state.bodies.append(body)
            state.headers.append(headers)
            for others in state.meanwhile.pop(self.command, []):
                others()
            fault = state.faults.get(self.command, [])
            told = fault.pop(0) if fault else None
            if isinstance(told, int):
                status, answer = told, b"<html>sk-not-to-be-shown</html>"
            elif told != "cut":
                status, answer = state.answer(self.command, self.path, body, headers)
            more = {"ETag": state.etag} if state.etags and self.command == "GET" else {}
        self.close_connection = told in ("cut", "lost", "half", "slow")
        if told in ("cut", "lost"):
            return
        if told == "babble":
            self.wfile.write(f"{headers.get('authorization')}\r\n\r\n".encode())
            return
        if told == "damaged":
            more["Content-MD5"] = base64.b64encode(hashlib.md5(b"another").digest()).decode()
        if 300 <= status < 400:
            more["Location"] = state.elsewhere
        self._say(status, answer if told != "long" else bytes(64 * 1024 * 1024 + 1), more, str(told))

    def _say(self, status: int, answer: bytes, more: dict[str, str], told: str) -> None:
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer) + (10 if told == "half" else 0)))
        self.end_headers()
        # Who was asked slowly goes away at some time.
        with suppress(OSError):
            for piece in (answer[at : at + 1] for at in range(len(answer))) if told == "slow" else (answer,):
                self.wfile.write(piece)
                self.server.closing.wait(0.05 if told == "slow" else 0)

    do_GET = do_POST = do_DELETE = do_LOCK = do_UNLOCK = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: what was asked is in `asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, state: StateServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of who did not like our certificate."""


@contextmanager
def serving(*, secret_in: Path | None = None, **how: bool) -> Iterator[StateServer]:
    """A server while it is up; over TLS where there is a folder for its certificate, `server.pem`."""
    state = StateServer(**how)
    with _Server(state) as server:
        if secret_in is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*_certificate(secret_in))
            # The handshake is for the thread of the connection, not for the one that waits for others.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "http" if secret_in is None else "https"
        state.address = f"{scheme}://127.0.0.1:{server.server_address[1]}{PATH}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.closing.set()
            server.shutdown()
            thread.join(10)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that nobody has signed but its owner, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "state")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return paths


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port that answers nobody, and what it was told."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    there, _ = door.accept()
                    with there:
                        heard.append(there.recv(65536))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield door.getsockname()[1], heard
        door.shutdown(socket.SHUT_RDWR)
        thread.join(10)
