"""Order, comments, quoting and white space never move the digest, nor what is declared."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.config import load_project

DOCUMENT = {
    "version": 1,
    "project": "support",
    "providers": {"openai": {}, "rehearsal": {"type": "sandbox"}},
    "datasets": {"t": {"path": "data/t.jsonl"}, "h": {"path": "data/h.jsonl"}},
    "models": {
        "a": {"provider": "openai", "base_model": "m", "dataset": "t", "epochs": 3, "metadata": {"x": "1", "y": "no"}},
        "b": {
            "provider": "openai",
            "base_model": "model.a",
            "dataset": "h",
            "hyperparameters": {"learning_rate_multiplier": 0.0001, "batch_size": "auto"},
            "lifecycle": {"prevent_destroy": True},
        },
    },
    "budget": {"max_total": 12.5},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("laws")


def scalar(value: object, draw) -> str:
    if isinstance(value, bool):
        return draw(st.sampled_from([str(value).lower(), str(value).upper()]))
    if isinstance(value, float):
        return draw(st.sampled_from([repr(value), f"{value:.10f}", f"{value:e}"]))
    if isinstance(value, int):
        return draw(st.sampled_from([str(value), f"+{value}", f"{value}.0"]))
    plain = [value] if not str(value).isdigit() else []
    return draw(st.sampled_from([*plain, f"'{value}'", json.dumps(value)]))


def rows(value: dict, column: int, draw) -> list[str]:
    out = []
    for key, item in draw(st.permutations(list(value.items()))):
        out += draw(st.sampled_from([[], [], [""], [" " * column + "# a comment"]]))
        head = " " * column + draw(st.sampled_from([key, f"'{key}'", f'"{key}"'])) + ":"
        tail = draw(st.sampled_from(["", "  # tail", "   "]))
        if isinstance(item, dict) and item and draw(st.booleans()):
            out += [head + tail, *rows(item, column + draw(st.integers(1, 4)), draw)]
        elif isinstance(item, dict):
            out.append(head + " " + flow(item, draw) + tail)
        else:
            out.append(head + " " * draw(st.integers(1, 3)) + scalar(item, draw) + tail)
    return out


def flow(value: object, draw) -> str:
    if not isinstance(value, dict):
        return scalar(value, draw)
    items = draw(st.permutations(list(value.items())))
    return "{" + ", ".join(f"{key}: {flow(item, draw)}" for key, item in items) + "}"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_way_it_is_written_moves_neither_digest_nor_project(folder, data):
    path = folder / "ftplan.yaml"
    path.write_text(json.dumps(DOCUMENT))
    plain = load_project(path).project
    path.write_text("\n".join(rows(DOCUMENT, 0, data.draw)) + "\n")
    loaded = load_project(path)
    assert loaded.problems == []
    assert loaded.project.digest == plain.digest

    def bare(spec):
        return replace(spec, place=None, **({"places": {}} if hasattr(spec, "places") else {}))

    for part in ("providers", "datasets", "models"):
        one, two = getattr(plain, part), getattr(loaded.project, part)
        assert {name: bare(spec) for name, spec in one.items()} == {name: bare(spec) for name, spec in two.items()}


@pytest.mark.parametrize(
    "path",
    [("models", "a", "epochs"), ("models", "b", "lifecycle", "prevent_destroy"), ("budget", "max_total"), ("project",)],
)
def test_what_it_says_moves_the_digest(folder, path):
    file = folder / "other.yaml"
    document = json.loads(json.dumps(DOCUMENT))
    file.write_text(json.dumps(document))
    before = load_project(file).project.digest
    below = document
    for key in path[:-1]:
        below = below[key]
    below[path[-1]] = {"epochs": 4, "prevent_destroy": False, "max_total": 13, "project": "other"}[path[-1]]
    file.write_text(json.dumps(document))
    assert load_project(file).project.digest != before
