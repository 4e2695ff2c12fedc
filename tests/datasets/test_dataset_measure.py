"""One pass gives rows, tokens and what is wrong with the file as a whole."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc

import pytest

from ftplan.datasets import Demands, measure
from ftplan.datasets.counting.memory import Memory
from ftplan.datasets.counting.tokens import counts
from ftplan.datasets.rows.framing import parts_of

USER = {"role": "user", "content": "What is the capital of France?"}
ANSWER = {"role": "assistant", "content": "Paris, as everybody knows."}
ROW = {"messages": [{"role": "system", "content": "Be brief."}, USER, ANSWER]}


def counted(measured, jsonl, row, encoding="o200k_base", **options) -> int:
    return measured(jsonl(row), encoding, **options).facts.tokens[encoding].total


def test_a_conversation_counts_as_the_published_recipe(measured, jsonl, reference):
    expected = 3
    for message in ROW["messages"]:
        expected += 3 + sum(reference(value, "o200k_base") for value in message.values())
    assert counted(measured, jsonl, ROW) == expected


def test_a_name_counts_its_text_and_one(measured, jsonl, reference):
    named = {"messages": [{**USER, "name": "annabel"}, ANSWER]}
    bare = {"messages": [USER, ANSWER]}
    more = reference("annabel", "o200k_base") + 1
    assert counted(measured, jsonl, named) == counted(measured, jsonl, bare) + more


@pytest.mark.parametrize(("encoding", "start"), [("o200k_base", 7), ("cl100k_base", 10)])
def test_a_flat_tool_counts_as_the_published_recipe(encoding, start, measured, jsonl, reference):
    unit = {"type": "string", "description": "The unit.", "enum": ["celsius", "kelvin"]}
    parameters = {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}, "unit": unit}}
    function = {"name": "weather", "description": "Says the weather.", "parameters": parameters}
    tool = {"type": "function", "function": function}
    texts = ["weather:Says the weather", "city:string:Where", "unit:string:The unit", "celsius", "kelvin"]
    # function, properties, two properties, enum with two items, end
    expected = start + 3 + 2 * 3 + (-3 + 2 * 3) + 12 + sum(reference(text, encoding) for text in texts)
    row = {"messages": [USER, ANSWER]}
    more = counted(measured, jsonl, {**row, "tools": [tool]}, encoding) - counted(measured, jsonl, row, encoding)
    assert more == expected
    legacy = counted(measured, jsonl, {**row, "functions": [function]}, encoding)
    assert legacy - counted(measured, jsonl, row, encoding) == expected


ODD_SCHEMAS = [
    {},
    {"type": "object", "properties": {}},
    {"properties": {"x": {}}},
    {"properties": {"x": True, "y": None}},
    {"properties": {"x": {"type": ["string", "null"], "enum": [1, None, "a"]}}},
    {"properties": {"x": {"type": "array", "items": {"type": "object", "properties": {"y": {"description": 5}}}}}},
    {"properties": {"x": {"anyOf": [{"type": "string"}, {"properties": {"z": {"enum": "no list"}}}]}}},
    {"$defs": {"a": {"properties": {"b": {}}}}, "properties": []},
]


@pytest.mark.parametrize("parameters", ODD_SCHEMAS)
def test_any_schema_can_be_counted(parameters, measured, jsonl):
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    assert counted(measured, jsonl, {"messages": [USER, ANSWER], "tools": [tool]}) > 0


def test_nested_properties_are_counted_too():
    inner = {"type": "object", "properties": {"street": {"type": "string", "description": "Which"}}}
    function = {"name": "f", "parameters": {"type": "object", "properties": {"address": inner}}}
    parts = parts_of({"messages": [USER, ANSWER], "functions": [function]}, "chat")
    assert parts.texts[-3:] == ["f:", "address:object:", "street:string:Which"]


def test_calls_count_their_names_and_arguments(measured, jsonl, reference):
    function = {"name": "fetch", "arguments": '{"page": 17}'}
    call = {"id": "an id that no model sees", "type": "function", "function": function}
    row = {"messages": [USER, {"role": "assistant", "tool_calls": [call]}]}
    bare = {"messages": [USER, {"role": "assistant", "content": ""}]}
    more = reference("fetch", "o200k_base") + reference('{"page": 17}', "o200k_base")
    assert counted(measured, jsonl, row) == counted(measured, jsonl, bare) + more


@pytest.mark.parametrize(("detail", "tokens"), [({"detail": "low"}, 85), ({"detail": "high"}, 765), ({}, 765)])
def test_an_image_counts_a_flat_number(detail, tokens, measured, jsonl):
    text = {"type": "text", "text": "what?"}
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png", **detail}}
    with_image = {"messages": [{"role": "user", "content": [text, image]}, ANSWER]}
    without = {"messages": [{"role": "user", "content": "what?"}, ANSWER]}
    assert counted(measured, jsonl, with_image) == counted(measured, jsonl, without) + tokens


def test_a_preference_row_counts_its_input_once_and_both_outputs(measured, jsonl):
    row = {"input": {"messages": [USER]}, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]}
    same = {"messages": [USER, ANSWER, ANSWER]}
    assert counted(measured, jsonl, row) == counted(measured, jsonl, same)


def test_reference_values_of_reinforcement_rows_do_not_count(measured, jsonl):
    row = {"messages": [USER], "reference": "a long text that only the grader reads"}
    assert counted(measured, jsonl, row) == counted(measured, jsonl, {"messages": [USER]}, method="reinforcement")


def trained(measured, jsonl, *rows, **options) -> int:
    return measured(jsonl(*rows), "o200k_base", **options).facts.tokens["o200k_base"].trained


def test_trained_are_content_and_calls_of_answers_whose_weight_is_not_0(measured, jsonl, reference):
    call = {"id": "c1", "type": "function", "function": {"name": "fetch", "arguments": '{"page": 17}'}}
    messages = [
        {"role": "system", "content": "Be brief."},
        USER,
        {"role": "assistant", "content": "Not this one.", "weight": 0},
        USER,
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call], "weight": 1},
        {"role": "tool", "tool_call_id": "c1", "content": "a page"},
        {**ANSWER, "name": "annabel"},
        {"role": "assistant", "content": None, "refusal": "I had rather not."},
        {"role": "assistant", "content": [{"type": "text", "text": "In parts."}]},
    ]
    spoken = ["Let me see.", "fetch", '{"page": 17}', ANSWER["content"], "I had rather not.", "In parts."]
    row = {"messages": messages}
    assert trained(measured, jsonl, row) == sum(reference(text, "o200k_base") for text in spoken)
    assert trained(measured, jsonl, row) < counted(measured, jsonl, row)


def test_a_plain_row_is_trained_as_any_other(measured, jsonl, reference):
    row = {"messages": [USER, {**ANSWER, "weight": 0}, USER, ANSWER]}
    assert trained(measured, jsonl, ROW, ROW) == trained(measured, jsonl, row, row)


def test_both_outputs_of_a_preference_row_are_trained_on(measured, jsonl, reference):
    worse = {"role": "assistant", "content": "Lyon."}
    row = {"input": {"messages": [USER, ANSWER, USER]}, "preferred_output": [ANSWER], "non_preferred_output": [worse]}
    expected = sum(reference(answer["content"], "o200k_base") for answer in (ANSWER, worse))
    assert trained(measured, jsonl, row) == expected


def test_of_a_completion_row_the_completion_is_trained_on_and_of_a_reinforcement_row_nothing(measured, jsonl):
    assert trained(measured, jsonl, {"prompt": "one two", "completion": " three"}) == 1
    assert trained(measured, jsonl, {"messages": [USER, ANSWER, USER]}, method="reinforcement") == 0


def test_a_reinforcement_row_may_call_its_own_key_functions(measured, jsonl):
    row = {"messages": [USER], "functions": True}
    bare = {"messages": [USER]}
    found, expected = (counted(measured, jsonl, each, method="reinforcement") for each in (row, bare))
    assert found == expected


def test_remembered_counts_change_nothing(measured, jsonl):
    rows = [{"messages": [{**USER, "name": f"number {n % 7}"}, ANSWER]} for n in range(50)]
    apart = sum(counted(measured, jsonl, row) for row in rows)
    assert measured(jsonl(*rows), "o200k_base").facts.tokens["o200k_base"].total == apart


def test_a_text_that_comes_again_is_counted_once_and_few_are_held():
    asked: list[str] = []

    def counting(texts):
        asked.extend(texts)
        return counts(texts, "o200k_base")

    memory = Memory(counting, characters=1_000)
    for number in range(60):
        texts = ["the same in every row", f"text {number} " * 20, "the same in every row"]
        known = memory.counts(texts)
        assert [known[text] for text in texts] == counts(texts, "o200k_base")
        assert len(memory) <= 16
    assert len(asked) == 61  # the repeated one is always among those asked for last


def test_a_completion_counts_both_its_texts(measured, jsonl, reference):
    assert counted(measured, jsonl, {"prompt": "one two", "completion": " three"}) == 3


def test_special_tokens_and_lone_surrogates_in_a_row_are_ordinary_text(measured, jsonl, reference):
    row = {"messages": [USER, {"role": "assistant", "content": "<|endoftext|>\ud800"}]}
    bare = {"messages": [USER, {"role": "assistant", "content": ""}]}
    more = reference("<|endoftext|>\ud800", "o200k_base")
    assert counted(measured, jsonl, row) == counted(measured, jsonl, bare) + more


def test_the_longest_row_is_named_by_its_line(measured, jsonl):
    long = {"messages": [USER, {"role": "assistant", "content": "word " * 100}]}
    facts = measured(jsonl(ROW, ROW, long, ROW), "o200k_base", "cl100k_base").facts
    assert set(facts.tokens) == {"o200k_base", "cl100k_base"}
    tokens = facts.tokens["o200k_base"]
    assert tokens.longest_line == 3
    assert tokens.longest == counted(measured, jsonl, long)
    assert tokens.total == tokens.longest + 3 * counted(measured, jsonl, ROW)


def test_rows_with_tools_and_images_are_counted(measured, jsonl):
    tooled = {**ROW, "tools": [{"type": "function", "function": {"name": "f"}}]}
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    pictured = {"messages": [{"role": "user", "content": [image, image]}, ANSWER]}
    facts = measured(jsonl(ROW, tooled, {**ROW, "tools": []}, pictured)).facts
    assert (facts.rows, facts.rows_with_tools, facts.rows_with_images) == (4, 1, 1)


WITHOUT_TOKENIZERS = """
import io, sys
sys.modules.update(splintr=None, tiktoken=None)
from ftplan.datasets import Demands, measure
from ftplan.errors import DatasetError
file = io.BytesIO(sys.stdin.buffer.read())
print(measure(file, "train.jsonl", (), Demands(min_rows=1)).facts.tokens)
try:
    measure(file, "train.jsonl", ["o200k_base"], Demands(min_rows=1))
except DatasetError:
    print("no tokenizer")
"""


def test_without_encodings_nothing_is_tokenised(jsonl):
    command = [sys.executable, "-c", WITHOUT_TOKENIZERS]
    done = subprocess.run(command, input=jsonl(ROW), capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["{}", "no tokenizer"]


def test_too_few_rows_name_their_number_and_the_rule(measured, jsonl):
    result = measured(jsonl(*[ROW] * 9), min_rows=10)
    (problem,) = result.errors
    assert result.facts is None
    assert problem.summary == "The dataset has too few rows"
    assert "9 rows" in problem.detail
    assert "10" in problem.detail
    assert measured(jsonl(*[ROW] * 10), min_rows=10).errors == ()


def test_an_empty_file_is_a_problem(measured):
    assert [problem.summary for problem in measured(b"").problems] == ["The dataset is empty"]


def long_row(*messages):
    return {"messages": [*messages, {"role": "assistant", "content": "word " * 100}]}


LIMITS = {"o200k_base": 60, "cl100k_base": 10_000}


def test_answers_that_would_be_cut_off_are_an_error(measured, jsonl):
    result = measured(jsonl(ROW, long_row(USER), long_row(USER, USER)), *LIMITS, longest=LIMITS)
    assert result.facts is None
    (problem,) = result.problems
    assert (problem.rule, problem.severity, problem.place.line) == ("cut-answer", "error", 3)
    assert problem.detail.startswith("2 rows have more than 60 tokens")


def test_a_limit_that_is_only_presumed_warns_and_leaves_the_facts(measured, jsonl):
    result = measured(jsonl(ROW, long_row(USER), long_row(USER, USER)), *LIMITS, presumed=LIMITS)
    assert result.facts is not None
    assert [(problem.rule, problem.severity) for problem in result.problems] == [("cut-row", "warning")]


def test_a_row_whose_end_teaches_nothing_loses_no_answer(measured, jsonl):
    untrained = {"messages": [USER, ANSWER, USER, {"role": "assistant", "content": "word " * 100, "weight": 0}]}
    result = measured(jsonl(untrained), *LIMITS, longest=LIMITS)
    assert result.facts is not None
    assert [problem.rule for problem in result.problems] == ["cut-row"]


def test_a_file_that_cannot_be_read_is_a_problem():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    (problem,) = measure(Broken(), "train.jsonl").problems
    assert problem.summary == "The dataset cannot be read"
    assert "Input/output error" in problem.detail


def test_measuring_starts_at_the_beginning_of_the_file(jsonl):
    file = io.BytesIO(jsonl(ROW))
    file.seek(0, io.SEEK_END)
    assert measure(file, "train.jsonl", (), Demands(min_rows=1)).facts.rows == 1


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "large.jsonl"
    with path.open("w") as file:
        for number in range(2_000):
            answer = {"role": "assistant", "content": f"{number} " * 950}
            file.write(json.dumps({"messages": [USER, {**USER, "name": f"n{number}"}, answer]}) + "\n")
    assert path.stat().st_size > 8_500_000
    tracemalloc.start()
    with path.open("rb") as file:
        assert measure(file, "large.jsonl", ["o200k_base"]).facts.rows == 2_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("name", "method", "rows", "tokens"),
    [
        ("drone_training.jsonl", "supervised", 103, 57_716),
        ("gsm8k_train.jsonl", "supervised", 7_473, 1_431_957),
        ("gsm8k_preference.jsonl", "dpo", 1_163, 363_473),
    ],
)
def test_real_files_pass(name, method, rows, tokens, real_data):
    with real_data(name).open("rb") as file:
        result = measure(file, name, ["o200k_base"], Demands(method))
    assert result.problems == ()
    assert (result.facts.rows, result.facts.tokens["o200k_base"].total) == (rows, tokens)


def test_a_real_file_with_five_rows_is_refused(real_data):
    with real_data("toy_chat_fine_tuning.jsonl").open("rb") as file:
        (problem,) = measure(file, "toy.jsonl", (), Demands("supervised")).problems
    assert problem.detail == "toy.jsonl has 5 rows; a job needs at least 10."


def test_a_real_chat_file_is_refused_for_preference_training(real_data):
    with real_data("gsm8k_train.jsonl").open("rb") as file:
        result = measure(file, "train.jsonl", (), Demands("dpo"))
    assert [problem.summary for problem in result.problems] == ["The rows do not fit the method"]


def test_a_real_file_counts_as_the_naive_recipe_over_tiktoken(real_data, reference):
    path = real_data("gsm8k_test.jsonl")
    expected = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        expected += 3
        for message in json.loads(line)["messages"]:
            expected += 3 + sum(reference(value, "cl100k_base") for value in message.values())
    with path.open("rb") as file:
        assert measure(file, path.name, ["cl100k_base"]).facts.tokens["cl100k_base"].total == expected
