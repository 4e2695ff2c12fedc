"""What every request passes: a request id, the journal, the key, and the faults that tests ordered."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ftplan.sandbox.faults import Faults
from ftplan.sandbox.journal import Journal
from ftplan.sandbox.wire import Json, WireError

_NOTED_HEADERS = ("idempotency-key", "x-stainless-retry-count", "user-agent")
_CUT = "sandbox.cut"  # our own message: this request ends without an answer
# Cuts the connection of the client with this address.
Cut = Callable[[tuple[str, int]], None]


class Gate:
    """ASGI middleware around the endpoints. Requests to /_sandbox need no key, meet no fault and are not noted."""

    def __init__(self, app: ASGIApp, faults: Faults, journal: Journal, cut: Cut) -> None:
        self._app, self._faults, self._journal, self._cut = app, faults, journal, cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request_id = f"req_{uuid.uuid4().hex}"

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        if not scope["path"].startswith("/v1"):
            await self._app(scope, receive, send_with_id)
            return
        rule = await run_in_threadpool(self._faults.take_action, scope["method"], scope["path"])
        await self._pass(scope, receive, self._noted(scope, request_id, rule, send_with_id), rule or {})

    def _noted(self, scope: Scope, request_id: str, rule: Json | None, send: Send) -> Send:
        """Writes the request down before its answer begins: who has the answer can count on the entry."""
        headers = Headers(scope=scope)
        entry: Json = {
            "at": time.time(),
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "request_id": request_id,
            "fault": rule["action"] if rule else None,
            **{name.replace("-", "_"): headers.get(name) for name in _NOTED_HEADERS},
        }

        async def send_noted(message: Message) -> None:
            if "status" in message:
                await run_in_threadpool(self._journal.note, {**entry, "status": message["status"]})
            if message["type"] != _CUT:
                await send(message)

        return send_noted

    async def _pass(self, scope: Scope, receive: Receive, send: Send, rule: Json) -> None:
        match rule.get("action"):
            case "drop":
                await _drain(receive)
                await self._hang_up(scope, send, None)
            case "lost_answer":
                await self._hang_up(scope, send, await self._processed(scope, receive))
            case "status":
                if rule.get("before", True):
                    await _drain(receive)
                else:
                    await self._processed(scope, receive)
                await _ordered_answer(rule)(scope, receive, send)
            case "delay":
                await asyncio.sleep(float(rule["seconds"]))
                await self._open(scope, receive, send)
            case _:
                await self._open(scope, receive, send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        refusal = None
        if scheme.lower() != "bearer" or not key.strip():
            refusal = "You did not give an API key (Authorization: Bearer KEY)."
        elif key == "invalid" or key.startswith("bad-"):
            refusal = "Incorrect API key provided."
        if refusal is None:
            await self._app(scope, receive, send)
            return
        await _drain(receive)
        await WireError(401, refusal, code="invalid_api_key").answer()(scope, receive, send)

    async def _processed(self, scope: Scope, receive: Receive) -> int:
        """Serves the request and keeps the answer to itself; gives the status it would have had."""
        statuses = [500]

        async def swallow(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self._open(scope, receive, swallow)
        return statuses[-1]

    async def _hang_up(self, scope: Scope, send: Send, status: int | None) -> None:
        await send({"type": _CUT, "status": status})
        self._cut(tuple(scope["client"]))
        await asyncio.sleep(0)  # the connection is lost in the next round of the loop; then uvicorn expects no answer
        await asyncio.sleep(0)


async def _drain(receive: Receive) -> None:
    """Reads the request to its end: a client that is still sending would see a broken pipe and not our answer."""
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def _ordered_answer(rule: Json) -> Response:
    if "body" in rule:
        answer = Response(str(rule["body"]), status_code=rule["status"], media_type="text/html")
    else:
        text = rule.get("message", "An error that was ordered from the sandbox.")
        answer = WireError(rule["status"], text, code=rule.get("code")).answer()
    for name, value in (rule.get("headers") or {}).items():
        answer.headers[name] = str(value)
    return answer
