"""Every example runs, does what its README says, and its plan is the one that stands beside it."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from installed import ROOT, ageless, ftplan_here, served_sandbox
from openai import OpenAI

EXAMPLES = {"in-use", "many-files", "policy", "quickstart", "sft-then-dpo", "tools", "two-models"}
# Folders to copy from, not to run in: tests/examples/test_example_pipelines.py looks after them.
PIPELINES = {"atlantis", "github", "gitlab", "pre-commit"}
LEFT_BEHIND = (".ftplan", "ftplan.state.json*", ".ftplan.state.json*", "*.plan")
MODEL_ID = re.compile(r"ft:gpt-4\.1(-mini)?-2025-04-14:sandbox:[\w-]+:\w{8}")
every_example = pytest.mark.parametrize("name", sorted(EXAMPLES))


Folders = Callable[[str], Path]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The copy of the example with that name that nothing was applied to: what runs write stays out of the project."""
    root = tmp_path_factory.mktemp("planned")
    return cache(lambda name: _copy(name, root))


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A copy of the example with that name, applied once; what was said is in `apply.txt`. For tests that change
    nothing any more."""
    root = tmp_path_factory.mktemp("applied")

    def apply(name: str) -> Path:
        folder = _copy(name, root)
        done = ftplan_here(folder, "apply", "-auto-approve")
        assert done.returncode == 0, done.stderr
        (folder / "apply.txt").write_text(done.stdout, encoding="utf-8")
        return folder

    return cache(apply)


def test_every_folder_of_examples_is_tested() -> None:
    assert {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()} == EXAMPLES | PIPELINES


@every_example
def test_an_example_is_explained_and_its_editor_finds_the_schema(name: str, copied: Folders) -> None:
    folder = copied(name)
    first, _, rest = (folder / "ftplan.yaml").read_text(encoding="utf-8").partition("\n")
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (folder / schema).is_file()
    assert "#" in rest
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"-chdir=examples/{name} " in readme


@every_example
def test_an_example_is_valid_and_in_canonical_layout(name: str, copied: Folders) -> None:
    folder = copied(name)
    validated = ftplan_here(folder, "validate")
    assert (validated.returncode, validated.stderr) == (0, "")
    assert ftplan_here(folder, "fmt", "-check").returncode == 0


@every_example
def test_an_example_plans_what_stands_beside_it(name: str, copied: Folders, request: pytest.FixtureRequest) -> None:
    planned = ftplan_here(copied(name), "plan", "-no-color")
    assert planned.returncode == 0, planned.stderr
    # Behind the plan stands its checksum, of which the folder's name and the day's prices are part.
    said, _, checksum = planned.stdout.partition("\nThe checksum of this plan is: ")
    assert re.match(r"[0-9a-f]{64}\n", checksum)
    expected = ROOT / "examples" / name / "expected-plan.txt"
    if request.config.getoption("--accept"):
        text = re.sub(r"\d+ days of life", "N days of life", said).rstrip("\n") + "\n"
        expected.write_text(text, encoding="utf-8", newline="\n")
    assert ageless(said) == ageless(expected.read_text(encoding="utf-8"))


@every_example
def test_an_example_applies_once_and_then_has_nothing_to_do(name: str, applied: Folders) -> None:
    folder = applied(name)
    shown = (folder / "apply.txt").read_text(encoding="utf-8").partition("Outputs:")[2]
    models = _models(folder)
    assert models
    ids = {model_name: model["job"]["fine_tuned_model"] for model_name, model in models.items()}
    assert [model_id for model_id in ids.values() if not MODEL_ID.fullmatch(model_id)] == []
    aliases = json.loads((folder / "ftplan.state.json").read_bytes())["aliases"]
    ids.update({alias["name"]: ids[alias["now"]["model"]] for alias in aliases})
    assert dict(re.findall(r'^(\S+) += "(.+)"$', shown, re.MULTILINE)) == ids
    printed = json.loads(ftplan_here(folder, "output", "-json").stdout)
    assert {model_name: output["value"] for model_name, output in printed.items()} == ids
    again = ftplan_here(folder, "plan", "-detailed-exitcode")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.startswith("No changes.")


def test_two_models_on_one_dataset_are_one_upload_and_two_jobs(applied: Folders) -> None:
    folder = applied("two-models")
    ftplan_here(folder, "plan")
    with served_sandbox(folder) as url:
        sent = [(one["method"], one["path"]) for one in _read(url.removesuffix("/v1") + "/_sandbox/requests")["data"]]
    assert [request for request in sent if request[0] != "GET"] == [
        ("POST", "/v1/files"),
        ("POST", "/v1/fine_tuning/jobs"),
        ("POST", "/v1/fine_tuning/jobs"),
    ]


def test_a_name_stays_where_it_is_while_the_next_model_is_not_good_enough(applied: Folders) -> None:
    folder = applied("in-use")
    before = ftplan_here(folder, "output", "-raw", "sorter-prod").stdout
    declared = (folder / "ftplan.yaml").read_text(encoding="utf-8")
    stricter = declared.replace("score: 0.5", "score: 0.9").replace("epochs: 3", "epochs: 4")
    (folder / "ftplan.yaml").write_text(stricter, encoding="utf-8")
    assert ftplan_here(folder, "apply", "-auto-approve").returncode == 10
    (folder / "ftplan.yaml").write_text(declared, encoding="utf-8")
    assert ftplan_here(folder, "output", "-raw", "sorter-prod").stdout == before


def test_the_second_model_of_a_chain_is_trained_on_the_first(applied: Folders) -> None:
    folder = applied("sft-then-dpo")
    parent, child = _models(folder)["rewriter"], _models(folder)["rewriter-tuned"]
    with served_sandbox(folder) as url, OpenAI(base_url=url, api_key="sandbox") as client:
        job = client.fine_tuning.jobs.retrieve(child["job"]["id"])
    assert job.model == parent["job"]["fine_tuned_model"]
    assert job.method is not None
    assert job.method.type == "dpo"


def test_a_model_trained_with_tools_answers_with_a_tool_call(applied: Folders) -> None:
    folder = applied("tools")
    model_id = ftplan_here(folder, "output", "-raw", "train-finder").stdout.strip()
    row = json.loads((folder / "data" / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])
    *asked, answer = row["messages"]
    with served_sandbox(folder) as url, OpenAI(base_url=url, api_key="sandbox") as client:
        reply = client.chat.completions.create(model=model_id, messages=asked, tools=row["tools"])
    called = reply.choices[0].message.tool_calls or []
    assert [call.model_dump(exclude_unset=True) for call in called] == answer["tool_calls"]
    assert reply.choices[0].finish_reason == "tool_calls"


def test_a_protected_model_is_not_destroyed(applied: Folders) -> None:
    folder = applied("tools")
    refused = ftplan_here(folder, "destroy", "-auto-approve")
    assert refused.returncode == 10
    assert "train-finder" in _models(folder)


def test_more_epochs_for_one_run_train_both_models_again_and_upload_nothing(applied: Folders) -> None:
    folder = applied("two-models")
    planned = ftplan_here(folder, "plan", "-var", "epochs=5", "-detailed-exitcode")
    assert planned.returncode == 2
    assert re.findall(r"# (\S+) must be replaced", planned.stdout) == ["model.reviews-large", "model.reviews-small"]
    assert "dataset.reviews" not in planned.stdout


def _copy(name: str, root: Path) -> Path:
    """The example as it stands in the project, below `root`, with the schema where its first line looks for it."""
    shutil.copytree(ROOT / "schemas", root / "schemas", dirs_exist_ok=True)
    there = root / "examples" / name
    return shutil.copytree(ROOT / "examples" / name, there, ignore=shutil.ignore_patterns(*LEFT_BEHIND))


def _models(folder: Path) -> dict[str, dict[str, Any]]:
    """What the state remembers of each model, by name."""
    state = json.loads((folder / "ftplan.state.json").read_bytes())
    return {model["name"]: model for model in state["models"]}


def _read(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)
