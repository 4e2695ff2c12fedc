"""The one door to a code host's API. Requests go to one origin, verified and bounded, and follow no redirect."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

import ftplan
from ftplan.core.hosts import is_loopback
from ftplan.errors import FtplanError, Problem, UsageError

SECONDS = 30.0
LARGEST_ANSWER = 64 * 1024 * 1024
_LARGEST_REFUSAL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request, below the address of the API: `path` begins with a slash and is quoted already."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `document` is the JSON of it, None where it is none."""

    status: int
    document: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Host:
    """Where the API is, and the header that carries the token there."""

    url: str
    token_header: str
    token: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def address(self, call: Call) -> str:
        """The whole address that `call` goes to. It holds no secret."""
        return f"{self.url}{call.path}" + (f"?{urlencode(call.query)}" if call.query else "")

    def ask(self, call: Call) -> Answer:
        """The answer, whatever its status. Raises `FtplanError` where there is none, or none that can be read."""
        body = None if call.body is None else json.dumps(call.body).encode()
        headers = {"Accept": "application/json", "User-Agent": f"ftplan/{ftplan.__version__}", **self.headers}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        request = urllib.request.Request(self.address(call), data=body, headers=headers, method=call.method)  # noqa: S310
        # Not among the headers that a redirect or a proxy's tunnel would be given.
        request.add_unredirected_header(self.token_header, self.token)
        try:
            with _opener().open(request, timeout=SECONDS) as answer:
                data = answer.read(LARGEST_ANSWER + 1)
                status, told = answer.status, answer.headers
        except urllib.error.HTTPError as error:
            with error:
                data = _read(error)
                status, told = error.code, error.headers
        except (OSError, HTTPException, ValueError) as error:
            raise self._unheard(call, error) from None
        return Answer(status, self._document(call, status, data), {name.lower(): text for name, text in told.items()})

    def without_token(self, text: str) -> str:
        """`text` with the token taken out, should a host ever repeat it."""
        return text.replace(self.token.removeprefix("Bearer "), "(the token)")

    def _document(self, call: Call, status: int, data: bytes) -> Any:
        try:
            if len(data) > LARGEST_ANSWER:
                raise ValueError(f"it has more than {LARGEST_ANSWER:,} bytes")
            return json.loads(data) if data else None
        except (ValueError, RecursionError) as error:
            if status >= 300:  # the status says enough: proxies refuse in HTML
                return None
            raise self._unheard(call, error) from None

    def _unheard(self, call: Call, error: Exception) -> FtplanError:
        reason = getattr(error, "reason", None) or error
        detail = f"{call.method} {self.address(call)}: {self.without_token(str(reason) or type(error).__name__)}."
        advice = "Run the job again: a comment that was posted after all is found, and updated."
        return FtplanError(Problem("No usable answer from the code host", detail, advice=advice))


def api_address(name: str, text: str) -> str:
    """`text`, the value of the variable `name`, as an address that a token may be sent to: https, or this machine.
    Raises `UsageError` for any other."""
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _unusable(name, text) from None
    plain = parts.username is None and not parts.query and not parts.fragment and text.strip().isprintable()
    if not plain or not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise _unusable(name, text)
    return parts.geturl()


def _unusable(name: str, text: str) -> UsageError:
    detail = f"{name} is {text[:200]!r}. The token is sent to https addresses alone, or to this machine."
    return UsageError("Unusable API address", detail=detail)


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the address that was asked is the one that the token is for."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    verified = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    return urllib.request.build_opener(verified, _Unmoved())


def _read(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(_LARGEST_REFUSAL)
    except (OSError, HTTPException):
        return b""
