"""What a file must be before its rows are looked at: JSON Lines, in UTF-8, strictly."""

from __future__ import annotations

import io

import pytest

from ftplan.datasets.reading.lines import MAX_LINE_BYTES, lines

GOOD = b'{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}'

BROKEN = {
    "a comma is missing": (b'{"messages":[] "tools":[]}', "A line is not valid JSON", 16),
    "an example is cut off": (b'{"messages":[', "A line is not valid JSON", 14),
    "single quotes": (b"{'messages':[]}", "A line is not valid JSON", 2),
    "two objects on a line": (GOOD + b" " + GOOD, "A line is not valid JSON", len(GOOD) + 2),
    "a raw control character": (b'{"prompt":"a\x01b","completion":"c"}', "A line is not valid JSON", 13),
    "a list": (b"[1]", "A row is not a JSON object", None),
    "a string": (b'"row"', "A row is not a JSON object", None),
    "null": (b"null", "A row is not a JSON object", None),
    "blank": (b"", "A line is blank", None),
    "white": (b" \t ", "A line is blank", None),
    "not a number": (b'{"prompt":"p","completion":"c","x":NaN}', "A number is NaN or infinite", None),
    "infinity": (b'{"prompt":"p","completion":"c","x":-Infinity}', "A number is NaN or infinite", None),
    "a number too large": (b'{"prompt":"p","completion":"c","x":1e400}', "A number is out of range", None),
    "a number too long": (
        b'{"prompt":"p","completion":"c","x":' + b"1" * 5000 + b"}",
        "A number is out of range",
        None,
    ),
    "a key twice": (b'{"prompt":"p","prompt":"p","completion":"c"}', "A key stands twice in one object", None),
    "a key twice inside": (GOOD[:-2] + b',{"role":"user","role":"user"}]}', "A key stands twice in one object", None),
    "latin-1": ('{"prompt":"pé","completion":"c"}'.encode("latin-1"), "A line is not valid UTF-8", 13),
    "too deep": (b'{"prompt":' + b"[" * 200 + b"]" * 200 + b"}", "A row is nested too deeply", None),
    "far too deep": (b'{"prompt":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "A row is nested too deeply", None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_line_is_named_with_line_and_column(name, measured, jsonl):
    line, summary, column = BROKEN[name]
    result = measured(jsonl(GOOD, GOOD, line, GOOD))
    assert result.facts is None
    (problem,) = result.problems
    assert (problem.summary, problem.place.line, problem.place.column) == (summary, 3, column)


def test_the_column_counts_characters_not_bytes(measured):
    (problem,) = measured('{"prompt":"ééé" "completion":"c"}\n'.encode()).problems
    assert problem.place.column == 17


def test_deep_but_allowed_nesting_is_taken(measured, jsonl):
    schema: dict = {}
    for _ in range(50):
        schema = {"type": "object", "properties": {"x": schema}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    row = {"messages": [{"role": "assistant", "content": "a"}], "tools": [tool] * 3}
    assert measured(jsonl(row), "o200k_base").problems == ()


def test_a_byte_order_mark_is_refused(measured):
    (problem,) = measured(b"\xef\xbb\xbf" + GOOD + b"\n").problems
    assert (problem.summary, str(problem.place)) == ("The file starts with a byte order mark", "train.jsonl:1:1")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_one_problem(encoding, measured):
    data = ("\ufeff" + (GOOD.decode() + "\n") * 30).encode(encoding)
    assert [problem.summary for problem in measured(data).problems] == ["The file is not UTF-8"]


@pytest.mark.parametrize("opening", [b"[\n", b"[" + GOOD + b",\n", b"{\n"])
def test_a_json_document_is_one_problem(opening, measured):
    (problem,) = measured(opening + (GOOD + b",\n") * 30 + b"]\n").problems
    assert problem.summary == "The file is one JSON document, not JSON Lines"


def test_a_trailing_blank_line_is_named(measured):
    (problem,) = measured(GOOD + b"\n\n").problems
    assert (problem.summary, problem.place.line) == ("A line is blank", 2)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_any_line_end_is_taken_and_the_last_may_be_missing(end, measured):
    assert measured(GOOD + (end or b"\n") + GOOD + end).facts.rows == 2


@pytest.mark.parametrize(("wrong", "more"), [(20, None), (21, "1 more line is"), (1500, "1,480 more lines are")])
def test_twenty_problems_are_listed_and_the_rest_is_counted(wrong, more, measured, jsonl):
    problems = measured(jsonl(GOOD, *[b"{]"] * wrong)).problems
    assert [p.place.line for p in problems[:20]] == list(range(2, 22))
    assert len(problems) == 20 + (more is not None)
    assert more is None or problems[-1].detail.startswith(more)


def test_a_row_with_many_faults_does_not_fill_the_list(measured, jsonl):
    assert len(measured(jsonl({"messages": [1] * 100})).problems) == 5


class Dripping(io.BytesIO):
    """A file that gives a few bytes at a time, whatever is asked."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3)


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"ab\ncdefghij\n\nk", b"\n\n", b"abcdefgh"])
def test_lines_do_not_depend_on_how_the_file_is_read(data):
    seen: list[bytes] = []
    expected = data.split(b"\n")[: -1 if data.endswith(b"\n") or not data else None]
    assert list(lines(Dripping(data), seen.append)) == list(enumerate(expected, 1))
    assert b"".join(seen) == data


def test_an_overlong_line_is_dropped_and_the_next_one_is_read():
    data = b"short\n" + b"x" * 50 + b"\nalso\n" + b"y" * 11
    expected = [(1, b"short"), (2, None), (3, b"also"), (4, None)]
    assert list(lines(Dripping(data), len, longest=10)) == expected
    assert list(lines(io.BytesIO(data), len, longest=10)) == expected


def test_an_overlong_line_is_a_problem(measured):
    (problem,) = measured(GOOD + b"\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n" + GOOD).problems
    assert (problem.summary, problem.place.line) == ("A line is too long", 2)
