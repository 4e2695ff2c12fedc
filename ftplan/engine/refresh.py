"""What was seen and is not remembered yet: the facts that bring the state up to date, without any step."""

from __future__ import annotations

from ftplan.core.events import Fact, FileDropped, JobSeen
from ftplan.core.facts import Observation
from ftplan.core.fold import job_record
from ftplan.core.records import State


def refresh_facts(state: State, seen: Observation) -> list[Fact]:
    """One fact for each remembered job or file that is seen otherwise. A job the provider has forgotten stays as it
    is remembered: what was paid for is not lost because nobody lists it any more."""
    facts: list[Fact] = []
    for address, job in sorted(seen.jobs.items()):
        record = state.models.get(address.name)
        if job is not None and record is not None and job_record(job) != record.job:
            facts.append(JobSeen(address.name, job_record(job)))
    for (provider, content), file in sorted(seen.files.items()):
        if file is None and (provider, content) in state.files:
            facts.append(FileDropped(provider, content))
    return facts
