"""The manners of the wire: ids, pages, blobs, the error envelope, and how a plain function becomes an endpoint."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import string
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

Json = dict[str, Any]
_LETTERS = string.ascii_letters + string.digits
_PIECE = 64 * 1024


class WireError(Exception):
    """An answer that is an error: its status and what stands in the envelope."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, kind: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {
            "message": message,
            "type": kind or ("server_error" if status >= 500 else "invalid_request_error"),
            "param": param,
            "code": code,
        }

    def answer(self) -> Response:
        return JSONResponse({"error": self.error}, status_code=self.status)


def bad_request(message: str, param: str | None = None, code: str | None = None) -> WireError:
    """A 400 that names the parameter at fault."""
    return WireError(400, message, param=param, code=code)


def not_found(message: str, param: str | None = None, code: str | None = None) -> WireError:
    """A 404."""
    return WireError(404, message, param=param, code=code)


def fresh_id(prefix: str, length: int = 24) -> str:
    """A new random id."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def derived_id(prefix: str, *parts: object, length: int = 24) -> str:
    """The same id for the same parts: what is written twice (a fit taken up again) is then written once."""
    number = int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return prefix + "".join(letters)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the endpoints see it: names in the path, the query, the JSON body (None when empty)."""

    params: Mapping[str, str]
    query: QueryParams
    body: Any

    def json_object(self) -> Json:
        if not isinstance(self.body, dict):
            raise bad_request("The body of this request must be a JSON object.")
        return self.body

    def limit(self, default: int, largest: int) -> int:
        """``limit`` of the query; a number past the largest is cut to it."""
        text = self.query.get("limit", str(default))
        if not text.isdecimal() or int(text) < 1:
            raise bad_request(f"'limit' must be a whole number of at least 1, not {text[:40]!r}.", "limit")
        return min(int(text), largest)


class BlobAnswer(Response):
    """The bytes of a blob, a piece at a time; a 404 when the blob is gone by then."""

    media_type = "application/octet-stream"

    def __init__(self, blob: Path) -> None:
        super().__init__()
        self._blob = blob

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Opened and closed by plain calls. Starlette's FileResponse awaits a thread for both, and a request that is
        # cancelled while it waits (the client or the server leaves) loses the file it was about to be handed.
        try:
            source = self._blob.open("rb")
        except FileNotFoundError:
            raise not_found(f"No such File object: {self._blob.name[:80]}", "id") from None
        with source:
            self.headers["content-length"] = str(os.fstat(source.fileno()).st_size)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            request = Request(scope, receive)
            while (piece := source.read(_PIECE)) and not await request.is_disconnected():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def endpoint(work: Callable[[Call], Json | Response]) -> Callable[[Request], Awaitable[Response]]:
    """An async endpoint that reads the JSON body, works in a thread (SQLite blocks) and answers."""

    async def answer(request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else None
        except ValueError as error:
            raise bad_request("We could not parse the JSON body of your request.") from error
        result = await run_in_threadpool(work, Call(request.path_params, request.query_params, body))
        return result if isinstance(result, Response) else JSONResponse(result)

    return answer


def page(things: Iterable[Json], call: Call, *, default: int, largest: int) -> Json:
    """One page of ``things`` (in answer order, each with an ``id``), after the cursor; later pages are not touched."""
    limit, after = call.limit(default, largest), call.query.get("after")
    rest = iter(things)
    if after and not any(thing["id"] == after for thing in rest):
        raise bad_request(f"There is nothing called {after[:80]!r} to list after.", "after")
    data: list[Json] = []
    has_more = False
    for thing in rest:
        if len(data) == limit:
            has_more = True
            break
        data.append(thing)
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return {"object": "list", "data": data, **ends, "has_more": has_more}
