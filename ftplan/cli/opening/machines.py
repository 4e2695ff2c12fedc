"""The machines that read large datasets, as the user names them: an option, or FTPLAN_RAY; never the configuration,
since whoever may propose a change to it must not say where data goes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from ftplan.datasets.scanning.shards import Machines

VARIABLE = "FTPLAN_RAY"


def machines_for(
    environ: Mapping[str, str], said: str | None = None, *, processes: int | None = None
) -> AbstractContextManager[Machines | None]:
    """The machines of the Ray cluster at the address `said`, or else in FTPLAN_RAY, for as long as this is open; None
    where there is none, or it is empty. Raises UsageError for an address that makes no sense."""
    address = environ.get(VARIABLE, "") if said is None else said
    if not address:
        return nullcontext()
    from ftplan.datasets.scanning.cluster import cluster_at

    return cluster_at(address, processes=processes)
