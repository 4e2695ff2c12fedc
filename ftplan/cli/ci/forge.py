"""What is asked of a code host, whichever it is, and its refusals in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ftplan.cli.ci.host import Answer, Call, Host
from ftplan.errors import FtplanError, Problem

MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a request. `author` is unique at its host."""

    id: int
    author: str
    body: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """A request that was merged, with the last commit that was pushed to it."""

    number: int
    head: str
    url: str = ""


class Forge(Protocol):
    """A code host. `request_word` is what it calls a request to merge; `longest` is what a comment may have."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> Host: ...
    @property
    def request_word(self) -> str: ...
    @property
    def longest(self) -> int: ...

    def own_name(self) -> str:
        """Who comments by this token are from."""

    def comments(self, number: int) -> list[Comment]:
        """Every comment on the request, oldest first."""

    def creating(self, number: int, body: str) -> Call:
        """The call that posts a comment."""

    def updating(self, number: int, comment: Comment, body: str) -> Call:
        """The call that gives a comment another text."""

    def send(self, call: Call) -> Comment:
        """Carries out one of these two."""

    def merged_as(self, commit: str) -> list[Merged]:
        """The requests that `commit` came into its branch by."""


def asked(host: Host, call: Call, hints: Mapping[int, str], *, unless: int = 0) -> Answer:
    """The answer to `call` where it is a good one, or has the status `unless`. Raises `FtplanError` in words for any
    other; `hints` say what to do, by status."""
    answer = host.ask(call)
    if 200 <= answer.status < 300 or (answer.status == unless and not _is_rate_limit(answer)):
        return answer
    raise FtplanError(_refusal(host, call, answer, hints))


def pages(host: Host, call: Call, hints: Mapping[int, str], size: int) -> list[Any]:
    """All items of a list that comes in pages. They are counted here: no address that an answer names is followed."""
    found: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        paged = Call(call.method, call.path, {**call.query, "per_page": str(size), "page": str(page)})
        answer = asked(host, paged, hints)
        if not isinstance(answer.document, list):
            raise unreadable(host, paged)
        found += answer.document
        if not _goes_on(answer.headers):
            return found
    detail = f"{host.address(call)} has more than {MOST_PAGES * size:,} items."
    raise FtplanError("Too many comments", detail=detail, advice="Open a new request for the same branch.")


def text_of(document: Any, key: str) -> str:
    """The text under `key`; empty where there is none."""
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""


def unreadable(host: Host, call: Call) -> FtplanError:
    """What to raise for an answer of another shape than the API's description gives it."""
    detail = f"{call.method} {host.address(call)} was answered in a shape that its API does not have."
    return FtplanError("Not the answer of a code host", detail=detail, advice="Check the address of the API.")


def _goes_on(headers: Mapping[str, str]) -> bool:
    return bool(headers.get("x-next-page", "").strip()) or 'rel="next"' in headers.get("link", "")


def _refusal(host: Host, call: Call, answer: Answer, hints: Mapping[int, str]) -> Problem:
    told = host.without_token(_message(answer.document))
    where = f"{call.method} {host.address(call)}: {answer.status}{f', {told}' if told else ''}."
    if _is_rate_limit(answer):
        wait = answer.headers.get("retry-after", "")
        when = f" It wants to be asked again in {wait} seconds." if wait.isdigit() else ""
        return Problem("Too many requests", where + when, advice="Run the job again later.")
    match answer.status:
        case 401:
            return Problem("Token not accepted", where, advice=hints.get(401, ""))
        case 403:
            return Problem("Token lacks a permission", where, advice=hints.get(403, ""))
        case 404:
            return Problem("Not found, or not shown to this token", where, advice=hints.get(404, ""))
        case 301 | 302 | 303 | 307 | 308:
            moved = "The address was moved, and ftplan takes the token nowhere else: was the repository renamed?"
            return Problem("Redirect not followed", f"{where} {moved}")
        case 400 | 422:
            return Problem("Comment refused", where, advice=hints.get(422, ""))
        case _:
            return Problem("Code host failed", where, advice="Run the job again: an earlier comment is updated.")


def _is_rate_limit(answer: Answer) -> bool:
    # GitHub answers 403 to both limits of its own: the primary names no calls left, the secondary when to come again.
    spent = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return answer.status == 429 or (answer.status == 403 and spent)


def _message(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    told = document.get("message") or document.get("error") or ""
    more = [error.get("message", "") for error in document.get("errors") or () if isinstance(error, dict)]
    return "; ".join(str(text).rstrip(".") for text in (told, *more) if text)[:400]
