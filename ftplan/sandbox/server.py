"""The sandbox as a web server, on loopback only: in this process, or in the foreground until a signal."""

from __future__ import annotations

import asyncio
import errno
import math
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ftplan.sandbox.app import Service

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
SPEED_VARIABLE = "FTPLAN_SANDBOX_SPEED"
_START_SECONDS = 30.0
_TICK_SECONDS = 0.1  # what uvicorn counts in: every tenth tick renews the Date header
Log = Callable[[str], None]


class RunningSandbox:
    """A sandbox that listens. Leave it with ``close`` or as a context."""

    def __init__(self, url: str, server: _Server, service: Service, thread: threading.Thread) -> None:
        self.url = url
        self._server, self._service, self._thread = server, service, thread

    @property
    def control_url(self) -> str:
        """Where faults are ordered and the journal is read: ``{control_url}/faults``, ``{control_url}/requests``."""
        return self.url.removesuffix("/v1") + "/_sandbox"

    def close(self) -> None:
        """Stops serving and training and gives the files back. Unfinished jobs go on at the next start."""
        self._service.stop()
        self._server.leave()
        self._thread.join()
        self._service.close()

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Sandbox:
    """The same as a context that starts on entering: ``with Sandbox(path) as running: ... running.url``."""

    def __init__(
        self,
        path: str | Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float | None = None,
        log: Log | None = None,
    ) -> None:
        self._start: Callable[[], RunningSandbox] = lambda: start(path, host=host, port=port, speed=speed, log=log)
        self._running: RunningSandbox | None = None

    def __enter__(self) -> RunningSandbox:
        self._running = self._start()
        return self._running

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.close()


def start(
    path: str | Path, *, host: str = "127.0.0.1", port: int = 0, speed: float | None = None, log: Log | None = None
) -> RunningSandbox:
    """A sandbox in this process, listening when this returns; port 0 takes a free one.

    Nothing is on disk until something must be kept; then ``path`` is made, and ``path`` + ".files" beside it.
    ``speed`` divides the waiting (default: FTPLAN_SANDBOX_SPEED, or 1); 0 means no waiting at all. Raises ValueError
    for a host that is not loopback or a speed that is none, and OSError for a port in use.
    """
    pace, listening = _pace(speed), _listening_socket(host, port)
    connections: dict[tuple[str, int], asyncio.Transport] = {}
    service = Service(Path(path), pace, lambda client: _abort(connections.get(client)), log or (lambda text: None))
    config = uvicorn.Config(
        service.asgi,
        http=_protocol(connections),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        loop="asyncio",
    )
    server = _Server(config, connections)
    thread = threading.Thread(target=server.run, args=([listening],), name="sandbox-server", daemon=True)
    thread.start()
    if not server.is_up.wait(_START_SECONDS):
        raise OSError(f"the sandbox did not start within {_START_SECONDS:g} s")
    service.start()
    address, bound_port = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    return RunningSandbox(f"http://{shown}:{bound_port}/v1", server, service, thread)


def serve(
    path: str | Path,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float | None = None,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serves until SIGINT or SIGTERM, then closes in order; ``ready`` is told the URL once it listens.

    To be called from the main thread. Raises as ``start`` does.
    """
    signals = {signal.SIGINT, signal.SIGTERM}
    # Blocked before any thread is made, so that every thread inherits it and only sigwait below sees them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        with start(path, host=host, port=port, speed=speed) as running:
            ready(running.url)
            signal.sigwait(signals)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Server(uvicorn.Server):
    """Says when it is up, and leaves at once when it is told to from another thread."""

    def __init__(self, config: uvicorn.Config, connections: dict[tuple[str, int], asyncio.Transport]) -> None:
        super().__init__(config)
        self._connections = connections
        self.is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Event | None = None

    def leave(self) -> None:
        self.should_exit = self.force_exit = True
        if self._loop is not None and self._leaving is not None:
            with suppress(RuntimeError):  # the loop is closed: it has left already
                self._loop.call_soon_threadsafe(self._leaving.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._loop, self._leaving = asyncio.get_running_loop(), asyncio.Event()
        self.is_up.set()

    async def main_loop(self) -> None:
        assert self._leaving is not None
        tick = 0
        # uvicorn's own loop sleeps through its ticks, which makes every command that embeds us slow to end.
        while not await self.on_tick(tick):
            tick = (tick + 1) % 864_000
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), _TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or ():
            listening.close()
        for transport in list(self._connections.values()):
            transport.abort()
        for _ in range(2):  # rounds of the loop until every connection knows that it is lost
            await asyncio.sleep(0)


def _protocol(connections: dict[tuple[str, int], asyncio.Transport]) -> type[asyncio.Protocol]:
    """uvicorn's HTTP/1.1 that keeps its connections findable: cutting one is no part of ASGI."""

    class Findable(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[tuple(transport.get_extra_info("peername")[:2])] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            connections.pop(tuple(self.transport.get_extra_info("peername")[:2]), None)

    return Findable


def _abort(transport: asyncio.Transport | None) -> None:
    if transport is not None:
        transport.abort()


def _pace(speed: float | None) -> float:
    text = os.environ.get(SPEED_VARIABLE, "1") if speed is None else speed
    try:
        pace = float(text)
    except ValueError:
        raise ValueError(f"{SPEED_VARIABLE} must be a number, not {text!r}") from None
    if math.isnan(pace) or pace < 0:
        raise ValueError(f"the sandbox's speed must be 0 or more, not {text!r}")
    return pace or math.inf


def _listening_socket(host: str, port: int) -> socket.socket:
    if host not in LOOPBACK_HOSTS:
        raise ValueError(
            f"the sandbox listens on loopback only ({', '.join(LOOPBACK_HOSTS)}), not on {host!r}: it lets everybody in"
        )
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    # The protocol is named, or asyncio does not set TCP_NODELAY and every answer waits 40 ms for a delayed ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1" if host == "localhost" else host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise OSError(errno.EADDRINUSE, f"port {port} on {host} is in use; choose another port") from error
        raise
    return listening
