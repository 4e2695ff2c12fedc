"""Which requests were served, so that a test can count them. The last 10,000 are kept."""

from __future__ import annotations

import json

from starlette.routing import Route

from ftplan.sandbox.store import Store
from ftplan.sandbox.wire import Call, Json, endpoint

_KEPT = 10_000


class Journal:
    """Lives in memory until something else has made the store's file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [Route("/requests", endpoint(self.list), methods=["GET"])]

    def note(self, entry: Json) -> None:
        with self._store.noting() as db:
            seq = db.execute("INSERT INTO requests (doc) VALUES (?)", (json.dumps(entry),)).lastrowid
            db.execute("DELETE FROM requests WHERE seq <= ?", ((seq or 0) - _KEPT,))

    def list(self, call: Call) -> Json:
        """Oldest first."""
        with self._store.reading() as db:
            rows = db.execute("SELECT doc FROM requests ORDER BY seq").fetchall()
        return {"object": "list", "data": [json.loads(doc) for (doc,) in rows]}
