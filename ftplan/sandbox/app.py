"""The service put together: one store, one trainer, and the endpoints behind their gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from ftplan.sandbox.chat import Chat
from ftplan.sandbox.faults import Faults
from ftplan.sandbox.files import Files
from ftplan.sandbox.fitting import Fitting
from ftplan.sandbox.gate import Cut, Gate
from ftplan.sandbox.jobs import Jobs
from ftplan.sandbox.journal import Journal
from ftplan.sandbox.ledger import Ledger
from ftplan.sandbox.models import Models
from ftplan.sandbox.schedule import status_of
from ftplan.sandbox.shelf import Shelf
from ftplan.sandbox.store import Store
from ftplan.sandbox.trainer import Trainer
from ftplan.sandbox.wire import WireError


class Service:
    """``asgi`` is what a web server runs; training goes on from ``start`` to ``close``."""

    def __init__(self, path: Path, speed: float, cut: Cut, log: Callable[[str], None]) -> None:
        self._store = Store(path)
        ledger = Ledger(self._store)
        shelf = Shelf(self._store, lambda job_id: status_of(*ledger.job(job_id), time()) == "succeeded")
        faults, journal, models = Faults(self._store), Journal(self._store), Models(ledger)
        self._trainer = Trainer(ledger, lambda stop: Fitting(ledger, shelf.blob, shelf.keep_result, stop), log)
        v1 = [
            *Files(self._store, shelf, faults.take).routes(),
            *Jobs(ledger, shelf, self._trainer, faults, speed).routes(),
            *models.routes(),
            *Chat(models, shelf).routes(),
        ]
        control = [*faults.routes(), *journal.routes()]
        app = Starlette(
            routes=[Mount("/v1", app=Router(v1)), Mount("/_sandbox", app=Router(control))],
            exception_handlers={WireError: _refused, HTTPException: _no_such_place, Exception: _broken},
        )
        self.asgi: ASGIApp = Gate(app, faults, journal, cut)

    def start(self) -> None:
        self._trainer.start()

    def stop(self) -> None:
        """Ends the training; requests are still answered."""
        self._trainer.stop()

    def close(self) -> None:
        self._trainer.close()
        self._store.close()


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, WireError)
    return error.answer()


async def _no_such_place(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    text = f"Invalid URL ({request.method} {request.url.path})"
    return WireError(status, text, code="unknown_url").answer()


async def _broken(request: Request, error: Exception) -> Response:
    return WireError(500, f"The sandbox itself failed: {type(error).__name__}: {error}").answer()
