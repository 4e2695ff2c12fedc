"""One schema file for editors and for ourselves."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ftplan.config import load_project
from ftplan.config.compose import parse_tree
from ftplan.config.schema import load_schema, names, resolved_schema
from ftplan.core.spec import IGNORABLE
from ftplan.errors import UsageError

EXAMPLE = """\
version: 1
project: p-${var.x}
variables: {n: {type: integer, default: 3}, x: {default: a}}
providers: {openai: {}}
models:
  bot:
    base_model: m
    dataset: {path: "${var.x}/x.jsonl"}
    method: ${var.method}
    epochs: ${var.n}
    seed: ${var.n}
    suffix: ${var.x}
    hyperparameters: {batch_size: "${var.n}", beta: "${var.n}", learning_rate_multiplier: "${var.n}"}
    lifecycle: {prevent_destroy: "${var.b}", ignore_changes: "${var.l}", on_removed: "${var.o}"}
budget: {max_total: "${var.n}"}
"""


def keys(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that the schema knows, with what it says of it."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties" and not path.endswith("/if"):
                for key, about in value.items():
                    yield f"{path}/{key}", about
            yield from keys(value, f"{path}/{name}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from keys(value, f"{path}/{index}")


@pytest.mark.parametrize("name", names())
def test_the_schema_is_a_schema(name):
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith("https://")


@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        ("config", 80),
        ("catalog", 40),
        ("catalog-overrides", 30),
        ("plan", 120),
        ("events", 120),
        ("state", 60),
        ("comparison", 30),
        ("aliases", 8),
        ("metrics", 15),
        ("lineage", 50),
    ],
)
def test_every_key_is_described(name, fewest):
    found = dict(keys(load_schema(name)))
    assert len(found) > fewest
    assert [path for path, about in found.items() if not about.get("description", "").endswith(".")] == []


def test_no_mapping_takes_keys_it_does_not_know():
    def mappings(schema: Any) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if "properties" in schema and "type" in schema:
                yield schema
            for value in schema.values():
                yield from mappings(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from mappings(value)

    # A state's settings are its store's, a grader's kind decides which keys it has, and parameters are the service's.
    free = [m for m in mappings(load_schema("config")) if m.get("additionalProperties") is not False]
    assert ["backend" in free[0]["properties"], *(sorted(m["properties"]) for m in free[1:])] == [
        True,
        ["type"],
        ["type"],
        ["type"],
    ]


def test_an_editor_accepts_variables_where_numbers_are_wanted():
    tree, _ = parse_tree(EXAMPLE, "f")
    assert list(Draft202012Validator(load_schema("config")).iter_errors(tree.value)) == []


def test_once_variables_are_filled_in_their_spelling_is_no_number():
    tree, _ = parse_tree(EXAMPLE, "f")
    places = {
        ".".join(map(str, e.absolute_path))
        for e in Draft202012Validator(resolved_schema("config")).iter_errors(tree.value)
    }
    assert "models.bot.epochs" in places
    assert "budget.max_total" in places
    assert "models.bot.suffix" not in places


def test_names_of_fields_to_ignore_are_those_of_core():
    lifecycle = load_schema("config")["$defs"]["model"]["properties"]["lifecycle"]["properties"]
    assert tuple(lifecycle["ignore_changes"]["anyOf"][0]["items"]["enum"]) == IGNORABLE


def test_patterns_mean_the_same_to_an_editor_and_to_us():
    # `$` lets a line end pass in Python; JavaScript, which editors use, has no `\\Z`.
    for pattern in re.findall(r'"pattern": "(\^.*?)"', json.dumps(load_schema("config"))):
        assert pattern.endswith(("$(?!\\\\n)", "{1,64}$")), pattern


@pytest.mark.parametrize("name", ["", "nope", "../config", "confg"])
def test_an_unknown_schema_is_refused(name):
    with pytest.raises(UsageError) as caught:
        load_schema(name)
    assert caught.value.problems[0].summary == "Unknown schema"


def test_the_schemas_are_named():
    documents = ["aliases", "catalog", "catalog-overrides", "comparison", "config"]
    assert names() == [*documents, "events", "lineage", "metrics", "plan", "state"]


GRADERS = {
    "string_check": '{type: string_check, name: n, input: "{{item.x}}", reference: "{{item.a}}", operation: eq}',
    "text_similarity": "{type: text_similarity, input: a, reference: b, evaluation_metric: rouge_l}",
    "python": '{type: python, source: "def grade(sample, item): return 1.0", image_tag: "2025-05-08"}',
    "score_model": "{type: score_model, model: o4-mini, input: [{role: user, content: a}], range: [0, 5], "
    "sampling_params: {seed: 1, top_p: 0.9, temperature: 1, max_completions_tokens: 10, reasoning_effort: low}}",
    "multi": "{type: multi, calculate_output: 0.5 * a + 0.5 * b, graders: {"
    "a: {type: string_check, input: a, reference: b, operation: ilike}, "
    "b: {type: label_model, model: m, input: [{role: user, content: {type: input_text, text: t}}], "
    "labels: [x, y], passing_labels: [x]}}}",
}


@pytest.mark.parametrize("kind", GRADERS)
def test_every_kind_of_grader_is_taken_as_written(load, kind):
    text = (
        "version: 1\nproviders: {a: {}}\nmodels: {m: {base_model: b, dataset: a/b, method: reinforcement, "
        "hyperparameters: {reasoning_effort: low, compute_multiplier: 1.5, eval_interval: 2, eval_samples: auto}, "
        f"grader: {GRADERS[kind]}}}}}\n"
    )
    loaded = load(text)
    assert loaded.problems == []
    assert loaded.project.models["m"].method.grader["type"] == kind


@pytest.mark.parametrize("kind", GRADERS)
def test_a_grader_has_the_keys_of_its_kind_alone(load, kind):
    grader = GRADERS[kind][:-1] + ", extra: 1}"
    model = f"{{base_model: b, dataset: a/b, method: reinforcement, grader: {grader}}}"
    text = f"version: 1\nproviders: {{a: {{}}}}\nmodels: {{m: {model}}}\n"
    assert [p.summary for p in load(text).problems] == ["Unknown key"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="one version is enough")
def test_a_name_may_not_end_in_a_line_end(tmp_path):
    path = tmp_path / "ftplan.yaml"
    path.write_text("version: 1\nproject: |\n  support\n")
    assert [p.summary for p in load_project(path).problems] == ["Invalid value"]
