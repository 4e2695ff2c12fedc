"""Foreign files become rows with every text they had and none they had not, or every reason why not."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ftplan.core.conversions import Converted
from ftplan.datasets.converting.conversion import LISTED_PROBLEMS, Order, convert
from ftplan.errors import DatasetError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


def converted(data: bytes, name: str = "rows.jsonl", **order: Any) -> tuple[list[dict], Converted]:
    out = io.BytesIO()
    done = convert(io.BytesIO(data), name, Order(**order), out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(rows) == done.rows
    return rows, done


def problems(data: bytes, name: str = "rows.jsonl", **order: Any) -> list[str]:
    """What is refused, each with its line."""
    out = io.BytesIO()
    with pytest.raises(DatasetError) as refused:
        convert(io.BytesIO(data), name, Order(**order), out)
    return [f"{p.place.line if p.place else ''}: {p.summary}. {p.detail}" for p in refused.value.problems]


def jsonl(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def table(*records: dict) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(records)), file)
    return file.getvalue()


def said(row: dict) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in row["messages"]]


def sharegpt(*turns: tuple[str, str], **keys: Any) -> dict:
    return {"conversations": [{"from": who, "value": text} for who, text in turns], **keys}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), st.sampled_from(["jsonl", "list", "parquet"]), TEXT)
def test_a_sharegpt_conversation_keeps_every_text(turns: list, container: str, system: str) -> None:
    flat = [
        ("system", system),
        *((who, text) for pair in turns for who, text in zip(("human", "gpt"), pair, strict=True)),
    ]
    record = sharegpt(*flat)
    data = {"jsonl": jsonl(record), "list": json.dumps([record], indent=1).encode(), "parquet": table(record)}
    rows, done = converted(data[container])
    roles = {"human": "user", "gpt": "assistant", "system": "system"}
    assert said(rows[0]) == [(roles[who], text) for who, text in flat]
    assert (done.shape, done.rows, done.dropped) == ("sharegpt", 1, ())


@settings(max_examples=100, deadline=None)
@given(TEXT, TEXT, TEXT, st.sampled_from(["csv", "jsonl", "parquet"]))
def test_an_alpaca_instruction_keeps_every_text(instruction: str, given_: str, output: str, container: str) -> None:
    record = {"instruction": instruction, "input": given_, "output": output}
    rows, done = converted(*written([record], container))
    assert said(rows[0]) == [("user", f"{instruction}\n\n{given_}"), ("assistant", output)]
    assert done.shape == "alpaca"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), st.sampled_from(",;\t|"), st.sampled_from(["", "\ufeff"])
)
def test_a_csv_file_keeps_every_text_whatever_its_delimiter(pairs: list, delimiter: str, mark: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([("prompt", "completion"), *pairs])
    rows, done = converted((mark + text.getvalue()).encode(), "rows.csv")
    assert [[content for _, content in said(row)] for row in rows] == [list(pair) for pair in pairs]
    assert (done.container, done.delimiter) == ("CSV", delimiter)


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT, st.booleans(), st.sampled_from(["jsonl", "parquet"]))
def test_a_preference_pair_keeps_every_text(asked: str, good: str, bad: str, whole: bool, container: str) -> None:
    def spoken(answer: str) -> Any:
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
        return turns if whole else answer

    record = {"prompt": asked, "chosen": spoken(good), "rejected": spoken(bad)}
    rows, _ = converted(*written([record], container), target="preference")
    assert rows == [
        {
            "input": {"messages": [{"role": "user", "content": asked}]},
            "preferred_output": [{"role": "assistant", "content": good}],
            "non_preferred_output": [{"role": "assistant", "content": bad}],
        }
    ]


def written(records: list[dict], container: str) -> tuple[bytes, str]:
    if container == "parquet":
        return table(*records), "rows.parquet"
    if container == "jsonl":
        return jsonl(*records), "rows.jsonl"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode(), "rows.csv"


def test_messages_with_role_and_content_go_through_with_what_belongs_to_them() -> None:
    messages = [
        {"role": "human", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Yes", "weight": 0},
        {"role": "user", "content": "And?", "name": "ann"},
        {"role": "assistant", "content": "No", "weight": None, "id": 7},
    ]
    rows, done = converted(jsonl({"messages": messages}))
    assert rows[0]["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Yes", "weight": 0},
        {"role": "user", "content": "And?", "name": "ann"},
        {"role": "assistant", "content": "No"},
    ]
    assert done.dropped == ("messages[].id",)


def test_calls_written_as_turns_become_calls_with_answers() -> None:
    tools = [{"name": "find", "description": "d", "parameters": {"type": "object", "properties": {}}}]
    record = sharegpt(
        ("human", "Where?"),
        ("function_call", '{"name": "find", "arguments": {"id": "é"}}'),
        ("observation", "hall 7"),
        ("gpt", "In hall 7."),
        tools=json.dumps(tools),
    )
    rows, _ = converted(jsonl(record))
    call = rows[0]["messages"][1]["tool_calls"][0]
    assert call["function"] == {"name": "find", "arguments": '{"id": "é"}'}
    assert rows[0]["messages"][2] == {"role": "tool", "content": "hall 7", "tool_call_id": call["id"]}
    assert rows[0]["tools"] == [{"type": "function", "function": tools[0]}]


def test_an_alpaca_history_comes_before_the_question() -> None:
    record = {"instruction": "c", "output": "d", "history": [["a", "b"]], "system": "s", "input": ""}
    rows, _ = converted(jsonl(record))
    assert said(rows[0]) == [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]


def test_a_system_text_is_given_only_to_rows_without_one() -> None:
    own = sharegpt(("system", "mine"), ("human", "a"), ("gpt", "b"))
    rows, _ = converted(jsonl(own, sharegpt(("human", "a"), ("gpt", "b"))), system="yours")
    assert [row["messages"][0]["content"] for row in rows] == ["mine", "yours"]


def test_columns_are_found_under_the_names_given() -> None:
    data = b"question,completion,answer\nq,x,a\n"
    rows, done = converted(data, "f.csv", columns={"prompt": "question", "completion": "answer"})
    assert said(rows[0]) == [("user", "q"), ("assistant", "a")]
    assert done.dropped == ()


def test_what_rows_have_no_place_for_is_named() -> None:
    _, done = converted(jsonl(sharegpt(("human", "a"), ("gpt", "b"), id="1", source="web")))
    assert done.dropped == ("id", "source")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (sharegpt(("alien", "a")), "1: A turn has an unknown role. conversations[0].from is 'alien'"),
        (sharegpt(("human", " ")), "1: A value is empty. conversations[0].value holds no text."),
        ({"conversations": []}, "1: A conversation is empty."),
        ({"conversations": "Hi"}, "1: A conversation cannot be read."),
        ({"conversations": [{"value": "a"}]}, "1: A turn has no speaker."),
        ({"conversations": [{"from": "gpt"}]}, "1: A turn has no text."),
        ({"conversations": ["a"]}, "1: A turn cannot be read."),
        (sharegpt(("human", "a")), "1: A row has no assistant message."),
        (sharegpt(("human", "a"), ("tool", "b")), "1: A tool's turn answers no call."),
        (sharegpt(("human", "a"), ("function_call", "find()")), "1: A call cannot be read."),
        (sharegpt(("system", "a"), ("gpt", "b"), system="c"), "1: A record has two system texts."),
        (sharegpt(("human", "a"), ("gpt", "b"), tools="{"), "1: The tools cannot be read."),
        ({"instruction": "a", "output": ""}, "1: A value is empty. output holds no text."),
        ({"instruction": "a", "output": 7}, "1: A value is not a text. output is a number."),
        ({"instruction": "a", "output": "b", "history": [["c"]]}, "1: The history cannot be read."),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "1: The columns do not fit."),
        ({"question": "a"}, "1: The columns do not fit. The record has 'question'"),
        ({"conversations": [], "messages": []}, "1: A record has two conversations."),
    ],
)
def test_what_cannot_be_a_row_is_said_with_its_line(record: dict, expected: str) -> None:
    assert problems(jsonl(record))[0].startswith(expected)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"prompt": "a", "chosen": "b"}, "1: The columns do not fit."),
        ({"chosen": "b", "rejected": "c"}, "1: A column is missing."),
        ({"prompt": "a", "chosen": "b", "rejected": ""}, "1: A value is empty."),
        (
            {
                "prompt": "x",
                "chosen": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                "rejected": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "c"}],
            },
            "1: The answers answer different prompts.",
        ),
    ],
)
def test_what_cannot_be_a_pair_is_said_with_its_line(record: dict, expected: str) -> None:
    assert problems(jsonl(record), target="preference")[0].startswith(expected)


def test_the_first_problems_are_listed_and_the_rest_counted() -> None:
    found = problems(jsonl(*[{"prompt": "a", "completion": ""}] * 50))
    assert len(found) == LISTED_PROBLEMS + 1
    assert "30 more records are broken" in found[-1]


def test_broken_records_are_left_out_and_counted_on_request() -> None:
    good = {"prompt": "a", "completion": "b"}
    data = jsonl(good) + b"{\n\n" + jsonl({"prompt": "a"}, good)
    rows, done = converted(data, skip_broken=True)
    assert (len(rows), done.broken) == (2, 2)
    assert [problem.place.line for problem in done.problems if problem.place] == [2, 4]


def test_a_file_of_which_nothing_is_left_is_refused() -> None:
    assert "None of its 1 records" in problems(jsonl({"prompt": "a", "completion": ""}), skip_broken=True)[-1]
    assert problems(b"", "rows.jsonl")[-1].endswith(": Nothing to convert. It has no records.")


def test_problems_in_a_csv_file_have_the_line_their_record_starts_on() -> None:
    data = b'prompt,completion\n"a\nb",c\n\nd\ne,\n'
    assert [problem.partition(".")[0] for problem in problems(data, "f.csv")] == [
        "5: A record has not as many cells as the header",
        "6: A value is empty",
    ]


def test_problems_in_a_json_list_have_the_line_their_record_starts_on() -> None:
    data = b'\xef\xbb\xbf[\n {"prompt": "a", "completion": "b"},\n\n {"prompt": "a",\n "completion": ""},\n7]'
    assert [problem.partition(".")[0] for problem in problems(data, "f.json")] == [
        "4: A value is empty",
        "6: A row is not a JSON object",
    ]


def test_problems_in_parquet_have_the_number_of_their_row() -> None:
    data = table({"prompt": "a", "completion": "b"}, {"prompt": "a", "completion": ""})
    assert "Row 2: completion holds no text." in problems(data, "f.parquet")[0]


@pytest.mark.parametrize(
    ("data", "name", "summary"),
    [
        (b'prompt,completion\n"a,b\n', "f.csv", "The file is not valid CSV"),
        (b"prompt,completion\na,\xff\n", "f.csv", "The file is not UTF-8"),
        (b"prompt,prompt\na,b\n", "f.csv", "A column has the name of another"),
        (b'[{"prompt": "a", "completion": "b"}', "f.json", "The file is not valid JSON"),
        (b"[\xff]", "f.json", "The file is not UTF-8"),
        (b"PAR1 and nothing else", "f", "The file is not valid Parquet"),
        (b"some text", "f.txt", "The kind of file is not known"),
        (b"", "f.csv", "Nothing to convert"),
        (b"", "f.jsonl", "Nothing to convert"),
        (b"[]", "f.json", "Nothing to convert"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(data: bytes, name: str, summary: str) -> None:
    assert problems(data, name)[-1].partition(": ")[2].startswith(summary)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["f.csv", "f.json", "f.jsonl", "f.parquet"]),
    st.sampled_from([b"", b"[", b"PAR1", b"{"]),
)
def test_no_file_whatever_makes_a_traceback(data: bytes, name: str, start: bytes) -> None:
    with contextlib.suppress(DatasetError):
        converted(start + data, name)


def test_half_a_surrogate_pair_survives() -> None:
    rows, _ = converted(b'{"prompt": "a\\ud800", "completion": "b"}\n')
    assert rows[0]["messages"][0]["content"] == "a\ud800"


def test_a_long_file_is_read_a_record_at_a_time(tmp_path: Path) -> None:
    """The first row is out before the last is read."""
    out = io.BytesIO()

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            found = super().read(4096)
            reads.append((len(found), out.tell()))
            return found

    reads: list[tuple[int, int]] = []
    convert(Watched(jsonl(*[{"prompt": "a" * 50, "completion": "b"}] * 1000)), "f.jsonl", Order(), out)
    assert len(reads) > 10
    assert 0 < reads[len(reads) // 2][1] < out.tell()
