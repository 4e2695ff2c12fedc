"""The lines that a fact adds to the spend ledger: a pure consequence of the fact and of what stands there already.

Whatever is told twice is entered once. What decides is the key of the paid call and the id of its job, so that a crash,
a retry, a repair, or a second model with the same job adds nothing to a bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from decimal import Decimal

from typing_extensions import assert_never

from ftplan.core.entries import Commit, Release, Reserve, SpendEntry, Start, Tariff
from ftplan.core.events import (
    AliasMoved,
    AliasRemoved,
    AnswersBought,
    CheckpointTaken,
    EvaluationDone,
    Fact,
    FiguresKept,
    FileDropped,
    FileStored,
    IntentDropped,
    JobSeen,
    JobStarted,
    LifecycleChanged,
    ModelRemoved,
    PlanUsed,
    PromotionApproved,
    TrainingIntended,
)
from ftplan.core.facts import Phase
from ftplan.core.money.spending import Spend, read_ledger
from ftplan.core.records import JobRecord, ModelRecord, State

_MILLION = Decimal(1_000_000)
_HOUR_SECONDS = 3600


def booked(state: State, fact: Fact) -> tuple[SpendEntry, ...]:
    """What `fact` adds to the ledger of `state`, as it was before the fact."""
    match fact:
        case TrainingIntended():
            return (_reserve_of(fact),)
        case IntentDropped():
            return tuple(_dropped(state, fact))
        case JobStarted():
            return tuple(_started(state, fact))
        case JobSeen():
            return tuple(_seen(state, fact))
        case ModelRemoved():
            return tuple(_removed(state, fact.name))
        case AnswersBought():
            return () if any(entry.key == fact.entry.key for entry in state.ledger) else (fact.entry,)
        case PlanUsed() | FileStored() | FileDropped() | LifecycleChanged() | FiguresKept():
            return ()
        case CheckpointTaken() | EvaluationDone() | PromotionApproved() | AliasMoved() | AliasRemoved():
            return ()
        case _:
            assert_never(fact)


def _reserve_of(fact: TrainingIntended) -> Reserve:
    intent = fact.intent
    method = str(intent.recipe.get("method", ""))
    return Reserve(intent.key, intent.name, intent.provider, method, intent.created_at, intent.quote)


def _dropped(state: State, fact: IntentDropped) -> Iterator[SpendEntry]:
    intent = state.intents.get(fact.name)
    spend = _waiting(read_ledger(state.ledger), intent.key) if intent else None
    if spend is not None:
        yield Release(spend.key, fact.at or spend.at, fact.why)


def _started(state: State, fact: JobStarted) -> Iterator[SpendEntry]:
    calls = read_ledger(state.ledger)
    known = _known(state, calls, fact)
    if known is not None:
        yield from _ended(known, fact.job)
    elif fact.paid_here:
        yield from _begun(_waiting(calls, fact.key), fact)
    before = state.models.get(fact.name)
    if before is not None and before.job.id != fact.job.id:
        yield from _out_of_sight(state, before, [before.job.id])


def _known(state: State, calls: Iterable[Spend], fact: JobStarted) -> Spend | None:
    """The call that made the job already, whatever the provider was called when it did."""
    service = fact.recipe.get("account", fact.provider)
    names = {record.provider for record in state.models.values() if record.recipe.get("account") == service}
    made = (_made(calls, provider, fact.job.id) for provider in (fact.provider, *sorted(names)))
    return next((spend for spend in made if spend is not None), None)


def _begun(waiting: Spend | None, fact: JobStarted) -> Iterator[SpendEntry]:
    """A job that the ledger did not know. One that was not reserved for was paid for before this state was made, or
    after somebody said that it was not: it is reserved for now, so that its month adds up."""
    at = _moment(fact.job.created_at) or (waiting.at if waiting else "")
    start = Start(fact.key, fact.job.id, at)
    if waiting is None:
        method = str(fact.recipe.get("method", ""))
        reserve = Reserve(fact.key, fact.name, fact.provider, method, at, fact.quote, adopted=True)
        yield reserve
        (waiting,) = read_ledger((reserve,))
    yield start
    yield from _ended(waiting, fact.job)


def _seen(state: State, fact: JobSeen) -> Iterator[SpendEntry]:
    record = state.models[fact.name]
    spend = _made(read_ledger(state.ledger), record.provider, fact.job.id)
    if spend is not None:
        yield from _ended(spend, fact.job)
    elif fact.job.id == record.job.id and fact.job.phase.settled and not (record.adopted or record.job.phase.settled):
        # Begun by an ftplan that kept no ledger.
        yield from _begun(None, _as_started(record, fact.job))


def _as_started(record: ModelRecord, job: JobRecord) -> JobStarted:
    return JobStarted(record.name, record.provider, record.fingerprint, record.key, record.attempt, record.recipe, job)


def _removed(state: State, name: str) -> Iterator[SpendEntry]:
    record = state.models.get(name)
    if record is not None:
        yield from _out_of_sight(state, record, _jobs(record))


def _out_of_sight(state: State, record: ModelRecord, jobs: Iterable[str]) -> Iterator[SpendEntry]:
    """Nobody looks at the jobs of a removed model any more, nor at one that another has replaced: unless another model
    has them too, what they cost is not known, and is not waited for in the months to come."""
    others = {job for other in state.models.values() if other.name != record.name for job in _jobs(other)}
    calls = read_ledger(state.ledger)
    for job in jobs:
        spend = _made(calls, record.provider, job)
        if spend is not None and spend.state == "open" and job not in others:
            yield Commit(spend.key, job, spend.at)


def _ended(spend: Spend, job: JobRecord) -> Iterator[SpendEntry]:
    """The bill of a job that has ended, once. A bill that nobody knew is replaced by one that is known."""
    if not job.phase.settled or spend.state == "billed":
        return
    at = _moment(job.finished_at) or _moment(job.created_at) or spend.at
    tokens = _tokens(job)
    if job.phase is Phase.FAILED and not tokens:
        if spend.state != "released":
            yield Release(spend.key, at, "the job failed and no tokens were billed", job.id)
        return
    amount, exact = _amount(spend.tariff, job)
    if amount is not None or spend.state == "open":
        yield Commit(spend.key, job.id, at, tokens, amount, exact, job.phase)


def _amount(tariff: Tariff, job: JobRecord) -> tuple[Decimal | None, bool]:
    """What the job costs by `tariff`, and whether that is exact. By the hour it is the most it can be: the time from
    its creation on holds the wait for its turn, which is not billed."""
    tokens = _tokens(job)
    if tariff.per_million is not None:
        return None if tokens is None else tokens * tariff.per_million / _MILLION, True
    if tariff.per_hour is None or not job.created_at or job.finished_at is None:
        return None, True
    seconds = max(0, job.finished_at - job.created_at)
    return seconds * tariff.per_hour / _HOUR_SECONDS, False


def _tokens(job: JobRecord) -> int | None:
    """What the job is billed for; a service that tells of less than nothing tells nothing."""
    return None if job.trained_tokens is None or job.trained_tokens < 0 else job.trained_tokens


def _waiting(calls: Iterable[Spend], key: str) -> Spend | None:
    """The call of `key` that is reserved for and has no job yet."""
    return next((call for call in calls if call.key == key and call.state == "open" and not call.job_id), None)


def _made(calls: Iterable[Spend], provider: str, job_id: str) -> Spend | None:
    return next((call for call in calls if (call.provider, call.job_id) == (provider, job_id)), None)


def _jobs(record: ModelRecord) -> list[str]:
    return [record.job.id, *(former.job.id for former in record.former)]


def _moment(seconds: int | None) -> str:
    """Epoch seconds as the state writes times; empty where none are told, or such as no calendar holds."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds") if seconds else ""
    except (OverflowError, OSError, ValueError):
        return ""
