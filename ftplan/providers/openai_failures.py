"""Failed exchanges as they are seen on the wire, before anybody says what they mean."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed exchange as it was seen. `status` is 0 where no usable answer came; `code` and `kind` are those of the
    service's own error envelope, empty where a proxy answered in its stead. `story` is one sentence or two."""

    status: int
    story: str
    code: str = ""
    kind: str = ""
    request_id: str = ""
    retry_after: float | None = None
    says_gone: bool = False
    was_sent: bool = False
    is_unsendable: bool = False

    @property
    def is_the_services_own(self) -> bool:
        return bool(self.code or self.kind)


def never_left(error: Exception) -> bool:
    """Whether nothing of a request can have reached the service: no connection was had."""
    cause = error.__cause__ or error
    return type(cause).__name__ in (
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
    )


def says_gone(error: Exception) -> bool:
    """True where the service itself says that there is no such thing. A 404 of a proxy, or of a wrong base_url, must
    not make a paid model look gone."""
    response = getattr(error, "response", None)
    if response is None or response.status_code != 404:
        return False
    envelope = envelope_of(response)
    return bool(envelope) and not str(envelope.get("message") or "").startswith("Invalid URL")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the service wants to be asked again, from Retry-After (RFC 9110) or its retry-after-ms."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return seconds if 0 <= seconds < 86_400 else None
    try:
        seconds = parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
    return max(0.0, seconds)


def envelope_of(response: Any) -> Mapping[str, Any]:
    """The `error` object of an answer in the service's own form; empty for anything else."""
    try:
        body = json.loads(response.content)
    except (ValueError, RuntimeError):  # RuntimeError: the body was never read
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def strange(response: Any) -> str:
    """What to say of an answer that is not the service's own: never its body, which may be a whole HTML page."""
    if 300 <= response.status_code < 400:
        return "a redirect, which is not followed, since it would carry the key to another place"
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip() or "an empty body"
    return f"not in the service's own form ({kind if len(kind) < 60 else 'unknown type'}); a proxy may have answered"
