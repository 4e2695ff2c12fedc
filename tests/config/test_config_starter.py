"""What init writes can be read, planned and trained on."""

from __future__ import annotations

import json

import pytest

from ftplan.config import load_project
from ftplan.config.schema import load_schema
from ftplan.config.starter import starter_files


@pytest.mark.parametrize("name", ["support", "my first project", "1", "no", "null", "é", ""])
@pytest.mark.parametrize("provider", ["sandbox", "openai"])
def test_the_first_configuration_has_no_problem(tmp_path, name, provider):
    for path, text in starter_files(name, provider).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    loaded = load_project(tmp_path / "ftplan.yaml")
    assert loaded.problems == []
    assert [spec.type for spec in loaded.project.providers.values()] == [provider]
    assert all((tmp_path / dataset.path).is_file() for dataset in loaded.project.datasets.values())


def test_the_schema_lies_where_the_first_line_says():
    files = starter_files("p")
    first = files["ftplan.yaml"].splitlines()[0]
    assert first == "# yaml-language-server: $schema=.ftplan/config.schema.json"
    assert json.loads(files[".ftplan/config.schema.json"]) == load_schema("config")


def test_one_word_leads_from_the_sandbox_to_openai():
    sandbox, openai = (starter_files("p", kind)["ftplan.yaml"] for kind in ("sandbox", "openai"))
    assert "trainer: {type: sandbox}" in sandbox
    assert "trainer: {type: openai}" in openai


def test_the_first_dataset_is_good_enough_to_train():
    rows = [json.loads(line) for line in starter_files("p")["data/train.jsonl"].splitlines()]
    assert len(rows) >= 12
    assert len({json.dumps(row) for row in rows}) == len(rows)
    for row in rows:
        assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
        assert set(json.loads(row["messages"][-1]["content"])) == {"queue", "urgency", "summary"}
