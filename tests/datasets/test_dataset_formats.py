"""Which rows are right for which method, and what is said of those that are not."""

from __future__ import annotations

import copy
import json

import pytest

from ftplan.datasets import format_for, formats_taken
from ftplan.datasets.rows.formats import recognised

USER = {"role": "user", "content": "q"}
ANSWER = {"role": "assistant", "content": "a"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
CALLING = {"role": "assistant", "tool_calls": [CALL]}
REPLY = {"role": "tool", "tool_call_id": "c1", "content": "21"}
PROPERTIES = {"x": {"type": "integer", "description": "d"}}
FUNCTION = {
    "name": "f",
    "description": "d",
    "parameters": {"type": "object", "properties": PROPERTIES, "required": ["x"]},
}
TOOL = {"type": "function", "function": FUNCTION}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA", "detail": "low"}}


def chat(*messages, **more):
    return {"messages": list(messages), **more}


def picture(**changes):
    return {"type": "image_url", "image_url": {**IMAGE["image_url"], **changes}}


def pair(**changes):
    row = {
        "input": {"messages": [USER], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [{"role": "assistant", "content": "good"}],
        "non_preferred_output": [{"role": "assistant", "content": "bad"}],
    }
    return {key: value for key, value in {**row, **changes}.items() if value is not None}


GOOD = {
    "chat": ("supervised", chat({"role": "system", "content": "s"}, USER, ANSWER)),
    "developer and names": (
        "supervised",
        chat({"role": "developer", "content": "s", "name": "n"}, {**USER, "name": "ann"}, {**ANSWER, "name": "bot"}),
    ),
    "a turn that is not trained": ("supervised", chat(USER, {**ANSWER, "weight": 0}, USER, {**ANSWER, "weight": 1})),
    "a weight written as a float": ("supervised", chat(USER, {**ANSWER, "weight": 1.0})),
    "tools": ("supervised", chat(USER, CALLING, REPLY, ANSWER, parallel_tool_calls=False, tools=[TOOL])),
    "null content beside calls": ("supervised", chat(USER, {**CALLING, "content": None, "refusal": None})),
    "refusal": ("supervised", chat(USER, {"role": "assistant", "content": None, "refusal": "no"})),
    "text parts": ("supervised", chat({"role": "user", "content": [{"type": "text", "text": "q"}]}, ANSWER)),
    "legacy functions": (
        "supervised",
        chat(
            USER,
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": None},
            ANSWER,
            functions=[{"name": "f", "parameters": {"type": "object", "properties": {}}}],
        ),
    ),
    "vision": (
        "supervised",
        chat({"role": "user", "content": [{"type": "text", "text": "what?"}, IMAGE]}, ANSWER),
    ),
    "ten images": ("supervised", chat({"role": "user", "content": [IMAGE] * 10}, ANSWER)),
    "preference": ("dpo", pair()),
    "reinforcement": (
        "reinforcement",
        chat({"role": "developer", "content": "d"}, USER, reference_answer={"n": 5}),
    ),
    "reinforcement without references": ("reinforcement", chat(USER)),
    "completion": ("supervised", {"prompt": "p", "completion": " c"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_right_row_passes_its_method(name, measured, jsonl):
    method, row = GOOD[name]
    result = measured(jsonl(row), method=method)
    assert result.errors == ()
    assert result.facts.format in formats_taken(method)


@pytest.mark.parametrize("name", [name for name in GOOD if name != "reinforcement without references"])
def test_a_right_row_is_recognised_without_its_method(name, measured, jsonl):
    method, row = GOOD[name]
    assert measured(jsonl(row), method=None).facts.format in formats_taken(method)


def test_messages_alone_are_held_to_be_chat():
    assert recognised(chat(USER)) == "chat"


WRONG_CHAT = {
    "messages is no list": ({"messages": {}}, "A value has the wrong type"),
    "no messages": (chat(), "A row has no messages"),
    "a message is no object": (chat(USER, "a"), "A value has the wrong type"),
    "no role": (chat(USER, {"content": "a"}, ANSWER), "A message has an unusable role"),
    "a role misspelled": (chat(USER, {"role": "asistant", "content": "a"}, ANSWER), "A message has an unusable role"),
    "an unknown key in a message": (chat(USER, {**ANSWER, "wieght": 1}), "A key is not part of the row format"),
    "an unknown key in the row": (chat(USER, ANSWER, tool=[TOOL]), "A key is not part of the row format"),
    "a reply id on a user message": (
        chat({**USER, "tool_call_id": "c1"}, ANSWER),
        "A key is not part of the row format",
    ),
    "no assistant": (chat(USER), "A row has no assistant message"),
    "nothing trained": (chat(USER, {**ANSWER, "weight": 0}), "A row teaches nothing"),
    "a weight of 2": (chat(USER, {**ANSWER, "weight": 2}), "A weight is neither 0 nor 1"),
    "a weight of true": (chat(USER, {**ANSWER, "weight": True}), "A weight is neither 0 nor 1"),
    "a weight of a half": (chat(USER, {**ANSWER, "weight": 0.5}), "A weight is neither 0 nor 1"),
    "a weight of null": (chat(USER, {**ANSWER, "weight": None}), "A weight is neither 0 nor 1"),
    "a weight on a user": (chat({**USER, "weight": 1}, ANSWER), "A weight stands on the wrong message"),
    "a name that is a number": (chat({**USER, "name": 1}, ANSWER), "A value has the wrong type"),
    "content is missing": (chat({"role": "user"}, ANSWER), "A message has no content"),
    "content is null": (chat({"role": "user", "content": None}, ANSWER), "A message has no content"),
    "content is a number": (chat({"role": "user", "content": 1}, ANSWER), "A value has the wrong type"),
    "content is an empty list": (chat({"role": "user", "content": []}, ANSWER), "A message has no content"),
    "an assistant that says nothing": (chat(USER, {"role": "assistant"}), "A message has no content"),
    "an audio part": (
        chat({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}, ANSWER),
        "A content part has an unusable type",
    ),
    "a text part without text": (
        chat({"role": "user", "content": [{"type": "text"}]}, ANSWER),
        "A value has the wrong type",
    ),
    "a part is no object": (chat({"role": "user", "content": ["q"]}, ANSWER), "A value has the wrong type"),
    "an image from the system": (
        chat({"role": "system", "content": [IMAGE]}, USER, ANSWER),
        "An image stands where none may",
    ),
    "an image from the assistant": (
        chat(USER, {"role": "assistant", "content": [IMAGE]}),
        "An image stands where none may",
    ),
    "eleven images": (chat({"role": "user", "content": [IMAGE] * 11}, ANSWER), "A row has too many images"),
    "an image on a local disk": (
        chat({"role": "user", "content": [picture(url="file:///etc/passwd")]}, ANSWER),
        "An image has an unusable address",
    ),
    "an image of medium detail": (
        chat({"role": "user", "content": [picture(detail="medium")]}, ANSWER),
        "An image has an unknown detail level",
    ),
    "an image that is a string": (
        chat({"role": "user", "content": [{"type": "image_url", "image_url": "https://x/y.png"}]}, ANSWER),
        "A value has the wrong type",
    ),
    "a reply to no call": (chat(USER, REPLY, ANSWER), "A tool message answers no call"),
    "a reply before its call": (chat(USER, REPLY, CALLING, ANSWER), "A tool message answers no call"),
    "a reply without an id": (
        chat(USER, CALLING, {"role": "tool", "content": "21"}, ANSWER),
        "A value has the wrong type",
    ),
    "no calls": (chat(USER, {**ANSWER, "tool_calls": []}), "Tool calls are no list of calls"),
    "calls as an object": (chat(USER, {**ANSWER, "tool_calls": CALL}), "Tool calls are no list of calls"),
    "a call without an id": (
        chat(USER, {**CALLING, "tool_calls": [{key: CALL[key] for key in ("type", "function")}]}),
        "A tool call has no id",
    ),
    "a call of another type": (
        chat(USER, {**CALLING, "tool_calls": [{**CALL, "type": "custom"}]}),
        "A tool has an unknown type",
    ),
    "arguments as an object": (
        chat(USER, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]}),
        "A value has the wrong type",
    ),
    "arguments that are no JSON": (
        chat(USER, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "x=1"}}]}),
        "Call arguments are not a JSON object",
    ),
    "a function called with blanks": (
        chat(USER, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "f g", "arguments": "{}"}}]}),
        "A function has an unusable name",
    ),
    "a name of 65 characters": (
        chat(USER, ANSWER, tools=[{"type": "function", "function": {"name": "f" * 65}}]),
        "A function has an unusable name",
    ),
    "a name that ends a line": (
        chat(USER, ANSWER, tools=[{"type": "function", "function": {"name": "f\n"}}]),
        "A function has an unusable name",
    ),
    "a tool without a function": (chat(USER, ANSWER, tools=[{"type": "function"}]), "A value has the wrong type"),
    "a tool of another type": (chat(USER, ANSWER, tools=[{**TOOL, "type": "search"}]), "A tool has an unknown type"),
    "tools as an object": (chat(USER, ANSWER, tools=TOOL), "A value has the wrong type"),
    "parallel calls as a word": (chat(USER, ANSWER, parallel_tool_calls="no"), "A value has the wrong type"),
    "no functions": (chat(USER, ANSWER, functions=[]), "The number of functions is out of range"),
    "129 functions": (chat(USER, ANSWER, functions=[FUNCTION] * 129), "The number of functions is out of range"),
    "a function without a name": (chat(USER, ANSWER, functions=[{}]), "A function has an unusable name"),
    "a function message without a name": (
        chat(USER, {"role": "function", "content": "1"}, ANSWER),
        "A value has the wrong type",
    ),
}


@pytest.mark.parametrize("name", WRONG_CHAT)
def test_a_broken_chat_row_is_named_with_its_line(name, measured, jsonl):
    row, summary = WRONG_CHAT[name]
    result = measured(jsonl(chat(USER, ANSWER), row), method="supervised")
    assert result.facts is None
    assert [(p.summary, str(p.place)) for p in result.problems][:1] == [(summary, "train.jsonl:2")]


WRONG_PAIRS = {
    "no input": (pair(input=None), "A value has the wrong type"),
    "an unknown key in input": (pair(input={"messages": [USER], "tool": []}), "A key is not part of the row format"),
    "no preferred output": (pair(preferred_output=None), "An output is not exactly one message"),
    "two messages in an output": (pair(preferred_output=[ANSWER, ANSWER]), "An output is not exactly one message"),
    "no message in an output": (pair(non_preferred_output=[]), "An output is not exactly one message"),
    "a user's output": (pair(preferred_output=[USER]), "A message has an unusable role"),
    "an image in the input": (
        pair(input={"messages": [{"role": "user", "content": [IMAGE]}]}),
        "An image stands where none may",
    ),
    "an unknown key": (pair(reference=1), "A key is not part of the row format"),
}


@pytest.mark.parametrize("name", WRONG_PAIRS)
def test_a_broken_preference_row_is_named_with_its_line(name, measured, jsonl):
    row, summary = WRONG_PAIRS[name]
    result = measured(jsonl(pair(), row), method="dpo")
    assert [(p.summary, p.place.line) for p in result.problems] == [(summary, 2)]


def test_the_former_name_of_an_output_is_answered_with_the_present_one(measured, jsonl):
    row = pair(preferred_output=None, preferred_completion=[ANSWER])
    (problem,) = measured(jsonl(row), method="dpo").problems
    assert problem.summary == "A key has its former name"
    assert "'preferred_output'" in problem.advice


def test_reinforcement_rows_have_developer_in_place_of_system(measured, jsonl):
    row = chat({"role": "system", "content": "s"}, USER, answer=1)
    (problem,) = measured(jsonl(row), method="reinforcement").problems
    assert problem.summary == "A message has an unusable role"
    assert "developer" in problem.advice


def test_a_misspelled_key_is_answered_with_the_near_one(measured, jsonl):
    (problem,) = measured(jsonl(chat({"role": "user", "content": "q", "nmae": "ann"}, ANSWER))).problems
    assert problem.advice == "Did you mean 'name'?"
    (problem,) = measured(jsonl({"mesages": [USER, ANSWER]})).problems
    assert "'messages'" in problem.advice


METHOD_OF = {"chat": "supervised", "preference": "dpo", "reinforcement": "reinforcement"}
ROW_OF = {"chat": chat(USER, ANSWER), "preference": pair(), "reinforcement": chat(USER, reference=1)}


@pytest.mark.parametrize(
    ("held", "method"),
    [
        ("chat", "dpo"),
        ("preference", "supervised"),
        ("preference", "reinforcement"),
        ("reinforcement", "supervised"),
        ("reinforcement", "dpo"),
    ],
)
def test_a_file_for_another_method_is_refused_once_and_names_its_own(held, method, measured, jsonl):
    result = measured(jsonl(*[ROW_OF[held]] * 30), method=method)
    (problem,) = result.problems
    assert problem.summary == "The rows do not fit the method"
    assert f"Method {METHOD_OF[held]} takes this file" in problem.advice


def test_every_method_has_a_format_of_its_own():
    assert {format_for(method) for method in METHOD_OF.values()} == set(METHOD_OF)


def test_a_row_of_another_format_among_the_rows_is_one_problem(measured, jsonl):
    (problem,) = measured(jsonl(chat(USER, ANSWER), pair(), chat(USER, ANSWER))).problems
    assert (problem.summary, problem.place.line) == ("A row has another format than the rows before it", 2)


def test_no_problem_quotes_what_a_row_says(measured, jsonl):
    secret = "OPEN-SESAME"
    hidden = copy.deepcopy([row for row, _ in (*WRONG_CHAT.values(), *WRONG_PAIRS.values())])
    for row in hidden:
        text = json.dumps(row).replace('"q"', f'"{secret}"').replace('"a"', f'"{secret}"').replace("x=1", secret)
        for problem in measured(jsonl(text.replace("f g", secret + " "))).problems:
            assert secret not in f"{problem.detail} {problem.advice} {problem.place}"


def test_foreign_keys_and_roles_are_cut_and_cleaned(measured, jsonl):
    row = chat({"role": "\x1b[2J" + "r" * 500, "content": "q"}, {**ANSWER, "k\u202e\x07" + "k" * 500: 1})
    for problem in measured(jsonl(row)).problems:
        assert problem.detail.isprintable()
        assert len(problem.detail) < 300
