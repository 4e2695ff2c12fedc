"""GitHub and GitLab on loopback: just enough of both published APIs for the comments on a request, with authors, pages,
rights, and refusals."""

from __future__ import annotations

import json
import re
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY, PROJECT = "acme/bots", "42"
LONGEST = {"github": 65_536, "gitlab": 1_000_000}
# Tokens made to be looked for in whatever is printed.
BOT, ANN, READER = "ghs-canary-of-the-run", "pat-canary-of-ann", "pat-canary-of-a-reader"
JOB = "job-canary-of-the-run"
_GITHUB, _GITLAB = "/github/api/v3", "/gitlab/api/v4"


@dataclass(frozen=True, slots=True)
class User:
    """Whose token it is. An `app` is no user: REST does not tell it who it is."""

    login: str
    writes: bool = True
    app: bool = False


USERS = {BOT: User("github-actions[bot]", app=True), ANN: User("ann"), READER: User("reader", writes=False)}


@dataclass(slots=True)
class Request:
    """A pull or merge request; `merged_as` is the commit it was merged by."""

    head: str
    merged_as: str = ""
    way: str = "merge"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered instead, once."""

    status: int
    document: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Forge:
    """What the code host keeps. `page` is the most items that a page has."""

    url: str = ""
    page: int = 100
    requests: dict[int, Request] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    states: dict[str, bytes] = field(default_factory=dict)
    locks: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def github(self) -> dict[str, str]:
        """The environment of a run at GitHub, but for its event."""
        return {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": self.url + _GITHUB, "GITHUB_REPOSITORY": REPOSITORY}

    @property
    def gitlab(self) -> dict[str, str]:
        """The environment of a run at GitLab, but for its request."""
        return {"GITLAB_CI": "true", "CI_API_V4_URL": self.url + _GITLAB, "CI_PROJECT_ID": PROJECT}

    def say(self, login: str, body: str, number: int = 7) -> None:
        """Somebody comments by hand."""
        self.comments.append({"id": 100 + len(self.comments), "by": login, "body": body, "on": number})

    def bodies(self, number: int = 7) -> list[str]:
        return [comment["body"] for comment in self.comments if comment["on"] == number]

    def written(self) -> list[str]:
        """The methods of the requests that changed something, oldest first."""
        return [method for method, path in self.asked if method != "GET" and "graphql" not in path]


@contextmanager
def forge(certificate: Path | None = None) -> Iterator[Forge]:
    """One with an open request, number 7, and no comments; over TLS by a `certificate`, where one is given."""
    kept = Forge(requests={7: Request("a" * 40)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"kept": kept}))
    kept.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
    if certificate is not None:
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown.load_cert_chain(certificate)
        server.socket = shown.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate(folder: Path) -> Path:
    """A file with a certificate for this machine that nobody vouches for, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now, here = datetime.now(timezone.utc), x509.IPAddress(ip_address("127.0.0.1"))
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    signed = made.add_extension(x509.SubjectAlternativeName([here]), critical=True).sign(key, hashes.SHA256())
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "impostor.pem"
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    with file.open("ab") as opened:
        opened.write(key.private_bytes(serialization.Encoding.PEM, *plain))
    return file


class _Answers(BaseHTTPRequestHandler):
    kept: ClassVar[Forge]

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _answer(self) -> None:
        self.kept.asked.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.kept.refusals:
            refused = self.kept.refusals.pop(0)
            self._send(refused.status, refused.document, refused.headers)
            return
        parts = urlsplit(self.path)
        if found := re.fullmatch(_STATE, parts.path):
            self._send(*_kept(self.kept, self.command, found, self.headers.get("Authorization", ""), body, parts.query))
            return
        user = USERS.get(self._token())
        if user is None:
            self._send(401, {"message": "Bad credentials" if parts.path.startswith(_GITHUB) else "401 Unauthorized"})
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        for method, pattern, given in ROUTES:
            found = re.fullmatch(pattern, unquote(parts.path))
            if found and method == self.command:
                status, document = given(self.kept, user, found, json.loads(body) if body else {})
                self._paged(status, document, query, parts.path)
                return
        self._send(404, {"message": "Not Found"})

    def _token(self) -> str:
        if self.path.startswith(_GITHUB.removesuffix("/v3")):
            return self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.headers.get("PRIVATE-TOKEN", "")

    def _paged(self, status: int, document: Any, query: dict[str, str], path: str) -> None:
        if not isinstance(document, list):
            self._send(status, document)
            return
        size, page = min(int(query.get("per_page", 30)), self.kept.page), int(query.get("page", 1))
        more = len(document) > page * size
        if path.startswith(_GITHUB):
            headers = {"Link": f'<{self.kept.url}{path}?page={page + 1}>; rel="next"'} if more else {}
        else:
            headers = {"X-Next-Page": str(page + 1) if more else ""}
        self._send(status, document[(page - 1) * size : page * size], headers)

    def _send(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test says what it looks at."""


Answered = tuple[int, Any]
Route = Callable[[Forge, User, "re.Match[str]", dict[str, Any]], Answered]


def _user(kept: Forge, user: User, found: re.Match[str], body: dict[str, Any]) -> Answered:
    if user.app:
        return 403, {"message": "Resource not accessible by integration"}
    return 200, {"login": user.login, "username": user.login}


def _viewer(kept: Forge, user: User, found: re.Match[str], body: dict[str, Any]) -> Answered:
    assert body == {"query": "{viewer{login}}"}
    return 200, {"data": {"viewer": {"login": user.login}}}


def _list(kept: Forge, user: User, found: re.Match[str], body: dict[str, Any]) -> Answered:
    number = int(found["number"])
    if number not in kept.requests:
        return 404, {"message": "Not Found"}
    return 200, [_shown(kept, one, found) for one in kept.comments if one["on"] == number]


def _write(kept: Forge, user: User, found: re.Match[str], body: dict[str, Any]) -> Answered:
    host = "github" if found.string.startswith(_GITHUB) else "gitlab"
    if not user.writes:
        return 403, {"message": "Resource not accessible by integration" if host == "github" else "403 Forbidden"}
    if len(body["body"]) > LONGEST[host]:
        too_long = {"resource": "IssueComment", "message": f"body is too long (maximum is {LONGEST[host]} characters)"}
        return (422, {"message": "Validation Failed", "errors": [too_long]}) if host == "github" else (400, {})
    if "id" in found.groupdict():
        one = next(one for one in kept.comments if one["id"] == int(found["id"]))
        assert one["by"] == user.login, "only an own comment may be written anew"
        one["body"] = body["body"]
        return 200, _shown(kept, one, found)
    kept.say(user.login, body["body"], int(found["number"]))
    return 201, _shown(kept, kept.comments[-1], found)


def _merged(kept: Forge, user: User, found: re.Match[str], body: dict[str, Any]) -> Answered:
    sha, github = found["sha"], found.string.startswith(_GITHUB)
    known = [(n, one) for n, one in kept.requests.items() if sha in (one.merged_as, one.head)]
    return 200, [_pull(n, one) if github else _merge_request(n, one) for n, one in known]


def _shown(kept: Forge, one: dict[str, Any], found: re.Match[str]) -> dict[str, Any]:
    common = {"id": one["id"], "body": one["body"]}
    if found.string.startswith(_GITHUB):
        where = f"https://github.example/{REPOSITORY}/pull/{one['on']}#issuecomment-{one['id']}"
        return {**common, "html_url": where, "user": {"login": one["by"]}}
    return {**common, "system": False, "author": {"username": one["by"]}}


def _pull(number: int, one: Request) -> dict[str, Any]:
    merged = {"merged_at": "2026-11-22T10:00:00Z", "merge_commit_sha": one.merged_as}
    open_one = {"merged_at": None, "merge_commit_sha": None}
    return {"number": number, "head": {"sha": one.head}, **(merged if one.merged_as else open_one)}


def _merge_request(number: int, one: Request) -> dict[str, Any]:
    shas = {"merge_commit_sha": None, "squash_commit_sha": None}
    if one.way != "fast-forward":
        shas[f"{one.way}_commit_sha"] = one.merged_as
    return {"iid": number, "sha": one.head, "state": "merged" if one.merged_as else "opened", **shas}


def _kept(kept: Forge, method: str, found: re.Match[str], login: str, body: bytes, query: str) -> Answered:
    """The state that GitLab keeps for Terraform: read, written under its lock, and locked; by the token of a job."""
    if login != "Basic " + b64encode(f"gitlab-ci-token:{JOB}".encode()).decode():
        return 401, {"message": "401 Unauthorized"}
    name, held = found["name"], kept.locks.get(found["name"])
    match method, bool(found["lock"]):
        case "POST", True:
            if held is not None:
                return 409, held
            kept.locks[name] = json.loads(body)
        case "DELETE", True:
            kept.locks.pop(name, None)
        case "GET", False:
            return (200, kept.states[name]) if name in kept.states else (404, b"")
        case "POST", False:
            if held is None or parse_qs(query).get("ID") != [held["ID"]]:
                return 409, held or {}
            kept.states[name] = body
        case _:
            return 405, {}
    return 200, b""


_STATE = rf"{_GITLAB}/projects/{PROJECT}/terraform/state/(?P<name>[\w-]+)(?P<lock>/lock)?"
_ISSUES = f"{_GITHUB}/repos/{REPOSITORY}/issues"
_NOTES = rf"{_GITLAB}/projects/{PROJECT}/merge_requests/(?P<number>\d+)/notes"
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", f"{_GITHUB}/user", _user),
    ("POST", _GITHUB.removesuffix("/v3") + "/graphql", _viewer),
    ("GET", rf"{_ISSUES}/(?P<number>\d+)/comments", _list),
    ("POST", rf"{_ISSUES}/(?P<number>\d+)/comments", _write),
    ("PATCH", rf"{_ISSUES}/comments/(?P<id>\d+)", _write),
    ("GET", rf"{_GITHUB}/repos/{REPOSITORY}/commits/(?P<sha>\w+)/pulls", _merged),
    ("GET", f"{_GITLAB}/user", _user),
    ("GET", _NOTES, _list),
    ("POST", _NOTES, _write),
    ("PUT", rf"{_NOTES}/(?P<id>\d+)", _write),
    ("GET", rf"{_GITLAB}/projects/{PROJECT}/repository/commits/(?P<sha>\w+)/merge_requests", _merged),
)
