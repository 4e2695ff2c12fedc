"""What is worth a warning in a row, and what is not: a warning that comes for nothing is soon silenced."""

from __future__ import annotations

from typing import Any

import pytest
from rule_cases import ANSWER, PNG, REPLY, TOOL, USER, calling, calling_function, chat, lines, pair, shown, tooled

from ftplan.datasets.rows.formats import item_fields

FUNCTION = TOOL["function"]
RESULT = {"role": "function", "name": "f", "content": "1"}
SYSTEM, DEVELOPER = {"role": "system", "content": "s"}, {"role": "developer", "content": "d"}
BOTH_CALLS = {"role": "assistant", "tool_calls": [{**calling()["tool_calls"][0], "id": name} for name in ("c1", "c2")]}
BOTH_REPLIES = REPLY, {**REPLY, "tool_call_id": "c2"}
JPEG, WEBP = "/9j/4AAQSkZJRgABAQAAAQ", "UklGRiQAAABXRUJQVlA4IBgA"


def graded(*messages: Any, **more: Any) -> dict[str, Any]:
    return {**chat(*messages), "reference": "x", **more}


def asking(*messages: Any, **more: Any) -> dict[str, Any]:
    return {**pair(), "input": {"messages": list(messages), **more}}


def told(measured: Any, row: Any, method: str) -> set[str]:
    result = measured(lines(row), method=method)
    assert result.errors == ()
    return {problem.rule for problem in result.problems}


REMARKS = {
    "a name with a bar": ("supervised", chat({**USER, "name": "a|b"}, ANSWER), "message-name"),
    "a name of 65 characters": ("supervised", chat({**USER, "name": "n" * 65}, ANSWER), "message-name"),
    "an empty name": ("supervised", chat(USER, {**ANSWER, "name": ""}), "message-name"),
    "a name in an output": (
        "dpo",
        {**pair(), "preferred_output": [{**ANSWER, "name": "a b"}]},
        "message-name",
    ),
    "system and developer of a pair": ("dpo", asking(SYSTEM, DEVELOPER, USER), "system-and-developer"),
    "a prompt that ends with the developer": ("reinforcement", graded(DEVELOPER), "prompt-end"),
    "a prompt that ends with a tool's result": (
        "reinforcement",
        graded(USER, calling(), REPLY, tools=[TOOL]),
        "prompt-end",
    ),
    "an input that ends with an answer": ("dpo", asking(USER, ANSWER), "prompt-end"),
    "a weight in an input": ("dpo", asking(USER, {**ANSWER, "weight": 0}, USER), "idle-weight"),
    "a weight on an output": ("dpo", {**pair(), "preferred_output": [{**ANSWER, "weight": 1}]}, "idle-weight"),
    "a JPEG called a PNG": ("supervised", shown(url=f"data:image/png;base64,{JPEG}"), "image-type"),
    "a type that is none": ("supervised", shown(url=f"data:image/jpg;base64,{JPEG}"), "image-type"),
    "no type": ("supervised", shown(url=f"data:;base64,{PNG}"), "image-type"),
    "several calls where there may be one": (
        "supervised",
        chat(USER, BOTH_CALLS, *BOTH_REPLIES, tools=[TOOL], parallel_tool_calls=False),
        "parallel-tool-calls",
    ),
    "parallel calls in an input without tools": ("dpo", asking(USER, parallel_tool_calls=False), "parallel-tool-calls"),
    "tools beside functions": ("supervised", chat(USER, ANSWER, tools=[TOOL], functions=[FUNCTION]), "mixed-tools"),
    "both kinds of calls": (
        "supervised",
        chat(USER, calling_function(), RESULT, calling(), REPLY, ANSWER, functions=[FUNCTION]),
        "mixed-tools",
    ),
    "a result of another function": (
        "supervised",
        chat(USER, calling_function(), {**RESULT, "name": "g"}, ANSWER, functions=[FUNCTION]),
        "function-reply",
    ),
    "a function call that nothing answers": (
        "supervised",
        chat(USER, calling_function(), USER, ANSWER, functions=[FUNCTION]),
        "unanswered-call",
    ),
    "an output that calls what is not offered": (
        "dpo",
        {**pair(), "preferred_output": [calling()]},
        "undeclared-tool",
    ),
}


@pytest.mark.parametrize("name", REMARKS)
def test_it_is_remarked_on(measured: Any, name: str) -> None:
    method, row, rule = REMARKS[name]
    assert rule in told(measured, row, method)


SILENT = {
    "a name with hyphens and accents": ("supervised", chat({**USER, "name": "José-Luis_2"}, ANSWER)),
    "two system messages in front": ("supervised", chat(SYSTEM, SYSTEM, USER, ANSWER)),
    "answers behind each other": ("supervised", chat(USER, ANSWER, ANSWER)),
    "a conversation that the assistant opens": ("supervised", chat(ANSWER, USER, ANSWER)),
    "a JPEG": ("supervised", shown(url=f"data:image/jpeg;base64,{JPEG}")),
    "a WEBP": ("supervised", shown(url=f"data:image/webp;base64,{WEBP}")),
    "base64 with a line break": ("supervised", shown(url=f"data:image/png;base64,{PNG[:9]}\r\n{PNG[9:]}")),
    "base64 without padding": ("supervised", shown(url=f"data:image/png;base64,{PNG}AA")),
    "a type in capitals": ("supervised", shown(url=f"DATA:image/PNG;base64,{PNG}")),
    "an image that a grader's model looks at": ("reinforcement", {**graded(), "messages": shown()["messages"][:1]}),
    "several calls where nothing forbids them": (
        "supervised",
        chat(USER, BOTH_CALLS, *BOTH_REPLIES, ANSWER, tools=[TOOL]),
    ),
    "parallel calls beside no tools in OpenAI's own example": (
        "dpo",
        asking(USER, tools=[], parallel_tool_calls=True),
    ),
    "a function that is called and answers": (
        "supervised",
        chat(USER, calling_function(), RESULT, ANSWER, functions=[FUNCTION]),
    ),
    "an input that ends with a tool's result": ("dpo", asking(USER, calling(), REPLY, tools=[TOOL])),
    "keys of a reinforcement row that mean something in others": (
        "reinforcement",
        graded(USER, functions="f", parallel_tool_calls="all", weight=3, input={}),
    ),
    "a call that ends the row": ("supervised", tooled(calling(), REPLY, calling())),
}  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_it_is_not_remarked_on(measured: Any, name: str) -> None:
    method, row = SILENT[name]
    assert told(measured, row, method) == set()


@pytest.mark.parametrize("data", ["", "====", "iVBORw0KGgo*", "iVBORw0KG", "aïoe", "iVBORw0K-_=="])
def test_what_no_reader_decodes_is_no_image(measured: Any, data: str) -> None:
    (problem,) = measured(lines(shown(url=f"data:image/png;base64,{data}"))).problems
    assert problem.rule == "image-data"


def test_an_output_is_held_to_the_schema_of_the_tool_it_calls(measured: Any) -> None:
    row = {**asking(USER, tools=[TOOL]), "preferred_output": [calling('{"x": "one"}')]}
    (problem,) = measured(lines(row), method="dpo").errors
    assert problem.rule == "tool-arguments-fit"
    assert "preferred_output[0].tool_calls[0]" in problem.detail


def test_what_would_be_cut_is_told_in_tokens(measured: Any) -> None:
    row = chat(USER, {**ANSWER, "content": "word " * 200})
    (problem,) = measured(lines(row), "o200k_base", longest=100).problems
    longest = measured(lines(row), "o200k_base").facts.tokens["o200k_base"].longest
    assert f"the longest has {longest}, its last {longest - 100} beyond that." in problem.detail


@pytest.mark.parametrize("key", [{}, {"name": "jane"}], ids=["plain", "named"])
def test_a_learned_answer_that_is_cut_is_an_error_whoever_speaks_after_it(measured: Any, key: dict[str, str]) -> None:
    long, short = {"content": "word " * 200}, {"content": "word"}

    def rules(*messages: dict[str, Any]) -> set[str]:
        row = chat({**USER, **key}, *({**message, **key} for message in messages))
        return {problem.rule for problem in measured(lines(row), "o200k_base", longest=100).problems}

    assert rules({**ANSWER, **long}, {**USER, **short}) == {"cut-answer", "ends-unanswered"}
    assert rules({**ANSWER, **short}, {**USER, **long}) == {"cut-row", "ends-unanswered"}
    assert rules({**ANSWER, **short}, {**ANSWER, **long, "weight": 0}) == {"cut-row"}
    assert rules({**ANSWER, **long, "weight": 0}, {**ANSWER, **short}) == {"cut-answer"}


def test_a_grader_that_reads_below_a_key_is_held_to_every_object_on_its_way(measured: Any) -> None:
    grader = {"type": "string_check", "input": "{{ item.a.b }}", "reference": "{{item.c}} {{ item.a.b.lower }}"}
    assert item_fields(grader) == ("a.b", "a.b.lower", "c")

    def lacking(**row: Any) -> list[str]:
        data = lines({"messages": [USER], **row})
        found = measured(data, method="reinforcement", item_fields=item_fields(grader)).problems
        assert {problem.rule for problem in found} <= {"grader-field"}
        return [problem.detail.split("item.")[1].split(",")[0] for problem in found]

    assert lacking(a={"b": "x"}, c=1) == []
    assert lacking(a={}, c=1) == ["a.b", "a.b.lower"]
    assert lacking(a="a text", d=1) == ["c"]


def test_a_file_is_refused_by_the_byte_beyond_what_the_provider_takes(measured: Any) -> None:
    data = lines(chat(USER, ANSWER))
    assert measured(data, max_bytes=len(data)).problems == ()
    (problem,) = measured(data, max_bytes=len(data) - 1).problems
    assert (problem.rule, problem.severity) == ("file-too-large", "error")
    assert f"{len(data)} bytes; the provider takes {len(data) - 1} at most" in problem.detail
