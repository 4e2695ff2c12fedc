"""Where a state over HTTP is, and what proves who asks: from the environment first, and the password from there alone.

A pull request can change the YAML. So where the environment names the address, nothing that the YAML says of addresses
and methods counts: with a password, any of them could be another deed at the same host. And where it does not, a
password is sent only to a host that never leaves this machine, or that is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ftplan.core.hosts import is_loopback
from ftplan.errors import Place, Problem

ALLOWED_HOSTS = "FTPLAN_ALLOWED_HOSTS"
ADDRESSES = ("address", "lock_address", "unlock_address")
METHODS = ("lock_method", "unlock_method")
SETTINGS = (*ADDRESSES, *METHODS)
USERNAME, PASSWORD = "FTPLAN_HTTP_USERNAME", "FTPLAN_HTTP_PASSWORD"
_VARIABLES = {
    "address": "FTPLAN_HTTP_ADDRESS",
    "lock_address": "FTPLAN_HTTP_LOCK_ADDRESS",
    "unlock_address": "FTPLAN_HTTP_UNLOCK_ADDRESS",
    "lock_method": "FTPLAN_HTTP_LOCK_METHOD",
    "unlock_method": "FTPLAN_HTTP_UNLOCK_METHOD",
}
# GitLab locks beside the state, by methods that every proxy lets through.
_GITLAB = re.compile(r".*/api/v4/projects/[^/]+/terraform/state/[^/]+")
_METHOD = re.compile(r"[A-Z]{3,20}")
_URL = re.compile(r"https?://[\x21-\x5b\x5d-\x7e]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HttpPlace:
    """Addresses and methods of one state. `refusal` says why nothing may be asked there: it is raised at the first
    request, as `ConfigError`, so that what needs no state works without. Its repr hides who asks."""

    address: str
    lock_address: str
    unlock_address: str
    lock_method: str = "LOCK"
    unlock_method: str = "UNLOCK"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    refusal: tuple[Problem, ...] = ()

    @property
    def shown(self) -> str:
        """The address without what may be a secret in it."""
        parts = _parts(self.address)
        shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) if parts else ""
        return shown or "the state over HTTP"


def http_place(
    settings: Mapping[str, Any], environ: Mapping[str, str], places: Mapping[str, Place] | None = None
) -> HttpPlace:
    """What `state: {backend: http, ...}` and the environment say; `places` is where the former stands. What is wrong
    with it, all of it, is in its refusal."""
    said = _Said.of(settings, environ, places or {})
    problems = (*said.unknown(settings), *said.wrong_addresses(environ), *said.wrong_methods(), *said.wrong_user())
    return replace(said.place, refusal=problems)


@dataclass(frozen=True, slots=True)
class _Said:
    """What counts: the `place` that it makes, the addresses that are `given` and do not follow from others, and where a
    setting stands that is the YAML's."""

    place: HttpPlace
    given: tuple[str, ...]
    places: Mapping[str, Place]

    @classmethod
    def of(cls, settings: Mapping[str, Any], environ: Mapping[str, str], places: Mapping[str, Place]) -> _Said:
        own = {name: environ.get(variable, "").strip() for name, variable in _VARIABLES.items()}
        declared = {} if own["address"] else {name: str(settings[name]) for name in SETTINGS if settings.get(name)}
        said = {name: own[name] or declared.get(name, "") for name in SETTINGS}
        parts = _parts(said["address"])
        gitlab = parts is not None and not parts.query and _GITLAB.fullmatch(parts.path) is not None
        lock = said["lock_address"] or said["address"] + ("/lock" if gitlab else "")
        place = HttpPlace(
            said["address"],
            lock,
            said["unlock_address"] or lock,
            (said["lock_method"] or ("POST" if gitlab else "LOCK")).upper(),
            (said["unlock_method"] or ("DELETE" if gitlab else "UNLOCK")).upper(),
            environ.get(USERNAME, ""),
            environ.get(PASSWORD, ""),
        )
        counted = {name: at for name, at in places.items() if not own.get(name)}
        return cls(place, tuple(name for name in ADDRESSES if said[name]), counted)

    def problem(self, name: str, summary: str, detail: str, advice: str = "", command: str = "") -> Problem:
        """A problem with the setting `name`, at its place where the YAML says it."""
        return Problem(summary, detail, self.places.get(name), advice, command)

    def unknown(self, settings: Mapping[str, Any]) -> list[Problem]:
        wrong = sorted(set(settings) - {*SETTINGS, "path"})
        takes = f"A state over HTTP takes {', '.join(SETTINGS)}."
        return [self.problem("", "Unknown key", f"state has a key {name!r}. {takes}") for name in wrong]

    def wrong_addresses(self, environ: Mapping[str, str]) -> list[Problem]:
        if not self.place.address:
            advice = f"Write it in the YAML, or set {_VARIABLES['address']}."
            return [self.problem("", "No address", "A state over HTTP needs an address.", advice)]
        found = (self._wrong_address(name, environ) for name in self.given)
        return [problem for problem in found if problem is not None]

    def _wrong_address(self, name: str, environ: Mapping[str, str]) -> Problem | None:
        parts = _parts(getattr(self.place, name))
        if parts is None or parts.fragment or "@" in parts.netloc:
            detail = f"The {name} of the state is no plain http(s) address: it takes no user, fragment or space."
            return self.problem(name, "Bad address", detail, f"Who asks is said by {USERNAME} and {PASSWORD}.")
        host = parts.hostname or ""
        if parts.scheme == "http" and not is_loopback(host):
            detail = f"The {name} is at http://{parts.netloc}: what is sent there could be read and changed on the way."
            return self.problem(name, "Unencrypted address", detail, "Use https.")
        if not (self.place.username or self.place.password) or is_loopback(host) or _is_trusted(parts, environ):
            return None
        return self.problem(
            name,
            "Host not allowed",
            f"The YAML has the {name} of the state at {host}. A password is not sent to a host that only the YAML "
            "names: whoever can change the YAML could collect it.",
            f"Name the address in your own environment ({_VARIABLES['address']}), or allow the host there:",
            f"export {ALLOWED_HOSTS}={host}",
        )

    def wrong_methods(self) -> list[Problem]:
        wrong = [name for name in METHODS if not _METHOD.fullmatch(getattr(self.place, name))]
        return [
            self.problem(name, "Bad method", f"The {name} of the state is an HTTP method such as LOCK or POST.")
            for name in wrong
        ]

    def wrong_user(self) -> list[Problem]:
        if ":" not in self.place.username:
            return []
        # RFC 7617: the first colon ends the name, and what follows would be taken for the password.
        return [Problem("Unusable user name", f"What {USERNAME} holds contains a colon, which no user name may.")]


def _is_trusted(parts: SplitResult, environ: Mapping[str, str]) -> bool:
    """Whether the environment names this host, as one of its addresses or as allowed."""
    named = (_parts(environ.get(_VARIABLES[name], "").strip()) for name in ADDRESSES)
    hosts = {one.netloc.lower() for one in named if one is not None}
    allowed = {word.strip().lower() for word in environ.get(ALLOWED_HOSTS, "").split(",")} - {""}
    return parts.netloc.lower() in hosts | allowed or (parts.hostname or "") in allowed


def _parts(url: str) -> SplitResult | None:
    """The URL taken apart; None where it is not an absolute http(s) URL with a host, in ASCII."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if _URL.fullmatch(url) and parts.hostname else None
