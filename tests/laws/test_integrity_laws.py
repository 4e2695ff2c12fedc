"""What folds into a whole state is a whole state, whatever happens in whatever order; what is not whole is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftplan.core.entries import Answered, Commit, Release, Start
from ftplan.core.events import (
    Fact,
    FileDropped,
    FileStored,
    IntentDropped,
    JobSeen,
    JobStarted,
    LifecycleChanged,
    ModelRemoved,
    PlanUsed,
    TrainingIntended,
)
from ftplan.core.facts import Phase
from ftplan.core.fold import fold
from ftplan.core.keeping.codec import decode_state, encode_state
from ftplan.core.keeping.integrity import integrity_faults
from ftplan.core.recipe import call_key, fingerprint
from ftplan.core.records import FileRecord, FormerJob, Intent, JobRecord, ModelRecord, State
from ftplan.core.spec import Lifecycle
from ftplan.errors import StateDamaged

LAW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES, RULES = ("a", "b", "c"), (Lifecycle(), Lifecycle(prevent_destroy=True), Lifecycle(on_removed="delete"))
EMPTY = State("support", "lineage-1")


def test_an_empty_state_is_whole() -> None:
    assert integrity_faults(EMPTY) == []


@st.composite
def histories(draw: st.DrawFn) -> list[State]:
    """States as they follow on each other. A job is one recipe's, as it is at a provider; two models may share it."""
    states = [EMPTY]
    for _ in range(draw(st.integers(1, 25))):
        states.append(fold(states[-1], draw(_facts(states[-1]))))
    return states


def _facts(state: State) -> st.SearchStrategy[Fact]:
    names, contents = st.sampled_from(NAMES), st.sampled_from(("c1", "c2", "c3"))
    kinds: list[st.SearchStrategy[Fact]] = [
        st.builds(PlanUsed, st.sampled_from(("d1", "d2"))),
        st.builds(lambda content, *names: FileStored(_file(content, names)), contents, names, names),
        st.builds(FileDropped, st.just("svc"), contents),
        st.builds(lambda name, epochs, n: TrainingIntended(_intent(name, epochs, n)), names, *_numbers()),
        st.builds(IntentDropped, names, st.just("no job carries its key")),
        st.builds(_started, names, *_numbers(), st.sampled_from(Phase)),
        st.builds(ModelRemoved, names, st.booleans()),
    ]
    if state.models:
        kept = st.sampled_from(sorted(state.models))
        kinds.append(st.builds(lambda name, phase: _seen(state, name, phase), kept, st.sampled_from(Phase)))
        kinds.append(st.builds(LifecycleChanged, kept, st.sampled_from(RULES)))
    return st.one_of(kinds)


def _numbers() -> tuple[st.SearchStrategy[int], st.SearchStrategy[int]]:
    """Epochs, which make the recipe, and the attempt."""
    return st.integers(1, 2), st.integers(1, 3)


def _file(content: str, names: tuple[str, ...]) -> FileRecord:
    return FileRecord("svc", content, f"bytes of {content}", 1, "f.jsonl", f"file-{content}", "", tuple(set(names)))


def _intent(name: str, epochs: int, attempt: int) -> Intent:
    recipe = {"account": "svc", "n_epochs": epochs}
    mark = fingerprint(recipe)
    return Intent(name, "svc", call_key("support", "default", name, mark, attempt), mark, attempt, recipe, "now")


def _started(name: str, epochs: int, attempt: int, phase: Phase) -> JobStarted:
    call = _intent(name, epochs, attempt)
    job = JobRecord(f"job-{epochs}-{attempt}", phase)
    return JobStarted(name, "svc", call.fingerprint, call.key, attempt, call.recipe, job)


def _seen(state: State, name: str, phase: Phase) -> JobSeen:
    return JobSeen(name, replace(state.models[name].job, phase=phase))


@given(histories())
@LAW
def test_no_history_leads_to_a_state_that_cannot_be_true(states: list[State]) -> None:
    for state in states:
        assert integrity_faults(state) == []


@given(histories())
@LAW
def test_every_state_of_a_history_can_be_stored_and_read(states: list[State]) -> None:
    assert decode_state(encode_state(states[-1]), "s") == states[-1]


def _whole() -> State:
    facts: list[Fact] = [
        FileStored(_file("c1", ("a",))),
        FileStored(_file("c2", ("b",))),
        _started("a", 1, 1, Phase.FAILED),
        _started("a", 1, 2, Phase.SUCCEEDED),
        _started("b", 2, 1, Phase.SUCCEEDED),
        TrainingIntended(_intent("c", 2, 3)),
    ]
    return reduce(fold, facts, EMPTY)


def _model(state: State, name: str, **changes: object) -> State:
    return replace(state, models={**state.models, name: replace(state.models[name], **changes)})  # type: ignore[arg-type]


def _former_twice(state: State) -> State:
    record = state.models["a"]
    return _model(state, "a", former=(*record.former, FormerJob("f", record.job)))


def _named_twice(state: State) -> State:
    return replace(state, files={key: replace(file, datasets=("a",)) for key, file in state.files.items()})


def _moved(records: dict[str, ModelRecord]) -> dict[str, ModelRecord]:
    return {"z": records["a"], "b": records["b"]}


def _billed(state: State, amount: int) -> Commit:
    start = state.ledger[1]
    assert isinstance(start, Start)
    return Commit(start.key, start.job_id, "now", 1, Decimal(amount))


def _answered(key: str, amount: Decimal | None = None) -> Answered:
    return Answered(key, "accuracy", "a", "openai", "now", 10, amount)


DAMAGES = {
    "lineage": (lambda s: replace(s, lineage=""), "it has no lineage"),
    "serial": (lambda s: replace(s, serial=-1), "its serial is -1"),
    "file key": (lambda s: replace(s, files={("svc", "x"): s.files["svc", "c1"]}), "another file's key"),
    "dataset twice": (_named_twice, "dataset.a means 2 files at svc"),
    "model key": (lambda s: replace(s, models=_moved(dict(s.models))), "model.a is kept under the name z"),
    "attempt": (lambda s: _model(s, "a", attempt=0), "model.a has attempt 0"),
    "key": (lambda s: _model(s, "a", key=""), "model.a has no key"),
    "fingerprint": (lambda s: _model(s, "b", fingerprint=""), "model.b has no fingerprint"),
    "provider": (lambda s: _model(s, "b", provider=""), "model.b has no provider"),
    "job id": (lambda s: _model(s, "b", job=JobRecord("", Phase.QUEUED)), "a job without an id"),
    "lifecycle": (lambda s: _model(s, "a", lifecycle=Lifecycle(on_removed="burn")), "an unknown rule"),  # type: ignore[arg-type]
    "former twice": (_former_twice, "model.a holds job job-1-2 2 times"),
    "job of two": (lambda s: _model(s, "b", job=s.models["a"].job), "hold job job-1-2 under different recipes"),
    "intent key": (lambda s: replace(s, intents={"z": s.intents["c"]}), "model.c is kept under the name z"),
    "ledger line": (lambda s: replace(s, ledger=s.ledger[1:]), "that nothing was reserved for"),
    "ledger key": (lambda s: replace(s, ledger=(Release("", "now", "x"),)), "a line without a key"),
    "ledger job": (lambda s: replace(s, ledger=(*s.ledger, s.ledger[1])), "starts job job-1-1 twice"),
    "ledger bill": (lambda s: replace(s, ledger=(*s.ledger, *[_billed(s, 1)] * 2)), "bills job job-1-1 twice"),
    "ledger answers": (lambda s: replace(s, ledger=(*s.ledger, *[_answered("k")] * 2)), "bills the answers k twice"),
    "ledger answers' amount": (
        lambda s: replace(s, ledger=(*s.ledger, _answered("k", Decimal("NaN")))),
        "its ledger has NaN for k",
    ),
    "ledger answers' key": (lambda s: replace(s, ledger=(*s.ledger, _answered(""))), "a line without a key"),
    "ledger amount": (lambda s: replace(s, ledger=(*s.ledger, _billed(s, -1))), "its ledger has -1 for"),
    "intent attempt": (
        lambda s: replace(s, intents={"c": replace(s.intents["c"], attempt=0)}),
        "the intent for model.c has attempt 0",
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_cannot_be_true_is_named(what: str) -> None:
    damage, told = DAMAGES[what]
    assert integrity_faults(_whole()) == []
    faults = integrity_faults(damage(_whole()))
    assert any(told in fault for fault in faults), faults


@pytest.mark.parametrize("what", ["lineage", "serial", "dataset twice", "attempt", "former twice", "job of two"])
def test_a_stored_state_that_cannot_be_true_is_refused_with_what_is_wrong(what: str) -> None:
    damage, told = DAMAGES[what]
    with pytest.raises(StateDamaged) as refused:
        decode_state(encode_state(damage(_whole())), "s.json")
    assert told in refused.value.problems[0].detail
    assert refused.value.problems[0].command == "ftplan state repair"
