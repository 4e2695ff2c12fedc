"""Models handed over: to shells, Kubernetes, pipelines, Python and whoever asks where one comes from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from workbench import STATE, Workbench, model

import ftplan
from ftplan.views.output_forms import config_map, dotenv, github_output


@pytest.fixture
def used(bench: Workbench) -> Workbench:
    """A model and one on top of it, and an alias that has moved once."""
    bench.rows("rows.jsonl")
    for epochs in (1, 2):
        models = {"bot": model(epochs=epochs), "child": model(base_model="model.bot")}
        bench.declare(models, aliases={"support-prod": {"model": "bot"}})
        bench.apply()
    return bench


def told(bench: Workbench, *words: str) -> dict[str, Any]:
    done = bench.run("lineage", *words, "-json")
    assert done.code == 0, done.said
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_an_alias_is_an_output_like_any_model(used: Workbench) -> None:
    assert used.run("output", "-raw", "support-prod").out.strip() == used.model_id()
    outputs = json.loads(used.run("output", "-json").out)
    assert {name: one["value"] for name, one in outputs.items()} == {
        "bot": used.model_id(),
        "child": used.model_id("child"),
        "support-prod": used.model_id(),
    }


def test_a_name_that_was_rolled_back_is_remembered_where_it_stood(used: Workbench) -> None:
    second = used.model_id()
    assert used.run("rollback", "support-prod", "-auto-approve").code == 0
    (left,) = told(used, second)["alias"]
    assert (left["alias"], left["since"] <= left["until"]) == ("support-prod", True)
    first = told(used, "support-prod")
    assert len(first["alias"]) == 2
    assert "until" in first["alias"][0]
    assert "until" not in first["alias"][1]
    done = used.run("rollback", "support-prod", "-auto-approve")
    assert (done.code, "has nothing left to go back to" in done.said) == (1, True)


def test_python_says_what_it_does_not_know_and_takes_addresses(used: Workbench) -> None:
    assert ftplan.model("alias.support-prod", used.folder) == ftplan.model("support-prod", used.folder)
    assert ftplan.model("model.bot", used.folder).alias is None
    with pytest.raises(ftplan.FtplanError, match="No alias and no model is called 'suport-prod'"):
        ftplan.model("suport-prod", used.folder)


def test_a_shell_reads_the_environment_file(used: Workbench) -> None:
    used.write("models.env", used.run("output", "-format=dotenv").out)
    script = 'set -a; . ./models.env; printf %s "$FTPLAN_MODEL_SUPPORT_PROD"'
    done = subprocess.run(["bash", "-c", script], cwd=used.folder, capture_output=True, text=True, check=True)
    assert done.stdout == used.model_id()


def test_kubernetes_reads_the_config_map(used: Workbench) -> None:
    found = yaml.safe_load(used.run("output", "-format=configmap", "-name=bots").out)
    assert (found["kind"], found["metadata"]["name"]) == ("ConfigMap", "bots")
    assert found["data"]["support-prod"] == used.model_id()
    assert "no name of a Kubernetes object" in used.run("output", "-format=configmap", "-name=Bots").said


def test_a_pipeline_reads_its_outputs(used: Workbench) -> None:
    assert used.run("output", "-format=github", "support-prod").out == f"support-prod={used.model_id()}\n"


@pytest.mark.parametrize("form", [dotenv, config_map, github_output])
@pytest.mark.parametrize("id", ["ft:a\nEVIL=1", "ft:a b", 'ft:"', "ft:$(x)", "ft:'", "ft:#", "ft:\x1b"])
def test_an_id_that_is_read_otherwise_is_refused(form: Any, id: str) -> None:
    with pytest.raises(ftplan.FtplanError):
        form({"bot": id})


def test_two_names_that_come_to_one_variable_are_refused() -> None:
    with pytest.raises(ftplan.FtplanError):
        dotenv({"a-b": "ft:1", "a_b": "ft:2"})
    assert dotenv({"a-b": "ft:1", "late": None}) == "FTPLAN_MODEL_A_B=ft:1\n"


@pytest.mark.parametrize(
    "words", [("-format=dotenv", "-json"), ("-format=raw",), ("-name=x",), ("-format=github", "nobody")]
)
def test_what_cannot_be_printed_is_told(used: Workbench, words: tuple[str, ...]) -> None:
    done = used.run("output", *words)
    assert (done.code, done.out) == (1, "")


def test_python_reads_a_model_by_its_name(used: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ftplan.model("support-prod", used.folder)
    assert (str(found), found.id, found.name, found.alias) == (used.model_id(), used.model_id(), "bot", "support-prod")
    assert (found.provider, found.base_model) == ("trainer", "gpt-4.1-mini-2025-04-14")
    requests, state = len(used.requests()), (used.folder / STATE).read_bytes()
    monkeypatch.chdir(used.folder)
    assert ftplan.model("child").id == used.model_id("child")
    assert (len(used.requests()), (used.folder / STATE).read_bytes()) == (requests, state)
    with pytest.raises(ftplan.FtplanError) as caught:
        ftplan.model("suport-prod")
    assert caught.value.problems[0].advice == "Did you mean support-prod?"


def test_python_tells_what_is_not_there(bench: Workbench) -> None:
    with pytest.raises(ftplan.FtplanError):
        ftplan.model("bot", bench.folder)
    bench.bot()
    with pytest.raises(ftplan.FtplanError):
        ftplan.model("bot", bench.folder)
    bench.order({"job_stuck_in": "running"})
    bench.apply("-no-wait")
    with pytest.raises(ftplan.FtplanError) as caught:
        ftplan.model("bot", bench.folder)
    assert "No model yet" in caught.value.problems[0].summary


def test_a_program_that_asks_for_a_model_loads_nothing_that_measures_trains_or_talks(used: Workbench) -> None:
    rooms = (
        "ftplan.cli.talking",
        "ftplan.datasets",
        "ftplan.engine",
        "ftplan.views",
        "ftplan.grading",
        "click",
        "openai",
    )
    script = f"import sys, ftplan; ftplan.model('bot'); print([m for m in sys.modules if m.startswith({rooms})])"
    done = subprocess.run([sys.executable, "-c", script], cwd=used.folder, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_importing_it_loads_nothing() -> None:
    script = "import sys, ftplan; print([m for m in sys.modules if m.startswith('ftplan.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError):
        _ = ftplan.nothing  # type: ignore[attr-defined]


def test_a_model_tells_where_it_comes_from(used: Workbench) -> None:
    found = told(used, used.model_id())
    job = used.state["models"][0]["job"]
    assert (found["name"], found["model"], found["job"]["id"]) == ("bot", used.model_id(), job["id"])
    assert found["recipe"]["n_epochs"] == 2
    assert found["files"]["training"]["id"] == used.state["files"][0]["id"]
    assert found["alias"] == [
        {"alias": "support-prod", "since": found["alias"][0]["since"], "who": found["started"]["by"]}
    ]
    assert found["cost"]["rehearsal"] is True
    assert found["cost"]["billed"] > 0
    assert "train_loss" in found["metrics"]["columns"]
    for asked in (job["id"], "bot", "model.bot", "support-prod", "alias.support-prod"):
        assert told(used, asked) == found


def test_a_model_on_top_of_another_tells_of_that_one_too(used: Workbench) -> None:
    found = told(used, "child")
    assert (found["parent"]["name"], found["parent"]["model"]) == ("bot", used.model_id())
    assert "trained on top of model.bot" in used.run("lineage", "child").out


def test_a_former_model_is_still_known_with_when_it_was_in_use(used: Workbench) -> None:
    former = used.state["models"][0]["former"][0]["job"]
    found = told(used, former["fine_tuned_model"])
    assert (found["retired"], found["job"]["id"]) == (True, former["id"])
    (standing,) = found["alias"]
    assert standing["until"] == used.state["aliases"][0]["now"]["since"]


def test_who_had_it_trained_and_from_which_commit_is_kept(bench: Workbench) -> None:
    def git(*words: str) -> str:
        made = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a"}
        made["GIT_COMMITTER_EMAIL"] = "a@b.c"
        command = ["git", "-C", str(bench.folder), *words]
        return subprocess.run(command, env=made, capture_output=True, text=True, check=True).stdout.strip()

    bench.bot()
    git("init", "-q")
    git("add", "ftplan.yaml", "rows.jsonl")
    git("commit", "-q", "-m", "first")
    bench.apply()
    first = told(bench, "bot")["started"]
    assert (first["commit"], first["uncommitted"]) == (git("rev-parse", "HEAD"), False)
    assert "@" in first["by"]
    bench.bot(epochs=2)
    bench.apply()
    assert told(bench, "bot")["started"]["uncommitted"] is True
    # It is part of no recipe: the same model from another commit is the same model.
    git("commit", "-q", "-am", "second")
    assert "No changes." in bench.plan().out


def test_a_card_is_markdown_with_front_matter_that_nothing_gets_out_of(used: Workbench) -> None:
    state = json.loads((used.folder / STATE).read_text())
    hostile = '\x1b[31m"\n---\nx: y </td> | `a` <script>'
    state["models"][0]["origin"]["who"] = hostile
    state["models"][0]["recipe"]["suffix"] = hostile
    state["models"][0]["job"]["base_model"] = "evil\n---\nbase"
    (used.folder / STATE).write_text(json.dumps(state))
    done = used.run("lineage", "bot", "-card=card.md")
    assert done.code == 0, done.said
    text = Path(used.folder / "card.md").read_text()
    _, front, body = text.split("---\n", 2)
    assert set(yaml.safe_load(front)) == {"base_model", "tags"}
    assert "\x1b" not in text + done.out
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert "<script" not in html
    assert "<h1>" in html


def test_a_card_may_be_shown_to_others(used: Workbench) -> None:
    state = json.loads((used.folder / STATE).read_text())
    state["models"][0]["recipe"] |= {"account": "openai https://ft.internal.example", "grader": {"prompt": "OURS"}}
    state["models"][0]["origin"]["who"] = "ann@laptop"
    (used.folder / STATE).write_text(json.dumps(state))
    assert used.run("lineage", "bot", "-card=card.md").code == 0
    card = (used.folder / "card.md").read_text()
    assert "n_epochs" in card
    for kept in ("internal", "OURS", "ann@laptop"):
        assert kept not in card


def test_a_model_that_is_managed_no_more_is_told_by_the_alias_that_stands_for_it(used: Workbench) -> None:
    id = used.model_id()
    state = json.loads((used.folder / STATE).read_text())
    state["models"] = [one for one in state["models"] if one["name"] == "none"]
    (used.folder / STATE).write_text(json.dumps(state))
    assert told(used, "support-prod")["model"] == id
    assert used.run("lineage", "support-prod", "-card=card.md").code == 0
    assert ftplan.model("support-prod", used.folder).base_model == "gpt-4.1-mini-2025-04-14"


def test_a_stranger_is_told_with_what_is_near(used: Workbench) -> None:
    done = used.run("lineage", "suport-prod")
    assert (done.code, "Did you mean support-prod?" in done.said) == (1, True)
