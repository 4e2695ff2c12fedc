"""Names are read off a configuration in any state of being written, in a moment, and nothing is complained about."""

from __future__ import annotations

import time

import pytest

from ftplan.config.outline import Outline, outline

WRITTEN = {
    "a whole file": (
        "models: {a: {base_model: x}, b: {dataset: {path: y}}}\ndatasets: {d: {path: x}}\nvariables: {v: {}}\n",
        Outline(("a", "b"), ("d",), ("v",)),
    ),
    "halves": (
        "datasets:\n  d: {path: x, split: {validation: 0.1}}\n  e: {path: y}\n",
        Outline(datasets=("d", "e", "d-validation")),
    ),
    "a name twice": ("models: {a: {}, a: {}}\n", Outline(("a",))),
    "names by alias": ("models: {<<: *x, a: &x {}, b: *x}\n", Outline(("a", "b"))),
    "an open bracket": ("models:\n  a: {base_model: x}\n  b: {base\n  c:\n    seed: 7\n", Outline(("a", "b", "c"))),
    "a word without a colon": ("models:\n  a:\n    x: 1\n  b\n  c:\n    y: 2\n", Outline(("a", "c"))),
    "an open JSON document": ('{"version": 1, "models": {"a": {"seed": 1}, "b": {', Outline(("a", "b"))),
    "lists and texts": ("models: [a, b]\ndatasets: text\nvariables:\n", Outline()),
    "odd names": ("models: {1: {}, 'a b': {}, $(x): {}, é: {}, ? [a] : {}, ok: {}}\n", Outline(("ok",))),
    "a state of its own": ("state: {path: states/x.json}\n", Outline(state="states/x.json")),
    "a state out of the folder": ("state: {path: ../x.json}\n", Outline(state=None)),
    "a state elsewhere": ("state: {backend: http, path: x.json}\n", Outline(state=None)),
    "nothing": ("", Outline()),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_names_are_read_as_far_as_they_can_be(tmp_path, what):
    text, found = WRITTEN[what]
    (tmp_path / "ftplan.yaml").write_text(text)
    assert outline(tmp_path) == found


def test_without_a_configuration_nothing_is_declared(tmp_path):
    assert outline(tmp_path) == outline(tmp_path / "nowhere") == Outline()
    (tmp_path / "ftplan.yml").write_text("models: {a: {}}\n")
    assert outline(tmp_path).models == ("a",)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "{a: " * 250_000,
        "models:\n" + "  m: {}\n" * 100_000,
        "a: &a [x]\n" + "b: [*a, *a]\n" * 80_000,
        "models: '" + "x" * 1_000_000,
        "- " * 500_000,
    ],
    ids=["brackets", "braces", "many models", "aliases", "an endless text", "dashes"],
)
def test_a_hostile_file_takes_a_moment(tmp_path, text):
    (tmp_path / "ftplan.yaml").write_text(text)
    begun = time.process_time()
    outline(tmp_path)
    assert time.process_time() - begun < 2
