"""What a dataset is held to comes from the catalog of the service it is for, and is told when a plan is made."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workbench import Workbench

from ftplan.cli.opening.measuring import Reading, measure_datasets
from ftplan.cli.opening.shelf import Shelf
from ftplan.core.catalog import Catalog
from ftplan.core.spec import DatasetSpec, Method, ModelSpec, Project
from ftplan.datasets import Cache
from ftplan.datasets.rows.rules import BY_NAME
from ftplan.providers import load_catalog

CATALOG = load_catalog("openai")
# What a PNG begins with.
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA"}}
GRADER = {"type": "string_check", "name": "g", "input": "{{item.a}}", "reference": "x", "operation": "eq"}


def chats(count: int, **user: Any) -> list[dict[str, Any]]:
    said = {"role": "assistant", "content": "a"}
    return [{"messages": [{"role": "user", "content": f"q{n}", **user}, said]} for n in range(count)]


def told(
    folder: Path, rows: list[dict[str, Any]], catalog: Catalog = CATALOG, validation: int = 0, **fields: Any
) -> set[str]:
    """The rules that are broken by `rows` as training data, and by the first few of them as validation data."""
    for name, some in (("train", rows), ("valid", rows[:validation])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    names = ("train", "valid") if validation else ("train",)
    datasets = {name: DatasetSpec(name, f"{name}.jsonl", rules={"shared-rows": "off"}) for name in names}
    plain = {"base_model": "gpt-4.1-mini", "validation": "valid" if validation else None, **fields}
    model = ModelSpec(name="bot", provider="p", dataset="train", **plain)
    project = Project("p", str(folder), "ftplan.yaml", "d", datasets=datasets, models={"bot": model})
    facts, problems = measure_datasets(project, {"p": catalog}, Reading(Shelf(project, Cache(None))))
    wrong = any(problem.severity == "error" for problem in problems)
    assert wrong == (len(facts) < len(datasets))
    return {problem.rule for problem in problems}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FTPLAN_CACHE_DIR", "")
    return tmp_path


def test_a_file_larger_than_the_service_takes_is_refused_when_it_is_planned(folder: Path) -> None:
    rows = chats(60)
    size = sum(len(json.dumps(row)) + 1 for row in rows)
    assert told(folder, rows, replace(CATALOG, max_file_bytes=size)) == set()
    assert told(folder, rows, replace(CATALOG, max_file_bytes=size - 1)) == {"file-too-large"}
    assert told(folder, rows, replace(CATALOG, max_file_bytes=None)) == set()


def test_the_most_rows_are_the_catalogs_and_fewer_for_validation(folder: Path) -> None:
    rows = [{"messages": row["messages"][:1], "a": "x"} for row in chats(60)]
    graded = {"base_model": "o4-mini", "method": Method("reinforcement", grader=GRADER)}
    few = replace(CATALOG, max_graded_rows=60, max_graded_validation_rows=20)
    assert told(folder, rows, few, validation=20, **graded) == set()
    assert told(folder, rows, few, validation=21, **graded) == {"too-many-rows"}
    assert told(folder, rows, replace(few, max_graded_rows=59), validation=20, **graded) == {"too-many-rows"}


def test_the_most_rows_with_images_are_the_catalogs(folder: Path) -> None:
    rows = [chats(1, content=[IMAGE, {"type": "text", "text": f"what? {n}"}])[0] for n in range(60)]
    assert told(folder, rows, replace(CATALOG, max_image_rows=59), base_model="gpt-4o") == {"too-many-image-rows"}
    assert told(folder, rows, replace(CATALOG, max_image_rows=60), base_model="gpt-4o") == set()


def test_images_are_a_warning_where_no_page_says_that_the_base_model_takes_them(folder: Path) -> None:
    rows = [*chats(60), *chats(1, content=[IMAGE])]
    assert told(folder, rows, base_model="gpt-4o") == set()
    assert told(folder, rows, base_model="gpt-4.1-mini") == {"image-model"}
    models = {name: replace(base, images=None) for name, base in CATALOG.models.items()}
    assert told(folder, rows, replace(CATALOG, models=models), base_model="gpt-4.1-mini") == set()


def test_a_check_tells_what_a_plan_tells(bench: Workbench) -> None:
    odd = [*chats(60), *chats(1, content=[IMAGE]), *chats(1, name="Jane Doe"), *chats(1)]
    bench.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in odd))
    bench.bot()
    check = bench.run("dataset", "check", "rows.jsonl", "-method=supervised", "-base-model=gpt-4.1-mini")
    names = re.compile(r"\[([a-z-]+)\]")
    found = BY_NAME.keys() & set(names.findall(check.said))
    assert found == {"image-model", "message-name", "duplicate-rows"}
    assert BY_NAME.keys() & set(names.findall(bench.plan().said)) == found


def own_tokenizer(folder: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")).save(
        str(folder / "tokenizer.json")
    )


def test_a_model_that_names_a_tokenizer_is_counted_by_it(bench: Workbench) -> None:
    own_tokenizer(bench.folder)
    bench.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in chats(60)))
    bench.bot(epochs=1, tokenizer="tokenizer.json")
    # One token for each text and role, three for each message and for the row.
    assert f"{60 * (4 + 9):,} training tokens" in bench.plan().out


@pytest.mark.parametrize(
    ("tokenizer", "said"),
    [
        ("nowhere.json", "A tokenizer cannot be opened"),
        ("rows.jsonl", "A tokenizer cannot be read"),
        ("../tokenizer.json", "Path not allowed"),
        ("/etc/passwd", "Path not allowed"),
    ],
)
def test_a_tokenizer_that_cannot_be_had_is_told_where_it_is_named(bench: Workbench, tokenizer: str, said: str) -> None:
    pytest.importorskip("tokenizers")
    bench.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in chats(60)))
    bench.bot(tokenizer=tokenizer)
    found = bench.run("validate")
    assert found.code == 1
    assert said in found.err
    assert "ftplan.yaml:" in found.err
