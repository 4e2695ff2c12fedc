"""What a run is about, and what has changed outside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from values import desired_of, file, full_state, record

from ftplan.core.deciding.drift import drift_notes
from ftplan.core.deciding.removal import decide_destroy
from ftplan.core.deciding.scope import Scope, edges, known_addresses
from ftplan.core.facts import Observation, Phase, RemoteFile, RemoteJob, RemoteModel
from ftplan.core.plan import Note
from ftplan.core.records import State
from ftplan.core.spec import Address

DESIRED = desired_of(
    datasets={"tickets": {}, "holdout": {}, "spare": {}},
    models={"base": {}, "child": {"base": "model.base", "validation": "holdout"}, "other": {"seed": 1}},
)
STATE = State("p", "l").holding([file("c9"), file("c8", "past", "again")], [record("old")], [])


def covered(targets: str = "", excludes: str = "", destroying: bool = False) -> set[str]:
    asked = [frozenset(map(Address.parse, text.split())) for text in (targets, excludes)]
    scope = Scope.of(DESIRED, STATE, *asked, destroying=destroying)
    return {str(address) for address in known_addresses(DESIRED, STATE) if scope.covers(address)}


EVERYTHING = {
    *("dataset.tickets", "dataset.holdout", "dataset.spare", "dataset.c9.jsonl", "dataset.past", "dataset.again"),
    *("model.base", "model.child", "model.other", "model.old"),
}


def test_without_a_word_a_run_is_about_everything() -> None:
    assert covered() == EVERYTHING


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("model.child", {"model.child", "model.base", "dataset.tickets", "dataset.holdout"}),
        ("model.base", {"model.base", "dataset.tickets"}),
        ("dataset.spare", {"dataset.spare"}),
        ("model.old", {"model.old"}),
        ("model.base model.old", {"model.base", "model.old", "dataset.tickets"}),
    ],
)
def test_a_target_pulls_what_it_depends_on(targets: str, expected: set[str]) -> None:
    assert covered(targets) == expected


@pytest.mark.parametrize(
    ("excludes", "left_out"),
    [
        ("model.base", {"model.base", "model.child"}),
        ("dataset.holdout", {"dataset.holdout", "model.child"}),
        ("dataset.tickets", {"dataset.tickets", "model.base", "model.child", "model.other"}),
        ("model.old", {"model.old"}),
    ],
)
def test_an_exclude_drops_what_depends_on_it(excludes: str, left_out: set[str]) -> None:
    assert covered(excludes=excludes) == EVERYTHING - left_out


def test_an_exclude_is_stronger_than_a_target() -> None:
    assert covered("model.child model.other", "model.base") == {"model.other", "dataset.tickets", "dataset.holdout"}


def test_a_destruction_is_about_its_targets_alone() -> None:
    assert covered("model.child", destroying=True) == {"model.child"}


def test_a_destruction_keeps_what_an_excluded_model_is_made_of() -> None:
    kept = {"model.child", "model.base", "dataset.tickets", "dataset.holdout"}
    assert covered(excludes="model.child", destroying=True) == EVERYTHING - kept


def test_a_file_with_an_excluded_name_is_not_destroyed() -> None:
    again = frozenset({Address("dataset", "again")})
    scope = Scope.of(DESIRED, STATE, frozenset(), again, destroying=True)
    outcomes = decide_destroy(DESIRED.project, STATE, Observation(), scope)
    assert {str(address) for address in outcomes} == {"model.old", "dataset.c9.jsonl"}


def test_what_is_at_an_undeclared_provider_is_not_deleted_blindly() -> None:
    state = STATE.holding([], [replace(record("old"), provider="elsewhere")], [])
    (outcome,) = decide_destroy(DESIRED.project, state, Observation(), Scope())[Address("model", "old")]
    assert isinstance(outcome, Note)
    assert (outcome.severity, outcome.summary) == ("error", "Provider is not declared")
    assert "'elsewhere'" in outcome.detail


def test_the_graph_shows_what_each_model_needs() -> None:
    assert [(str(a), str(b)) for a, b in edges(DESIRED)] == [
        ("model.base", "dataset.tickets"),
        ("model.child", "dataset.holdout"),
        ("model.child", "dataset.tickets"),
        ("model.child", "model.base"),
        ("model.other", "dataset.tickets"),
    ]


BOT, CHILD = Address("model", "bot"), Address("model", "child")


def test_what_is_seen_as_it_is_remembered_is_no_drift() -> None:
    seen = Observation(
        jobs={BOT: RemoteJob("job-1", Phase.SUCCEEDED, "succeeded")},
        models={BOT: RemoteModel("ft:job-1")},
        files={("openai", "c1"): RemoteFile("file-1", "c1.jsonl", 100)},
    )
    assert drift_notes(DESIRED.project, full_state(), seen) == ()
    assert drift_notes(DESIRED.project, full_state(), Observation()) == ()


def test_a_question_that_was_not_asked_is_no_drift() -> None:
    assert drift_notes(DESIRED.project, full_state(), Observation(jobs={Address("model", "nobody"): None})) == ()


def test_each_change_outside_is_one_note() -> None:
    seen = Observation(
        jobs={BOT: None, CHILD: RemoteJob("job-2", Phase.FAILED, "failed")},
        models={BOT: None},
        files={("openai", "c1"): None, ("openai", "nobody"): None},
    )
    told = [(str(note.address), note.summary, note.detail) for note in drift_notes(DESIRED.project, full_state(), seen)]
    assert told == [
        ("model.bot", "has been deleted", "job job-1 was succeeded and is not known to the provider any more"),
        ("model.child", "has changed", "job job-2 was running and is failed"),
        ("model.bot", "has been deleted", "model ft:job-1 is gone"),
        ("dataset.tickets", "has been deleted", "file file-1 is gone"),
    ]
