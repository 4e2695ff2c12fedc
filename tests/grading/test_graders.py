"""One answer at a time: what each grader gives for it, whatever the answer holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftplan.core.comparing.questions import Answer, HeldOut
from ftplan.core.evaluating import EvalSpec, GraderSpec
from ftplan.errors import FtplanError, GateRefused
from ftplan.grading import Grade, graders_for
from ftplan.grading.functions import source_digest
from ftplan.grading.graders import spec_problems, together


def row(wanted: str | None = "yes", **message: Any) -> HeldOut:
    given = None if wanted is None and not message else {"role": "assistant", "content": wanted, **message}
    return HeldOut(3, ({"role": "user", "content": "Is it?"},), given, {"key": "value"})


def call(name: str, arguments: str) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}


def grade(type: str, text: str | None, held: HeldOut | None = None, answer: Any = None, **settings: Any) -> float:
    spec = EvalSpec("e", "d", (GraderSpec("g", type, settings),))
    (one,) = graders_for(spec, frozenset(), "/")
    return one.grader.grade(held or row(), Answer(text, **(answer or {})), None).score


@pytest.mark.parametrize(
    ("text", "wanted", "plain", "seen_through"),
    [
        ("yes", "yes", 1, 1),
        (" yes\n", "yes", 1, 1),
        ("Yes!", "yes", 0, 1),
        ("y  es", "y es", 0, 1),
        ("\ufb01ne", "fine", 0, 1),
        ("no", "yes", 0, 0),
        ("", "yes", 0, 0),
        ("yes yes", "yes", 0, 0),
        ("-5", "5", 0, 0),
        ("5-6", "5 6", 0, 1),
    ],
)
def test_exact_is_exact_and_normalised_sees_through_spelling(
    text: str, wanted: str, plain: float, seen_through: float
) -> None:
    assert grade("exact", text, row(wanted)) == plain
    assert grade("exact", text, row(wanted), normalise=True) == seen_through


def test_the_mark_of_a_rehearsal_is_no_part_of_the_answer_and_only_of_a_rehearsals() -> None:
    assert grade("exact", "[rehearsal] yes", answer={"rehearsal": True}) == 1
    assert grade("exact", "[rehearsal] yes") == 0


@pytest.mark.parametrize(
    ("text", "wanted", "right"),
    [
        ("so it is #### 42", "6*7=42\n#### 42", 1),
        ("42.0", "42", 1),
        ("$1,234.50", "1234.5", 1),
        ("-3", "\u22123", 1),
        ("1e3", "1000", 1),
        ("first 41, no: 42.", "42", 1),
        ("42 of 43", "42", 0),
        ("pages 10-20", "20", 1),
        ("on 2026-11-23", "23", 1),
        ("x=-3", "-3", 1),
        ("forty-two", "42", 0),
        (".5", "0.5", 1),
        ("9" * 500, "9", 0),
        ("", "42", 0),
        ("42", "nothing", 0),
    ],
)
def test_the_last_number_counts_however_it_is_written(text: str, wanted: str, right: float) -> None:
    assert grade("numeric", text, row(wanted)) == right


def test_a_number_may_be_off_by_as_much_as_is_said() -> None:
    assert [grade("numeric", text, row("100"), tolerance=2) for text in ("98", "102", "97.9")] == [1, 1, 0]
    assert [grade("numeric", text, row("-200"), relative=0.01) for text in ("-198", "-202.1")] == [1, 0]


@given(st.text())
def test_no_text_breaks_a_grader(text: str) -> None:
    for type, settings in (
        ("exact", {"normalise": True}),
        ("numeric", {}),
        ("similarity", {"measure": "words"}),
        ("regex", {"pattern": "(a+)+$"}),
        ("json_schema", {"schema": {"type": "object"}}),
        ("tool_calls", {}),
    ):
        assert 0 <= grade(type, text, row(text), **settings) <= 1


def test_a_pattern_is_found_in_linear_time_whatever_it_is_given() -> None:
    assert grade("regex", "a" * 200_000 + "!", pattern="(a+)+$") == 0
    assert grade("regex", "so: #### 5", pattern=r"#### \d+$") == 1


def test_json_has_to_fit_its_schema() -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    texts = ('{"n": 1}', '{"n": "1"}', "{}", "no json", '```json\n{"n": 1}\n```', "[" * 100_000)
    assert [grade("json_schema", text, schema=schema) for text in texts] == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("measure", ["characters", "words", "shared_words"])
def test_likeness_is_1_for_the_same_and_falls_with_difference(measure: str) -> None:
    held = row("the parcel is in hall one")
    assert grade("similarity", "the parcel is in hall one", held, measure=measure) == 1
    assert grade("similarity", "zzz", held, measure=measure) < 0.3
    near = grade("similarity", "the parcel is in hall two", held, measure=measure)
    assert 0.5 < near < 1
    assert grade("similarity", "the parcel is in hall two", held, measure=measure, at_least=0.5) == 1
    assert grade("similarity", "the parcel is in hall two", held, measure=measure, at_least=0.99) == 0


@pytest.mark.parametrize("type", ["exact", "similarity"])
@pytest.mark.parametrize("wanted", [None, "Done."])
def test_a_text_is_not_right_beside_other_calls_than_were_wanted(type: str, wanted: str | None) -> None:
    held = row(wanted, tool_calls=[call("refund", '{"id": 1}')])
    assert grade(type, wanted, held, {"tool_calls": (call("refund", '{ "id":1}'),)}) == 1
    assert grade(type, wanted, held, {"tool_calls": (call("delete_account", '{"id": 1}'),)}) == 0
    assert grade(type, wanted, held) == 0


def test_the_order_of_words_does_not_count_where_words_do() -> None:
    assert grade("similarity", "one hall", row("hall one"), measure="words") == 1
    assert grade("similarity", "one hall", row("hall one"), measure="characters") < 1


def test_calls_are_held_against_calls_by_their_values() -> None:
    held = row(None, tool_calls=[call("fly", '{"up": 1, "by": "m"}'), call("land", "{}")])
    same = (call("fly", '{ "by":"m","up":1 }'), call("land", " {} "))
    assert grade("tool_calls", None, held, {"tool_calls": same}) == 1
    assert grade("tool_calls", None, held, {"tool_calls": same[::-1]}) == 1
    assert grade("tool_calls", None, held, {"tool_calls": same[::-1]}, ordered=True) == 0
    assert grade("tool_calls", None, held, {"tool_calls": same[:1]}) == 0
    assert grade("tool_calls", None, held, {"tool_calls": (call("fly", '{"up": 2}'), same[1])}) == 0
    assert grade("tool_calls", "I will not.", held) == 0
    assert grade("tool_calls", "No call.", row("No call.")) == 1


@pytest.mark.parametrize("type", ["exact", "numeric", "similarity"])
def test_a_row_that_wants_nothing_is_answered_by_nothing(type: str) -> None:
    assert grade(type, "yes", row(None)) == 0


JUDGE = {"model": "judge-1", "prompt": "Q: {{prompt}} W: {{wanted}} A: {{answer}}"}


def judge(**settings: Any) -> Any:
    (one,) = graders_for(EvalSpec("e", "d", (GraderSpec("g", "judge", {**JUDGE, **settings}),)), frozenset(), "/")
    return one.grader


def test_a_judge_is_asked_with_everything_put_in_at_once() -> None:
    """What is put in is no place to put something in."""
    asked = judge().asks(row("{{answer}}"), Answer("{{prompt}} {{wanted}}"))
    assert asked.model == "judge-1"
    assert asked.messages[1]["content"] == "Q: user: Is it? W: {{answer}} A: {{prompt}} {{wanted}}"
    assert (asked.parameters["temperature"], asked.parameters["response_format"]["type"]) == (0, "json_schema")
    other = judge(parameters={"temperature": 1, "response_format": None}).asks(row(), Answer("x"))
    assert other.parameters == {"temperature": 1}


@pytest.mark.parametrize(
    ("reply", "score"),
    [('{"score": 0.5, "why": "half"}', 0.5), ('Well: {"score": 1} .', 1), ('```json\n{"score": 0}\n```', 0)],
)
def test_a_judges_score_is_read_out_of_its_reply(reply: str, score: float) -> None:
    assert judge().grade(row(), Answer("x"), Answer(reply)).score == score


@pytest.mark.parametrize(
    "reply", ["", "5", "{}", '{"score": 2}', '{"score": "1"}', '{"score": true}', '{"score": NaN}', "{"]
)
def test_a_judge_without_a_score_is_no_verdict(reply: str) -> None:
    with pytest.raises(FtplanError, match="without a verdict"):
        judge().grade(row(), Answer("x"), Answer(reply))


def test_a_judge_that_was_cut_off_is_to_be_given_room() -> None:
    with pytest.raises(FtplanError) as caught:
        judge().grade(row(), Answer("x"), Answer('{"score', finish_reason="length"))
    assert "max_completion_tokens" in caught.value.problems[0].advice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "graders_of_mine.py").write_text(
        "def half(row, answer): return 0.5 if row['key'] and answer['text'] else 0\n"
        "def broken(row, answer): return {}['x']\n"
        "def odd(row, answer): return 'good'\n"
        "def much(row, answer): return 7\n"
    )
    return tmp_path


def own(name: str, folder: Path, *allowed: str) -> Any:
    spec = EvalSpec("e", "d", (GraderSpec("g", "python", {"function": name}),))
    (one,) = graders_for(spec, frozenset(allowed), str(folder))
    return one.grader


def test_a_function_runs_only_where_it_is_allowed_by_name(folder: Path) -> None:
    with pytest.raises(GateRefused):
        own("graders_of_mine:half", folder)
    with pytest.raises(GateRefused):
        own("graders_of_mine:half", folder, "graders_of_mine:odd", "graders_of_mine")
    assert own("graders_of_mine:half", folder, "graders_of_mine:half").grade(row(), Answer("x"), None).score == 0.5
    assert str(folder) not in sys.path


@pytest.mark.parametrize("name", ["broken", "odd", "much"])
def test_what_a_function_gives_or_raises_is_told_and_is_no_score(folder: Path, name: str) -> None:
    grader = own(f"graders_of_mine:{name}", folder, f"graders_of_mine:{name}")
    with pytest.raises(FtplanError) as caught:
        grader.grade(row(), Answer("x"), None)
    assert "line 3" in caught.value.problems[0].detail


def test_no_function_sees_what_another_grading_did_to_a_row(folder: Path) -> None:
    (folder / "taking.py").write_text("def grade(row, answer):\n    row['list'].pop()\n    return 1\n")
    spec = EvalSpec("e", "d", (GraderSpec("g", "python", {"function": "taking:grade"}),))
    (one,) = graders_for(spec, frozenset({"taking:grade"}), str(folder))
    held = HeldOut(1, ({"role": "user", "content": "?"},), None, {"list": [1]})
    assert [one.grader.grade(held, Answer("x"), None).score for _ in range(2)] == [1, 1]
    assert held.row == {"list": [1]}


@pytest.mark.parametrize(
    ("changed", "moves"),
    [("mine/sub.py", True), ("mine/__init__.py", True), ("helper.py", True), ("deep.py", True), ("other.py", False)],
)
def test_the_digest_of_a_function_is_of_all_the_code_in_the_folder_that_it_runs(
    folder: Path, changed: str, moves: bool
) -> None:
    (folder / "mine").mkdir()
    texts = {
        "mine/__init__.py": "from . import sub",
        "mine/sub.py": "import helper\nfrom .more import x",
        "mine/more.py": "x = 1",
        "mine.py": "a module that a package of the same name hides",
        "helper.py": "def f():\n    import deep",
        "deep.py": "import mine.sub",
        "other.py": "",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    before = source_digest("mine.sub:grade", str(folder))
    assert before == source_digest("mine.sub:grade", str(folder)) != ""
    (folder / "mine.py").write_text("changed")
    assert source_digest("mine.sub:grade", str(folder)) == before
    (folder / changed).write_text(texts[changed] + "\n# changed")
    assert (source_digest("mine.sub:grade", str(folder)) != before) is moves
    assert source_digest("json:loads", str(folder)) == ""


@pytest.mark.parametrize("name", ["graders_of_mine:none", "nowhere_at_all:x"])
def test_a_function_that_is_not_there_is_told(folder: Path, name: str) -> None:
    with pytest.raises(FtplanError, match="No such function"):
        own(name, folder, name)


def test_nothing_in_the_folder_stands_in_for_a_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "colorsys.py").write_text("def rgb_to_hsv(*words): raise RuntimeError\n")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    name = "colorsys:rgb_to_hsv"
    assert own(name, folder, name).call(0, 0, 0) == (0.0, 0.0, 0)  # type: ignore[call-arg]


def test_several_graders_count_by_their_weights() -> None:
    told = [(GraderSpec("a", "exact", weight=3), Grade(1.0)), (GraderSpec("b", "exact"), Grade(0.0, "no"))]
    assert together(told) == Grade(0.75, "b: no")


def test_patterns_and_schemas_that_are_none_are_told_before_anybody_is_asked() -> None:
    bad = (
        GraderSpec("a", "regex", {"pattern": "(a"}),
        GraderSpec("b", "regex", {"pattern": r"(?=a)\1"}),
        GraderSpec("c", "json_schema", {"schema": {"type": "nope"}}),
        GraderSpec("d", "json_schema", {"schema": {"$ref": "https://example.com/x"}}),
        GraderSpec("e", "json_schema", {"schema": {"type": "object"}}),
    )
    found = spec_problems({"e": EvalSpec("e", "d", bad)})
    assert [problem.summary for problem in found] == ["Invalid pattern"] * 2 + ["Invalid JSON Schema"] * 2
