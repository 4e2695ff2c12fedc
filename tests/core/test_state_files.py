"""The state file: what is read for ever, and what is refused. Nothing unreadable is ever taken for empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from values import full_state, full_state_of_version_three, full_state_of_version_two, job, record

from ftplan.core.keeping.codec import decode_plan, decode_state, encode_state
from ftplan.core.records import STATE_VERSION, State
from ftplan.errors import PlanStale, StateError

STATES = Path(__file__).parents[1] / "states"
Document = dict[str, Any]


def refusal(data: bytes) -> str:
    """The summary with which `data` is refused."""
    with pytest.raises(StateError) as caught:
        decode_state(data, "ftplan.state.json")
    assert "ftplan.state.json" in caught.value.problems[0].detail
    assert caught.value.problems[0].advice
    return caught.value.problems[0].summary


def changed(change: Callable[[Document], object]) -> bytes:
    document: Document = json.loads(encode_state(full_state()))
    change(document)
    return json.dumps(document).encode()


def test_version_one_is_read_for_ever() -> None:
    assert decode_state((STATES / "v1.json").read_bytes(), "v1.json") == replace(full_state_of_version_two(), ledger=())


def test_version_two_is_read_for_ever() -> None:
    assert decode_state((STATES / "v2.json").read_bytes(), "v2.json") == full_state_of_version_two()


def test_version_three_is_read_for_ever() -> None:
    assert decode_state((STATES / "v3.json").read_bytes(), "v3.json") == full_state_of_version_three()


def test_version_four_is_read_for_ever() -> None:
    assert decode_state((STATES / "v4.json").read_bytes(), "v4.json") == full_state()


def test_what_is_written_today_is_what_was_written_then() -> None:
    then, today = json.loads((STATES / "v4.json").read_text("utf-8")), json.loads(encode_state(full_state()))
    assert {**today, "ftplan_version": then["ftplan_version"]} == then


def test_a_state_reads_as_text() -> None:
    encoded = encode_state(full_state()).decode()
    assert "„kaputt“" in encoded
    assert encoded.endswith("}\n")


def test_half_a_character_of_a_message_never_stops_the_state_from_being_saved() -> None:
    state = State("p", "l").holding([], [record(job=job(error_message="cut \ud83d"))], [])
    assert decode_state(encode_state(state), "s") == state


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"x"',
        b"[" * 100_000,
        b'{"version": 1, "version": 1}',
        b'{"version": NaN}',
        b'{"version": ' + b"9" * 5000 + b"}",
    ],
    ids=["nothing", "blank", "cut", "bytes", "list", "null", "text", "deep", "twice", "nan", "digits"],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    assert refusal(data) == "Unreadable state"


@pytest.mark.parametrize("document", [{}, {"version": 4, "terraform_version": "1.9", "lineage": "x"}, {"a": 1}])
def test_a_file_of_another_program_is_refused(document: Document) -> None:
    assert refusal(json.dumps(document).encode()) == "Foreign state"


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_a_version_that_never_was_is_refused(version: object) -> None:
    assert refusal(changed(lambda document: document.update(version=version))) == "Foreign state"


def test_a_newer_state_is_refused_and_names_who_wrote_it() -> None:
    newer = changed(lambda document: document.update(version=STATE_VERSION + 1, ftplan_version="9.9"))
    with pytest.raises(StateError, match="newer") as caught:
        decode_state(newer, "s")
    assert "9.9" in caught.value.problems[0].detail


@pytest.mark.parametrize(
    "name", sorted(json.loads(encode_state(full_state())).keys() - {"version", "ftplan_version", "workspace"})
)
@pytest.mark.parametrize("value", [None, 1.5, {}, [None], "…absent"])
def test_a_missing_or_damaged_part_is_refused(name: str, value: object) -> None:
    def damage(document: Document) -> None:
        document[name] = value
        if value == "…absent":
            del document[name]

    assert refusal(changed(damage)) in ("Damaged state", "Foreign state")


DAMAGE: dict[str, Callable[[Document], object]] = {
    "unknown key": lambda d: d.update(surprise=1),
    "unknown key of a record": lambda d: d["models"][0].update(surprise=1),
    "unknown key of a job": lambda d: d["models"][0]["job"].update(surprise=1),
    "missing key of a record": lambda d: d["models"][0].pop("fingerprint"),
    "unknown phase": lambda d: d["models"][0]["job"].update(phase="asleep"),
    "text for a number": lambda d: d["models"][0].update(attempt="1"),
    "truth for a number": lambda d: d["models"][0].update(attempt=True),
    "number for text": lambda d: d["files"][0].update(id=7),
    "list for a record": lambda d: d["files"].append([]),
    "two files of one content": lambda d: d["files"].append(d["files"][0]),
    "two models of one name": lambda d: d["models"].append({**d["models"][0], "attempt": 9}),
    "unknown kind of ledger line": lambda d: d["ledger"][0].update(kind="Guess"),
    "ledger line of no kind": lambda d: d["ledger"][0].pop("kind"),
    "number for an amount": lambda d: d["ledger"][5].update(amount=0.015),
    "no number for an amount": lambda d: d["ledger"][5].update(amount="a lot"),
    "amount below zero": lambda d: d["ledger"][5].update(amount="-1"),
    "amount beyond all bounds": lambda d: d["ledger"][5].update(amount="Infinity"),
    "bill without a reserve": lambda d: d["ledger"].pop(3),
    "job that was billed twice": lambda d: d["ledger"].append(d["ledger"][5]),
    "two intents of one name": lambda d: d["intents"].append(d["intents"][0]),
    "two aliases of one name": lambda d: d["aliases"].append(d["aliases"][0]),
    "two evaluations of one model": lambda d: d["evaluations"].append(d["evaluations"][0]),
    "alias that stands for nothing": lambda d: d["aliases"][0]["now"].update(model_id=""),
    "unknown opponent": lambda d: d["evaluations"][0]["against"][0].update(opponent="chance"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_record_is_refused(what: str) -> None:
    assert refusal(changed(DAMAGE[what])) == "Damaged state"


def test_a_key_that_stands_twice_is_refused() -> None:
    text = encode_state(full_state()).decode()
    assert refusal(text.replace('"attempt": 1', '"attempt": 1, "attempt": 2', 1).encode()) == "Unreadable state"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", encode_state(replace(full_state(), models={}))])
def test_a_plan_file_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(PlanStale):
        decode_plan(data, "p")
