"""What the run of a pipeline says of itself in its environment: the code host, the token, the request, the commit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ftplan.cli.ci.forge import Forge
from ftplan.cli.ci.github import GitHub
from ftplan.cli.ci.gitlab import GitLab
from ftplan.cli.ci.host import Host, api_address
from ftplan.errors import Problem, UsageError

HostName = Literal["github", "gitlab"]
HOSTS: tuple[HostName, ...] = ("github", "gitlab")
_LARGEST_EVENT = 32 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_PROJECT = re.compile(r"[\w./-]+", re.ASCII)
_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Run:
    """One run: where it comments, on which request, about which commit. The last two are None and empty where the run
    does not say."""

    forge: Forge
    number: int | None = None
    head: str = ""
    commit: str = ""


def read_run(environ: Mapping[str, str], host: str | None, *, spoken: bool = True) -> Run:
    """The run that `environ` describes, at `host` where it is given. `spoken` needs a token. Raises `UsageError` for
    what is missing or makes no sense."""
    match _host_name(environ, host):
        case "github":
            return _github(environ, spoken)
        case "gitlab":
            return _gitlab(environ, spoken)


def commit_of(text: str, source: str) -> str:
    """`text`, which `source` gives, as a whole commit id. Raises `UsageError` for anything else."""
    if not _COMMIT.fullmatch(text):
        raise UsageError(
            "Not a commit", detail=f"{source} is {text[:80]!r}; a whole commit id in lower case is needed."
        )
    return text


def _host_name(environ: Mapping[str, str], host: str | None) -> HostName:
    marks: dict[HostName, str] = {"github": "GITHUB_ACTIONS", "gitlab": "GITLAB_CI"}
    found = [name for name, mark in marks.items() if environ.get(mark, "").lower() == "true"]
    for name in HOSTS:
        if host == name or (host is None and found == [name]):
            return name
    raise UsageError(
        "Which code host?",
        detail="Neither GITHUB_ACTIONS nor GITLAB_CI says that this is a run of theirs, or both do.",
        advice="Name it with -host=github or -host=gitlab.",
    )


def _github(environ: Mapping[str, str], spoken: bool) -> Run:
    token = _token(environ, "GITHUB_TOKEN", "In a step: env: {GITHUB_TOKEN: ${{ github.token }}}.") if spoken else ""
    url = api_address("GITHUB_API_URL", environ.get("GITHUB_API_URL") or "https://api.github.com")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    repository = _word(environ, "GITHUB_REPOSITORY", _REPOSITORY)
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    pull = event.get("pull_request")
    number, head = None, ""
    if isinstance(pull, dict) and isinstance(pull.get("number"), int):
        number = pull["number"]
        told = pull.get("head")
        # GITHUB_SHA is the merge that was tried, not what was pushed.
        head = str(told.get("sha", "")) if isinstance(told, dict) else ""
    forge = GitHub(Host(url, "Authorization", f"Bearer {token}", headers), repository)
    return Run(forge, number, head, environ.get("GITHUB_SHA", ""))


def _gitlab(environ: Mapping[str, str], spoken: bool) -> Run:
    advice = "Make an access token of the project (scope api, role Reporter), and keep it as a masked CI/CD variable."
    if environ.get("CI_JOB_TOKEN"):
        advice += " CI_JOB_TOKEN is there, but GitLab lets it write no notes."
    token = _token(environ, "GITLAB_TOKEN", advice) if spoken else ""
    url = api_address("CI_API_V4_URL", environ.get("CI_API_V4_URL") or "https://gitlab.com/api/v4")
    project = _word(environ, "CI_PROJECT_ID", _PROJECT)
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    # Where the merge is tried beforehand, CI_COMMIT_SHA is that merge, and this what was pushed.
    head = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", "")
    forge = GitLab(Host(url, "PRIVATE-TOKEN", token), project)
    return Run(forge, int(number) if number.isdecimal() else None, head, environ.get("CI_COMMIT_SHA", ""))


def _token(environ: Mapping[str, str], name: str, advice: str) -> str:
    token = environ.get(name, "").strip()
    if not token:
        raise UsageError(Problem("No token", f"{name} is not set.", advice=advice))
    if not _SECRET.fullmatch(token):
        raise UsageError(Problem("Unusable token", f"{name} holds blanks or characters that no token has."))
    return token


def _word(environ: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    text = environ.get(name, "")
    if not pattern.fullmatch(text) or ".." in text:
        detail = f"{name} is {text[:80]!r}." if text else f"{name} is not set."
        raise UsageError(Problem("Which repository?", detail, advice="It is set in every run of a pipeline."))
    return text


def _event(path: str) -> dict[str, Any]:
    """What started the run; nothing where that is not told."""
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            document = json.loads(file.read(_LARGEST_EVENT))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("Event cannot be read", detail=f"GITHUB_EVENT_PATH, {path}: {error}.") from None
    return document if isinstance(document, dict) else {}
