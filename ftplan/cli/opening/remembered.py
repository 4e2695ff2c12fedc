"""A model that is asked for by its address, as the state remembers it."""

from __future__ import annotations

from ftplan.cli.talking.approval import read_address
from ftplan.core.nearness import did_you_mean
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import PARENT_PREFIX
from ftplan.errors import FtplanError, Problem


def model_with_job(address: str, state: State, otherwise: str) -> ModelRecord:
    """The model at `address`. Raises `FtplanError`, which `otherwise` sums up, where none is remembered there."""
    asked = read_address(address)
    record = state.models.get(asked.name) if asked.kind == "model" else None
    if record is None:
        advice = did_you_mean(asked.name, sorted(state.models), lead="Models with a job", prefix=PARENT_PREFIX)
        raise FtplanError(Problem(otherwise, f"{asked} has no job.", advice=advice))
    return record
