"""A rehearsal of the fine-tuning service: real HTTP on loopback, no key, no bill.

``start`` gives a running server inside this process, ``serve`` stays in the foreground. The room imports nothing of
ftplan, so an error of ours cannot hide in a second copy of itself. Names are fetched when asked for: whoever merely
imports this package does not pay for a web server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftplan.sandbox.server import RunningSandbox, Sandbox, serve, start

__all__ = ["RunningSandbox", "Sandbox", "serve", "start"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ftplan.sandbox import server  # uvicorn and starlette: about 250 ms

    return getattr(server, name)
