"""A model that is asked for by its address, as the state remembers it."""

from __future__ import annotations

import difflib

from ftplan.cli.talking.approval import read_address
from ftplan.core.records import ModelRecord, State
from ftplan.errors import FtplanError, Problem


def model_with_job(address: str, state: State, otherwise: str) -> ModelRecord:
    """The model at `address`. Raises `FtplanError`, which `otherwise` sums up, where none is remembered there."""
    asked = read_address(address)
    record = state.models.get(asked.name) if asked.kind == "model" else None
    if record is None:
        known = [f"model.{name}" for name in sorted(state.models)]
        near = difflib.get_close_matches(asked.name, state.models, n=1)
        advice = f"Did you mean model.{near[0]}?" if near else f"Models with a job: {', '.join(known) or 'none'}."
        raise FtplanError(Problem(otherwise, f"{asked} has no job.", advice=advice))
    return record
