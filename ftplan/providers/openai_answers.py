"""Answers of the service as plain JSON: objects, pages, and what says that something is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ftplan.providers.openai_failures import says_gone
from ftplan.providers.openai_wire import own_id


def body_of(answer: Any) -> Mapping[str, Any]:
    """The JSON object in an answer. Read here and not by the SDK, which takes an HTML page for an answer."""
    body = answer.http_response.json()
    if not isinstance(body, dict):
        raise ValueError("no JSON object")
    return body


def unless_gone(ask: Callable[[], Any]) -> Mapping[str, Any] | None:
    """The body of the answer, None where the service itself says that there is no such thing."""
    try:
        return body_of(ask())
    except Exception as error:
        if not says_gone(error):
            raise
        return None


def pages(ask: Callable[[dict[str, Any]], Any]) -> Iterator[Mapping[str, Any]]:
    """The rows of every page. Half a list must not pass for a whole one: anything odd raises ValueError."""
    after: dict[str, Any] = {}
    seen: set[str] = set()
    while True:
        page = body_of(ask(after))
        rows = rows_of(page)
        yield from rows
        if not rows or not page.get("has_more"):
            return
        last = own_id(rows[-1])
        if last in seen:
            raise ValueError("the list goes round in circles")
        seen.add(last)
        after = {"after": last}


def rows_of(page: Mapping[str, Any]) -> list[Any]:
    """The rows of one page. Raises ValueError where it has no list of them."""
    rows = page.get("data")
    if not isinstance(rows, list):
        raise ValueError("no list")
    return rows


def is_deleted(body: Mapping[str, Any] | None) -> bool:
    """What the answer to a deletion says, None being that it was gone. Raises ValueError where it does not say."""
    if body is not None and body.get("deleted") is not True:
        raise ValueError("it does not say that it was deleted")
    return body is not None
