"""What is said where a paid call may have been made and nobody but a person can tell."""

from __future__ import annotations

from collections.abc import Iterable

from ftplan.core.spec import Address


def ways_out(address: Address, jobs: Iterable[str] = ()) -> str:
    """The commands by which a person settles the doubt, indented for pasting; `jobs` are those it may be."""
    known = list(jobs) or ["JOB"]
    lines = [f"    ftplan resolve {address} -adopt={job}" for job in known]
    return "\n".join([*lines, f"    ftplan resolve {address} -not-created"])
