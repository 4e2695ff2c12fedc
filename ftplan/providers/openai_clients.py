"""The HTTP clients (one of the openai SDK's doors): the only place that knows retries, timeouts and headers.

Four clients from one factory. Reads may be repeated. Writes go out once: the SDK resends a POST on timeouts, dropped
connections, 408, 409, 429 and 5xx, and a second POST of a job is a second bill.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ftplan.errors import NotAllowed
from ftplan.providers.connection import Connection

if TYPE_CHECKING:
    import ssl

    import httpx2
    from openai import OpenAI

CONNECT_SECONDS = 10.0

_OUR_HEADERS = ("accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer, in seconds, and how often to ask again. `write_seconds` bounds the whole of a
    write; the other two bound each silence."""

    read_retries: int = 3
    read_seconds: float = 30.0
    write_seconds: float = 60.0
    upload_seconds: float = 600.0
    answer_seconds: float = 180.0


class Clients:
    """The clients of one connection, each made when it is first asked for. They close when this goes away, at the
    latest when the process ends."""

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self._made: dict[str, OpenAI] = {}
        self._making = threading.Lock()
        weakref.finalize(self, _close, self._made)

    @property
    def reads(self) -> OpenAI:
        """For GET alone: repeated on failures that pass."""
        return self._client("reads", self._patience.read_seconds, self._patience.read_retries)

    @property
    def writes(self) -> OpenAI:
        """For everything that changes something. Each call is one request, and none leaves late."""
        return self._client("writes", self._patience.write_seconds, 0, total=True)

    @property
    def uploads(self) -> OpenAI:
        """For file contents: one request a call, with all the time a slow line needs."""
        return self._client("uploads", self._patience.upload_seconds, 0)

    @property
    def answers(self) -> OpenAI:
        """For questions to models, from any thread: one request a call, with all the time a long answer needs."""
        return self._client("answers", self._patience.answer_seconds, 0)

    def _client(self, kind: str, seconds: float, retries: int, *, total: bool = False) -> OpenAI:
        if self._connection.refusal is not None:
            raise NotAllowed(self._connection.refusal)
        with self._making:
            if kind not in self._made:
                self._made[kind] = _make_client(self._connection, seconds, retries, total)
            return self._made[kind]


def _close(made: dict[str, OpenAI]) -> None:
    while made:
        made.popitem()[1].close()


def _make_client(connection: Connection, seconds: float, retries: int, total: bool) -> OpenAI:
    # The SDK and its HTTP library cost 400 to 800 ms to import; only a remote use pays it.
    import httpx2
    from openai import OpenAI

    limits = httpx2.Timeout(seconds, connect=CONNECT_SECONDS)
    # Nothing from the environment but what the connection says: no proxies, no .netrc. A redirect is not followed,
    # since it would carry the key along and turn a POST into a GET.
    http = httpx2.Client(
        timeout=limits,
        trust_env=False,
        follow_redirects=False,
        proxy=connection.proxy,
        verify=_certificates(connection.ca_file),
        event_hooks={"request": [_outgoing(connection, seconds if total else None)]},
    )
    return OpenAI(
        api_key=connection.api_key or "",
        base_url=connection.base_url,
        max_retries=retries,
        timeout=limits,
        http_client=http,
    )


@cache
def _certificates(ca_file: str | None) -> ssl.SSLContext:
    """Whom to trust: read once for all clients of this process, since it costs 35 ms."""
    import ssl

    import httpx2

    if ca_file is None:
        return httpx2.create_ssl_context(trust_env=False)

    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = error.strerror or "it is no file of certificates"
        raise NotAllowed(
            "Unusable certificates",
            detail=f"SSL_CERT_FILE names {ca_file!r}, which cannot be used: {why}.",
            advice="Correct SSL_CERT_FILE, or unset it.",
        ) from error


def _outgoing(connection: Connection, total: float | None) -> Callable[[httpx2.Request], None]:
    """A last look at each request: only headers we know, our own identity, and a deadline for the whole of it."""

    def prepare(request: httpx2.Request) -> None:
        # The SDK adds headers from OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and OPENAI_PROJECT_ID by itself.
        for name in list(request.headers):
            if name not in _OUR_HEADERS and not name.startswith("x-stainless-"):
                del request.headers[name]
        request.headers["Authorization"] = f"Bearer {connection.api_key}"
        if connection.organization:
            request.headers["OpenAI-Organization"] = connection.organization
        if connection.project:
            request.headers["OpenAI-Project"] = connection.project
        if total is not None:
            request.extensions["trace"] = _deadline(request, total)

    return prepare


def _deadline(request: httpx2.Request, seconds: float) -> Callable[[str, Any], None]:
    """Ends the request when its whole time is over. The HTTP library's own timeouts are per read and per write, and
    looking a name up has none: without this, a POST could leave long after it was given up as lost."""
    import httpx2

    ends = time.monotonic() + seconds

    def check(event: str, _info: Any) -> None:
        if not event.endswith(".started") or "close" in event:
            return
        left = ends - time.monotonic()
        if left <= 0:
            raise httpx2.WriteTimeout("the time for this request is over", request=request)
        limits = request.extensions.get("timeout", {})
        request.extensions["timeout"].update({name: min(limit or left, left) for name, limit in limits.items()})

    return check
