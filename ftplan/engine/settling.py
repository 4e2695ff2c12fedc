"""Finding out whether a paid call was made, when its answer is missing."""

from __future__ import annotations

from collections.abc import Sequence

from ftplan.core.facts import RemoteJob
from ftplan.core.notices import Told, Waiting
from ftplan.core.ports import ListsJobs
from ftplan.core.recipe import MARK_KEY
from ftplan.core.records import Intent
from ftplan.core.spec import Address
from ftplan.engine.context import GIVE_UP_SECONDS, Run, pause_asked_for
from ftplan.engine.doubt import in_doubt
from ftplan.engine.effects import Action, Pause, Say, do
from ftplan.engine.marks import find_marked
from ftplan.engine.observe import jobs_carrying
from ftplan.errors import Unreachable

SEARCH_SECONDS = 5.0
# What is left may be less than a clock of floats can add to itself: then time would stand still.
LEAST_PAUSE_SECONDS = 0.01


def can_settle(run: Run, intent: Intent) -> bool:
    """Whether anybody but a person can find out what became of `intent`."""
    service = run.providers[intent.provider]
    return service.capabilities().searches_jobs or isinstance(service, ListsJobs)


def settle(run: Run, intent: Intent, seconds: float, *, told: bool = True) -> Action[RemoteJob | None]:
    """The job of `intent`, or None once it is certain that there is none: a search that was begun after `seconds`
    on our own clock came back empty. A search that fails is not an empty one and never counts. Raises `Unreachable`
    when none was answered for a quarter of an hour, and `ProviderError` where nobody but a person can tell; the
    intent then stays open. With `told` false the reader knows already why there is a wait."""
    address = Address("model", intent.name)
    if not can_settle(run, intent):
        raise in_doubt(address, intent.provider)
    begun = answered = run.clock.monotonic()
    if told:
        yield Say(Waiting(address, "the answer to a paid call is missing; looking for its job", seconds))
    while True:
        late_enough = run.clock.monotonic() - begun >= seconds
        try:
            found = yield from _job_of(run, intent)
        except Unreachable as error:
            if run.clock.monotonic() - answered > GIVE_UP_SECONDS:
                raise
            yield Pause(pause_asked_for(error.retry_after, SEARCH_SECONDS))
            continue
        answered = run.clock.monotonic()
        if found is not None or late_enough:
            return found
        left = seconds - (run.clock.monotonic() - begun)
        yield Pause(max(LEAST_PAUSE_SECONDS, min(SEARCH_SECONDS, left)))


def look_up(run: Run, address: Address, provider: str, key: str) -> Action[RemoteJob | None]:
    """The oldest job with this key. Any others are told of: each of them costs money."""
    jobs = yield from search(run, provider, {MARK_KEY: key})
    for extra in jobs[1:]:
        if not extra.phase.settled:
            way_out = f"To cancel it: ftplan cancel {address} -job={extra.id}"
            detail = f"{extra.id} carries the same key as {jobs[0].id}. {way_out}"
            yield Say(Told("A second job for one training", detail, address=address))
    return jobs[0] if jobs else None


def search(run: Run, provider: str, marks: dict[str, str]) -> Action[Sequence[RemoteJob]]:
    """Every job with all of `marks`, oldest first; none where the provider cannot search."""
    service = run.providers[provider]
    if not service.capabilities().searches_jobs:
        return ()
    return (yield from do("find_jobs", lambda: jobs_carrying(marks, service)))


def _job_of(run: Run, intent: Intent) -> Action[RemoteJob | None]:
    service = run.providers[intent.provider]
    if not service.capabilities().searches_jobs and isinstance(service, ListsJobs):
        return (yield from find_marked(run, intent, service))
    return (yield from look_up(run, Address("model", intent.name), intent.provider, intent.key))
