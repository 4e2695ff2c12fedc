"""Claims in the words of Terraform's HTTP protocol: JSON with seven keys, all of them text."""

from __future__ import annotations

import json
import secrets
from typing import Any

from ftplan.core.stores import Claim

UNKNOWN = "unknown"
"""The id of a holder whom the server does not name."""

_WORDS = {"id": "ID", "operation": "Operation", "who": "Who", "created": "Created", "version": "Version"}
# What GitLab has of a holder. The other keys of its refusals are those of the request that it refuses.
_HOLDERS_OWN = ("ID", "Who", "Created")


def lock_info(claim: Claim, path: str) -> bytes:
    """`claim` as the protocol has it; what it has no word for is in `Info`, with the id that it belongs to."""
    more = {"id": claim.id, "host": claim.host, "pid": claim.pid, "info": dict(claim.info)}
    info = {key: getattr(claim, name) for name, key in _WORDS.items()}
    return json.dumps({**info, "Info": json.dumps(more), "Path": path}).encode("ascii")


def holder_in(body: bytes) -> Claim:
    """The holder that a refusal names: an ftplan, or any other program that locks in this way. What is not known of it
    is empty; where nothing is known its id is `UNKNOWN`."""
    found = _object(body)
    more = _object(found.get("Info"))
    if more.get("id", found.get("ID")) != found.get("ID"):
        found, more = {key: found.get(key) for key in _HOLDERS_OWN}, {}
    text = {name: str(found.get(key) or "")[:200] for name, key in _WORDS.items()}
    text.update(id=text["id"] or UNKNOWN, who=text["who"] or "somebody")
    info, pid = more.get("info"), more.get("pid")
    return Claim(
        **text,
        host=str(more.get("host") or "")[:200],
        pid=pid if isinstance(pid, int) else 0,
        info=info if isinstance(info, dict) else {},
    )


def look() -> Claim:
    """A claim to look at the lock by: nobody else's id is like it, so that a refusal always names another."""
    return Claim(f"ftplan-look-{secrets.token_hex(8)}", "look", "ftplan", "", 0, "", "")


def _object(data: Any) -> dict[str, Any]:
    try:
        found = json.loads(data) if isinstance(data, (bytes, str)) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
