"""Storage services on loopback: S3 as moto makes it, and a plain host that speaks just enough of each wire, and may
lie, break off or keep silent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

# Letters that stand nowhere else: keys that are made to be looked for.
KEY_ID = "CANARYKEYID00001"
SECRET = "canary-secret-7c1e9b"
TOKEN = "hf_canarytoken5d2f"

AWS = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
}


@dataclass(slots=True)
class Bucket:
    """The bucket `bucket` at an S3 on loopback."""

    url: str

    def put(self, key: str, data: bytes) -> None:
        # A PUT of urllib says that it is a form, where nothing else is said.
        kind = {"Content-Type": "application/octet-stream"}
        with urlopen(Request(f"{self.url}/bucket/{key}", data, kind, method="PUT"), timeout=30):
            pass


@contextmanager
def s3() -> Iterator[Bucket]:
    """An S3 that is empty but for a bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket(f"http://{host}:{port}")
        with urlopen(Request(f"{bucket.url}/bucket", method="PUT"), timeout=30):
            pass
        yield bucket
    finally:
        server.stop()


@dataclass(slots=True)
class Host:
    """Holds one object, whatever it is asked for. `said` is the size it gives, `breaks` after how many bytes a reading
    breaks off, the first one only, `silent` whether it stops there and keeps the line; `status` refuses everything."""

    data: bytes
    said: int | None = None
    breaks: int | None = None
    silent: bool = False
    status: int = 200
    url: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    reading: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


@contextmanager
def hosting(data: bytes, **habits: Any) -> Iterator[Host]:
    """A host that is up for as long as this lasts."""
    host = Host(data, **habits)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (_Asked,), {"host": host}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield host
    finally:
        host.done.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: Host

    def do_HEAD(self) -> None:
        self._note()
        self._head(self.host.said if self.host.said is not None else len(self.host.data))

    def do_GET(self) -> None:
        self._note()
        path = urlsplit(self.path).path
        if self.host.status != 200:
            self._answer({"error": f"{SECRET} {TOKEN}"}, self.host.status)
        elif "/storage/v1/b/" in path and "alt=media" not in self.path:
            self._answer({"name": unquote(path.rsplit("/", 1)[-1]), "bucket": "bucket", "size": str(self._size())})
        elif "/api/datasets/" in path:
            self._answer({"id": "owner/name", "_id": "0", "sha": "0" * 40, "siblings": []})
        else:
            self._send()

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._note()
        if self.host.status != 200:
            self._answer({"error": f"{SECRET} {TOKEN}"}, self.host.status)
            return
        paths = asked.get("paths", [])
        self._answer([{"type": "file", "path": path, "size": self._size(), "oid": "0" * 40} for path in paths])

    def _size(self) -> int:
        return self.host.said if self.host.said is not None else len(self.host.data)

    def _note(self) -> None:
        self.host.asked.append((self.command, self.path, dict(self.headers)))

    def _head(self, size: int, first: int = 0) -> None:
        self.send_response(self.host.status if self.host.status != 200 else 206 if first else 200)
        self.send_header("Content-Length", str(size - first))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Last-Modified", "Wed, 21 Oct 2026 07:28:00 GMT")
        self.send_header("ETag", '"0"')
        self.send_header("x-ms-blob-type", "BlockBlob")
        self.send_header("x-ms-creation-time", "Wed, 21 Oct 2026 07:28:00 GMT")
        wanted = self.headers.get("Range") or self.headers.get("x-ms-range")
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        self.end_headers()

    def _send(self) -> None:
        wanted = self.headers.get("Range") or self.headers.get("x-ms-range") or "bytes=0-"
        first = int(wanted.partition("=")[2].partition("-")[0])
        data, breaks = self.host.data, self.host.breaks
        self._head(len(data), first)
        if breaks is None or first:
            self.wfile.write(data[first:])
            return
        self.wfile.write(data[:breaks])
        self.wfile.flush()
        self.host.reading.set()
        if self.host.silent:
            self.host.done.wait(30)
        self.close_connection = True

    def _answer(self, document: Any, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked is in `asked`."""
