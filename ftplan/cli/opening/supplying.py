"""Whether this run may fetch datasets, and where it keeps them: for whoever runs it to say, and never for the YAML."""

from __future__ import annotations

import os

from ftplan.cli.talking.options import Request
from ftplan.datasets import Cache, Supply
from ftplan.datasets.sources.pinned import Permission
from ftplan.datasets.sources.shelter import DEFAULT_BYTES, Shelter
from ftplan.errors import UsageError

_YES = ("1", "true")


def open_supply(request: Request) -> Supply:
    """What this run may take remote datasets from. Raises `UsageError` for a variable that makes no sense."""
    allowed = request.allow_remote or os.environ.get("FTPLAN_ALLOW_REMOTE", "").strip().lower() in _YES
    permission: Permission = "offline" if request.offline else "given" if allowed else "not given"
    return Supply(Shelter(Cache.of_user(os.environ), _most_bytes()), permission, os.environ)


def _most_bytes() -> int:
    text = os.environ.get("FTPLAN_CACHE_BYTES", "").strip()
    if not text:
        return DEFAULT_BYTES
    if not text.isascii() or not text.isdigit():
        raise UsageError("Invalid FTPLAN_CACHE_BYTES", detail=f"It is a number of bytes, not {text[:40]!r}.")
    return int(text)
