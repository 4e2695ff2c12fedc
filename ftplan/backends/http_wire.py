"""Requests of Terraform's HTTP state protocol, each sent once, and what came back.

The standard library's client: it costs nothing at start-up beyond what is loaded anyway, knows no netrc and checks
certificates. A proxy and trusted certificates come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
"""

from __future__ import annotations

import base64
import hashlib
import time
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse, IncompleteRead
from urllib.parse import urlencode, urlsplit, urlunsplit

from ftplan import __version__
from ftplan.backends.http_place import HttpPlace
from ftplan.core.hosts import is_loopback
from ftplan.errors import ConfigError

SECONDS = 30.0
LARGEST_ANSWER = 64 * 1024 * 1024
_LARGEST_REFUSAL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a body. `etag` is empty where the server gave none that holds byte for byte."""

    status: int
    body: bytes = b""
    etag: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class NoAnswer(Exception):
    """Nothing whole came back: whether the server did what it was asked is not known. Says why."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Speaks with one server. Raises `ConfigError`, and asks nobody, where the place is refused."""

    place: HttpPlace
    seconds: float = SECONDS
    _direct: urllib.request.OpenerDirector = field(default_factory=lambda: _opener({}), repr=False)
    _proxied: urllib.request.OpenerDirector = field(default_factory=lambda: _opener(_proxies()), repr=False)

    def get(self) -> Answer:
        return self._send("GET", self.place.address)

    def post(self, data: bytes, lock_id: str | None, etag: str) -> Answer:
        """Writes, under the lock of that id, in place of what has this `etag`; a server may mind neither."""
        url = _with_query(self.place.address, {"ID": lock_id}) if lock_id else self.place.address
        headers = {"Content-MD5": _md5(data), **({"If-Match": etag} if etag else {})}
        return self._send("POST", url, data, headers)

    def lock(self, info: bytes) -> Answer:
        return self._send(self.place.lock_method, self.place.lock_address, info)

    def unlock(self, info: bytes) -> Answer:
        return self._send(self.place.unlock_method, self.place.unlock_address, info)

    def _send(self, method: str, url: str, data: bytes | None = None, more: dict[str, str] | None = None) -> Answer:
        if self.place.refusal:
            raise ConfigError(self.place.refusal)
        headers = {"User-Agent": f"ftplan/{__version__}", **(more or {})}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self.place.username or self.place.password:
            pair = f"{self.place.username}:{self.place.password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - http(s), checked before
        opener = self._direct if is_loopback(urlsplit(url).hostname or "") else self._proxied
        deadline = time.monotonic() + 2 * self.seconds
        try:
            with opener.open(request, timeout=self.seconds) as response:
                return _answer(response, deadline)
        # UnicodeError: a host that can be no host's name.
        except (OSError, HTTPException, UnicodeError) as error:
            raise NoAnswer(_reason(error)) from None


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Any status is an answer, redirects included: a password and a state are for the address that was named."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def _opener(proxies: dict[str, str]) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _AsItIs())


def _proxies() -> dict[str, str]:
    """For https alone: what is not encrypted stays on this machine."""
    return {scheme: url for scheme, url in urllib.request.getproxies_environment().items() if scheme == "https"}


def _answer(response: HTTPResponse, deadline: float) -> Answer:
    if response.status != 200:
        return Answer(response.status, response.read(_LARGEST_REFUSAL))
    body = _whole(response, deadline)
    etag = response.headers.get("ETag", "")
    # A weak one (W/"...") stands for what means the same, and If-Match never takes it.
    return Answer(200, body, etag if etag.startswith('"') else "")


def _whole(response: HTTPResponse, deadline: float) -> bytes:
    """The body, all of it. Raises HTTPException or OSError."""
    body = bytearray()
    # The client's timeout is for one piece, and a server may send byte after byte.
    while piece := response.read1(1 << 20):
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise OSError(None, f"the answer has over {LARGEST_ANSWER:,} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError(None, "the answer takes too long")
    announced = response.headers.get("Content-Length", "")
    # Read piece by piece, the library takes half an answer for a whole one.
    if announced.isdecimal() and len(body) < int(announced):
        raise IncompleteRead(b"")
    if response.headers.get("Content-MD5", _md5(body)) != _md5(body):
        raise OSError(None, "the answer was damaged on the way")
    return bytes(body)


def _reason(error: Exception) -> str:
    """Why there is no answer, and nothing that the server wrote."""
    if isinstance(error, IncompleteRead):
        return "the answer was cut off"
    if isinstance(error, ConnectionError) and isinstance(error, HTTPException):
        return "the server ended the connection without an answer"
    if isinstance(error, HTTPException):
        return "what answers does not speak HTTP"
    if isinstance(error, UnicodeError):
        return "the address names no host"
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)


def _with_query(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _md5(data: bytes | bytearray) -> str:
    # The protocol's own check against damage on the way.
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
