"""How patient a run is, as the environment says."""

from __future__ import annotations

import math
import os

from ftplan.core.ports import CALL_TIMEOUT_SECONDS
from ftplan.errors import UsageError


def call_seconds() -> float:
    """How long a write to a provider may take (FTPLAN_CALL_TIMEOUT_SECONDS): after a lost answer it is also how long
    the write may still be on its way."""
    said = seconds_of("FTPLAN_CALL_TIMEOUT_SECONDS")
    return said if said else CALL_TIMEOUT_SECONDS


def seconds_of(name: str) -> float | None:
    """The seconds that the variable `name` says, None where it is not set. Raises `UsageError`."""
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise UsageError(f"Invalid {name}", detail=f"It is a number of seconds, not {text[:40]!r}.")
    return seconds
