"""Faults that tests order: rules kept in the store, each taken a number of times.

A rule is a JSON object with exactly one of these keys, and "times" (default 1; null until cleared):

- ``action``: what happens to a request. Narrowed by ``method`` and by ``path`` (a prefix of the path, or a regular
  expression that matches all of it). ``drop``: not processed, the connection is closed without an answer.
  ``lost_answer``: processed, then the connection is closed without an answer. ``status``: answered with ``status``,
  with ``headers`` and ``body`` (text, sent as HTML) or ``code`` and ``message`` (sent in the error envelope), before
  the request is processed or, with ``"before": false``, after. ``delay``: processed after ``seconds``.
- ``job_fails``: ``{"code", "message", "in"}``: the next job fails when its files are checked, or at the end of its
  training with ``"in": "running"``.
- ``job_stuck_in``: the next job stays validating_files, queued or running.
- ``list_lag_seconds``: the next job is listed only after so long; it can be retrieved at once.
- ``ignore_metadata_filter`` (true): the next listing is not filtered.
- ``training_not_available`` (true): the next job is refused with the 403 of an organisation that is cut off.
- ``file_processing_seconds``: the next file is ``uploaded`` first, and ``processed`` after so long.
- ``largest_file_bytes``: the next file sent in one piece may have no more, as if this were the service's limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from starlette.routing import Route

from ftplan.sandbox.store import Store
from ftplan.sandbox.wire import Call, Json, bad_request, endpoint

ACTIONS = frozenset({"drop", "lost_answer", "status", "delay"})
_STUCK_STATES = ("validating_files", "queued", "running")


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


_KINDS: dict[str, Callable[[Any], bool]] = {
    "action": lambda value: value in ACTIONS,
    "job_fails": lambda value: isinstance(value, dict) and value.get("in") in (None, "validating_files", "running"),
    "job_stuck_in": lambda value: value in _STUCK_STATES,
    "list_lag_seconds": _is_amount,
    "ignore_metadata_filter": lambda value: value is True,
    "training_not_available": lambda value: value is True,
    "file_processing_seconds": _is_amount,
    "largest_file_bytes": lambda value: type(value) is int and value > 0,
}


class Faults:
    """The rules that still have a turn to take."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("/faults", endpoint(self.add), methods=["POST"]),
            Route("/faults", endpoint(self.list), methods=["GET"]),
            Route("/faults", endpoint(self.clear), methods=["DELETE"]),
        ]

    def add(self, call: Call) -> Json:
        rules = call.body if isinstance(call.body, list) else [call.body]
        checked = [_checked(rule) for rule in rules]
        with self._store.writing() as db:
            db.executemany(
                "INSERT INTO faults (left, doc) VALUES (?, ?)",
                [(rule.get("times", 1), json.dumps(rule)) for rule in checked],
            )
        return self.list(call)

    def list(self, call: Call) -> Json:
        with self._store.reading() as db:
            rows = db.execute("SELECT left, doc FROM faults ORDER BY seq").fetchall()
        return {"object": "list", "data": [{**json.loads(doc), "left": left} for left, doc in rows]}

    def clear(self, call: Call) -> Json:
        with self._store.writing() as db:
            db.execute("DELETE FROM faults")
        return self.list(call)

    def take(self, kind: str) -> Any:
        """The value of the oldest rule of this kind, which has one turn less; None when there is none."""
        rule = self._take(lambda rule: kind in rule)
        return rule[kind] if rule else None

    def take_action(self, method: str, path: str) -> Json | None:
        """The oldest rule that acts on such a request."""
        return self._take(lambda rule: "action" in rule and _covers(rule, method, path))

    def _take(self, fits: Callable[[Json], bool]) -> Json | None:
        with self._store.reading() as db:
            rows = db.execute("SELECT doc FROM faults").fetchall()
        if not any(fits(json.loads(doc)) for (doc,) in rows):
            return None
        with self._store.writing() as db:  # and once more, now that nobody else can take it
            for seq, left, doc in db.execute("SELECT seq, left, doc FROM faults ORDER BY seq").fetchall():
                rule: Json = json.loads(doc)
                if not fits(rule):
                    continue
                if left == 1:
                    db.execute("DELETE FROM faults WHERE seq = ?", (seq,))
                else:
                    db.execute("UPDATE faults SET left = left - 1 WHERE seq = ?", (seq,))
                return rule
        return None


def _checked(rule: Any) -> Json:
    kinds = [kind for kind in _KINDS if isinstance(rule, dict) and kind in rule]
    if len(kinds) != 1:
        raise bad_request(f"A fault rule has exactly one of: {', '.join(_KINDS)}.")
    if not _KINDS[kinds[0]](rule[kinds[0]]):
        raise bad_request(f"{rule[kinds[0]]!r} is no value for {kinds[0]!r} in a fault rule.", kinds[0])
    times = rule.get("times", 1)
    if times is not None and (not isinstance(times, int) or times < 1):
        raise bad_request("'times' must be a whole number of at least 1, or null.", "times")
    if rule.get("action") == "status" and rule.get("status") not in range(400, 600):
        raise bad_request("'status' must be from 400 to 599.", "status")
    if rule.get("action") == "delay" and not _is_amount(rule.get("seconds")):
        raise bad_request("'seconds' must be a number of at least 0.", "seconds")
    return dict(rule)


def _covers(rule: Json, method: str, path: str) -> bool:
    if rule.get("method", method).upper() != method:
        return False
    wanted = rule.get("path", "")
    return path.startswith(wanted) or re.fullmatch(wanted, path) is not None
