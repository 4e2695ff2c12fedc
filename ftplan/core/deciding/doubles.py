"""Jobs that were paid for beside the one that is remembered: a call that came through after it had been given up."""

from __future__ import annotations

from ftplan.core.facts import Observation
from ftplan.core.plan import Note
from ftplan.core.records import State


def double_notes(state: State, seen: Observation) -> list[Note]:
    """One note for each further job under the key of a remembered one. It is told for as long as it is listed: money
    that was spent twice is never hidden."""
    notes = []
    for address, jobs in sorted(seen.doubles.items()):
        ours = state.models[address.name].job.id
        for job in jobs:
            runs = not job.phase.settled
            notes.append(
                Note(
                    "warning" if runs else "info",
                    "A second job for one training",
                    f"{address}: {job.id} ({job.status}) carries the same key as {ours} and is paid for beside it.",
                    address=address,
                    advice="To cancel it:" if runs else "",
                    command=f"ftplan cancel {address} -job={job.id}" if runs else "",
                )
            )
    return notes
