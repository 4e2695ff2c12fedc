"""Whatever a file holds, reading it ends soon, in little memory, with problems that have a place."""

from __future__ import annotations

import itertools
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.config.compose import parse_tree
from ftplan.config.source import read_source
from ftplan.errors import Problem


def chain(first: str, link: str, count: int) -> str:
    names = ["a", *(f"n{i}" for i in range(1, count))]
    rows = [f"a: &a {first}"] + [f"{n}: &{n} " + link.replace("*", f"*{p}") for p, n in itertools.pairwise(names)]
    return "\n".join(rows)


CORPUS: dict[str, tuple[str | bytes, str]] = {
    "billion laughs": (chain("[x,x,x,x,x,x,x,x,x]", "[*,*,*,*,*,*,*,*,*]", 10), "Too many values"),
    "merge bomb": (
        "a: &a {" + ",".join(f"k{i}: 1" for i in range(9000)) + "}\nb: {<<: [" + ",".join(["*a"] * 200) + "]}",
        "Too many values",
    ),
    "text by alias": ("a: &a " + "x" * 500_000 + "\nb: [*a, *a, *a]", "Too many values"),
    "deep by alias": (chain("[x]", "[*]", 40), "Nested too deeply"),
    "deep brackets": ("a: " + "[" * 5000, "Nested too deeply"),
    "deep closed brackets": ("a: " + "[" * 5000 + "]" * 5000, "Nested too deeply"),
    "deep braces": ("{a: " * 5000, "Nested too deeply"),
    "deep dashes": ("- " * 5000, "Nested too deeply"),
    "deep indentation": ("".join(" " * i + "a:\n" for i in range(500)), "Nested too deeply"),
    "huge": (b"a: " + b"x" * 5_000_000, "File too large"),
    "many values": ("-\n" * 200_000, "Too many values"),
    "many values in brackets": ("[" + "a," * 400_000 + "]", "Too many values"),
    "python tag": ("a: !!python/object/apply:os.system [ls]", "YAML tag"),
    "python name": ("a: !!python/name:os.system ''", "YAML tag"),
    "standard tag": ("a: !!int 3", "YAML tag"),
    "own tag": ("a: !include /etc/passwd", "YAML tag"),
    "tagged key": ("!!str a: 1", "Key is not text"),
    "cycle": ("a: &a [*a]", "Recursive alias"),
    "cycle of mappings": ("a: &a {b: *a}", "Recursive alias"),
    "merge with itself": ("a: &a {<<: *a}", "Recursive alias"),
    "merge with text": ("a: {<<: b}", "Invalid merge"),
    "unknown alias": ("a: *b", "Unknown alias"),
    "repeated key": ("a: 1\na: 2", "Repeated key"),
    "repeated quoted key": ("a: 1\n'a': 2", "Repeated key"),
    "list as key": ("? [a, b]\n: 1", "Key is not text"),
    "mapping as key": ("{a: b}: 1", "Key is not text"),
    "alias as key": ("a: &x y\n*x : 1", "Key is not text"),
    "number as key": ("1: x", "Key is not text"),
    "null as key": ("~: x", "Key is not text"),
    "truth as key": ("true: x", "Key is not text"),
    "long key": ("a" * 300 + ": x", "Invalid name"),
    "key over lines": ('"a\\nb": x', "Invalid name"),
    "documents": ("a: 1\n---\nb: 2", "Several documents"),
    "empty": ("", "Empty configuration"),
    "comment": ("# nothing", "Empty configuration"),
    "null": ("null", "Empty configuration"),
    "utf-16": ("version: 1".encode("utf-16"), "File is not UTF-8"),
    "latin-1": (b"a: caf\xe9", "File is not UTF-8"),
    "cut utf-8": (b"a: \xf0\x9f", "File is not UTF-8"),
    "nul": (b"a: b\x00c", "Character not allowed"),
    "escape character": (b"a: \x1b[2J", "Character not allowed"),
    "right-to-left": ("a: b\u202ec", "Character not allowed"),
    "line separator": ("a: b\u2028c: d", "Character not allowed"),
    "mark in the middle": ("a: \ufeffb", "Character not allowed"),
    "escaped nul": (r'a: "b\0c"', "Character not allowed"),
    "infinity": ("a: -.INF", "Number not allowed"),
    "not a number": ("a: .nan", "Number not allowed"),
    "too large": ("a: 1e999", "Number not allowed"),
    "many digits": ("a: " + "9" * 5000, "Number not allowed"),
    "tab": ("a:\n\tb: 1", "YAML syntax error"),
    "unclosed": ("a: 'b", "YAML syntax error"),
    "no space": ("a: b: c", "YAML syntax error"),
    "bad escape": (r'a: "\z"', "YAML syntax error"),
}


@pytest.mark.parametrize("case", CORPUS)
def test_a_hostile_file_ends_in_problems_with_a_place(load, case):
    text, summary = CORPUS[case]
    tracemalloc.start()
    begun = time.process_time()
    loaded = load(text)
    spent, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert loaded.project is None
    assert summary in [problem.summary for problem in loaded.problems]
    for problem in loaded.problems:
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert len(problem.place.excerpt) < 170
        assert problem.detail
    assert spent < 10
    assert peak < 100_000_000


def test_unknown_names_by_the_thousand_end_soon(load):
    rows = "".join(f"  m{i}: {{base_model: model.x{i}, dataset: d{i}}}\n" for i in range(5000))
    begun = time.process_time()
    assert len(load("version: 1\nproviders: {a: {}}\nmodels:\n" + rows).problems) == 101
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("text", ["${var.a}" * 5000, "x${var.a}"])
def test_variables_do_not_blow_up_either(load, text):
    rows = ",".join(f"k{i}: '{text}'" for i in range(20))
    loaded = load(f"version: 1\nvariables: {{a: {{default: '{'x' * 200_000}'}}}}\nstate: {{}}\nbudget: {{{rows}}}\n")
    assert "Too many values" in [problem.summary for problem in loaded.problems]


def test_a_pipe_is_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "ftplan.yaml")
    assert isinstance(read_source(tmp_path / "ftplan.yaml"), Problem)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 0.0001),
        ("1e5", 100000.0),
        (".5", 0.5),
        ("-3", -3),
        ("+3", 3),
        ("0", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("no", "no"),
        ("n", "n"),
        ("012", "012"),
        ("0x10", "0x10"),
        ("0o7", "0o7"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("'3'", "3"),
        ('"true"', "true"),
        ("=", "="),
        ("1e", "1e"),
        (".", "."),
    ],
)
def test_unquoted_words_mean_what_they_mean_in_yaml_1_2(text, value):
    tree, problems = parse_tree(f"a: {text}\n", "f")
    assert problems == []
    assert (tree.value, type(tree.value["a"])) == ({"a": value}, type(value))


def test_a_byte_order_mark_and_windows_line_ends_are_read_over(load):
    loaded = load(b"\xef\xbb\xbfversion: 1\r\nproject: a\r\nx: 1\r\n")
    assert [(p.place.line, p.place.column, p.place.excerpt) for p in loaded.problems] == [(3, 1, "x: 1")]


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from([*list("ab:-[]{}&*!|>'\"#,?%@ \n\t<~1.$"), "é", "😀"]), max_size=60))
def test_any_text_gives_a_tree_or_problems_with_places(text):
    tree, problems = parse_tree(text, "f")
    assert tree is not None or problems or not text.strip() or "#" in text or "-" in text or "." in text or "%" in text
    for problem in problems:
        assert problem.place.line >= 1
        assert problem.place.column >= 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(tmp_path_factory, data):
    from ftplan.config import load_project

    path = tmp_path_factory.mktemp("bytes") / "ftplan.yaml"
    path.write_bytes(data)
    loaded = load_project(path)
    assert loaded.project is None
    assert all(problem.place.line for problem in loaded.problems)
