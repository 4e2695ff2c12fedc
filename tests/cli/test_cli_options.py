"""Options as Terraform's users type them, and what they do."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from openai import OpenAI
from workbench import BASE, Workbench, model

import ftplan


def test_one_dash_and_two_are_the_same(bench: Workbench) -> None:
    bench.bot()
    assert bench.plan("-detailed-exitcode").code == bench.plan("--detailed-exitcode").code == 2
    assert bench.plan("-max-cost=5").out == bench.plan("--max-cost", "5").out
    assert bench.run("-version").out == bench.run("--version").out == f"ftplan v{ftplan.__version__}\n"
    assert bench.run("plan", "-help").out == bench.run("plan", "--help").out


def test_a_flag_can_be_switched_off(bench: Workbench) -> None:
    bench.bot()
    assert bench.plan("-detailed-exitcode=false").code == 0
    assert bench.plan("-json=false").out.startswith("ftplan made")
    assert bench.run("apply", "-auto-approve=false").code == 1
    assert bench.bought() == (0, 0)


def test_detailed_exitcode_tells_changes_from_none(bench: Workbench) -> None:
    bench.bot()
    assert bench.plan().code == 0
    assert bench.plan("-detailed-exitcode").code == 2
    bench.apply()
    assert bench.plan("-detailed-exitcode").code == 0


def test_chdir_goes_to_the_projects_folder(bench: Workbench) -> None:
    bench.bot()
    here = bench.folder.name
    bench.folder = bench.folder.parent
    assert bench.run("plan").code == 1
    assert bench.run(f"-chdir={here}", "validate").code == 0
    assert bench.run("-chdir", here, "validate").code == 0


def test_nothing_is_coloured_without_a_terminal(bench: Workbench) -> None:
    bench.bot()
    for words in (("plan",), ("plan", "-no-color"), ("-no-color", "plan"), ("plan", "-frob")):
        assert "\x1b" not in bench.run(*words).said
    bench.environ(NO_COLOR="1")
    assert "\x1b" not in bench.run("plan").said


def test_words_from_the_environment_stand_before_those_typed(bench: Workbench) -> None:
    bench.bot()
    bench.environ(FTPLAN_CLI_ARGS="-detailed-exitcode -max-cost=0")
    assert bench.run("plan").code == 10
    assert bench.run("plan", "-max-cost=5").code == 2
    bench.environ(FTPLAN_CLI_ARGS="-json")
    assert bench.run("plan", "-target=model.x").lines()[-1]["type"] == "diagnostic"
    bench.environ(FTPLAN_CLI_ARGS="-json 'half")
    assert "FTPLAN_CLI_ARGS" in bench.run("plan").err


@pytest.mark.parametrize("words", [("plan",), ("apply", "-auto-approve"), ("destroy", "-auto-approve")], ids=" ".join)
def test_json_is_one_object_a_line(bench: Workbench, words: tuple[str, ...]) -> None:
    bench.bot()
    if "destroy" in words:
        bench.apply()
    done = bench.run(*words, "-json")
    assert done.code == 0
    assert done.err == ""
    for line in done.lines():
        assert set(line) >= {"@level", "@message", "@module", "@timestamp", "type"}
    kinds = [line["type"] for line in done.lines()]
    assert kinds[0] == "version"
    assert "planned_change" in kinds
    assert "change_summary" in kinds
    if "apply" in words:
        outputs = next(line["outputs"] for line in done.lines() if line["type"] == "outputs")
        assert outputs["bot"]["value"] == bench.model_id()


def test_problems_are_json_as_well(bench: Workbench) -> None:
    bench.bot(epoch=3)
    done = bench.run("plan", "-json")
    assert done.code == 1
    told = next(line for line in done.lines() if line["type"] == "diagnostic")
    assert told["@level"] == "error"
    assert told["diagnostic"]["range"]["filename"] == "ftplan.yaml"
    assert told["diagnostic"]["range"]["start"] | {"line": 21, "column": 7} == told["diagnostic"]["range"]["start"]
    for words in (("plan", "-json", "-frob"), ("apply", "-json"), ("plan", "-json", "-target=model.x")):
        done = bench.run(*words)
        assert done.code == 1
        assert done.lines()[-1]["type"] == "diagnostic"


def test_an_answer_that_was_asked_for_as_json_holds_no_problem(bench: Workbench) -> None:
    """`ftplan output -json > file` must not put an error where the answer is looked for."""
    bench.bot()
    for words in (("output", "-json", "bott"), ("state", "show", "-json", "model.bot"), ("show", "-json", "nofile")):
        done = bench.run(*words)
        assert done.code == 1
        assert done.out == "", words
        assert "Error: " in done.err


def test_a_target_takes_what_it_needs_and_an_exclusion_what_needs_it(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.rows("others.jsonl", "letter")
    files = {"rows": {"path": "rows.jsonl"}, "others": {"path": "others.jsonl"}}
    bench.declare(
        {"root": model(suffix="r"), "leaf": model(base_model="model.root"), "lone": model(dataset="others")}, files
    )
    planned = {line["change"]["resource"]["addr"] for line in _changes(bench, "-target=model.leaf")}
    assert planned == {"dataset.rows", "model.root", "model.leaf"}
    planned = {line["change"]["resource"]["addr"] for line in _changes(bench, "-exclude=model.root")}
    assert planned == {"dataset.others", "model.lone"}
    bench.apply("-target=model.lone")
    assert bench.bought() == (1, 1)
    assert "3 to add" in bench.plan().out


def _changes(bench: Workbench, *words: str) -> list[dict[str, Any]]:
    return [line for line in bench.plan("-json", *words).lines() if line["type"] == "planned_change"]


def test_a_replacement_is_trained_anew(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    first = bench.model_id()
    assert "1 to add, 0 to change, 0 to destroy" in bench.plan("-replace=model.bot").out
    bench.apply("-replace=model.bot")
    assert bench.bought() == (1, 2)
    assert bench.model_id() != first
    assert "No changes." in bench.plan().out


def test_a_replacement_is_trained_as_declared_whatever_is_ignored(bench: Workbench) -> None:
    ignoring = {"ignore_changes": ["dataset", "epochs"]}
    bench.bot(lifecycle=ignoring)
    bench.apply()
    bench.rows("rows.jsonl", "letter")
    bench.bot(epochs=2, lifecycle=ignoring)
    assert "No changes." in bench.plan().out
    bench.apply("-replace=model.bot")
    assert bench.bought() == (2, 2)
    assert bench.state["models"][0]["recipe"]["n_epochs"] == 2
    assert "No changes." in bench.plan().out


def test_without_refresh_no_provider_is_asked(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    asked = len(bench.requests())
    assert "No changes." in bench.plan("-refresh=false").out
    assert len(bench.requests()) == asked


def test_offline_needs_no_key_and_sends_nothing(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    asked = len(bench.requests())
    assert "No changes." in bench.plan("-offline").out
    bench.bot(epochs=2)
    assert "1 to add" in bench.plan("-offline").out
    assert len(bench.requests()) == asked


def test_refresh_only_brings_the_state_up_to_date_and_starts_nothing(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    bench.run("apply", "-auto-approve", "-no-wait")
    job = bench.state["models"][0]["job"]
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        client.fine_tuning.jobs.cancel(job["id"])
    done = bench.apply("-refresh-only")
    assert bench.state["models"][0]["job"]["phase"] == "cancelled"
    assert bench.bought() == (1, 1)
    assert "cancelled" in done.out


def test_refresh_picks_up_what_a_job_came_to_and_keeps_its_figures(bench: Workbench) -> None:
    bench.bot()
    bench.run("apply", "-auto-approve", "-no-wait")
    done = bench.run("refresh")
    assert (done.code, bench.state["models"][0]["job"]["phase"]) == (0, "succeeded"), done.said
    assert "and is succeeded" in done.out
    assert f'bot = "{bench.model_id()}"' in done.out
    assert "model.bot" in bench.run("metrics", "model.bot", "-offline").out
    assert bench.bought() == (1, 1)
    assert "No changes." in bench.run("refresh").out


def test_refresh_takes_no_plan_and_asks_nothing(bench: Workbench) -> None:
    bench.bot()
    assert bench.run("refresh").code == 0
    assert bench.bought() == (0, 0)
    assert bench.run("refresh", "-refresh=false").code == 1


def test_markdown_is_written_beside(bench: Workbench) -> None:
    bench.bot()
    bench.plan("-markdown=plan.md")
    text = (bench.folder / "plan.md").read_text()
    assert "model.bot" in text
    assert "$" in text


def test_nobody_is_asked_without_a_terminal(bench: Workbench) -> None:
    bench.bot()
    for words in (("apply",), ("apply", "-input=false"), ("destroy",)):
        if words == ("destroy",):
            bench.apply()
        before = bench.bought()
        done = bench.run(*words, answers="yes\n")
        assert done.code == 1, words
        assert "-auto-approve" in done.err
        assert bench.bought() == before
    assert bench.state["models"]


def test_a_plan_without_changes_needs_no_approval(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    assert bench.run("apply").code == 0


def test_variables_come_from_flags_files_and_the_environment(bench: Workbench) -> None:
    bench.bot(epochs="${var.epochs}", variables={"epochs": {"type": "integer", "default": 1}})
    bench.write("two.yaml", "epochs: 2\n")

    def epochs(*words: str) -> str:
        said = bench.plan(*words).said
        return said.split("epochs = ")[1][0]

    assert epochs() == "1"
    bench.environ(FTPLAN_VAR_epochs="3")
    assert epochs() == "3"
    assert epochs("-var-file=two.yaml") == "2"
    assert epochs("-var-file", "two.yaml", "-var", "epochs=4") == "4"


def test_what_only_reads_takes_variables_too(bench: Workbench) -> None:
    """A variable without a default must not keep anybody from the ids, nor from the way out of a lock."""
    bench.bot(epochs="${var.epochs}", variables={"epochs": {"type": "integer"}})
    bench.apply("-var=epochs=1")
    for words in (
        ("output", "-raw", "bot"), ("show",), ("state", "list"), ("state", "show", "model.bot"), ("graph",),
    ):  # fmt: skip
        done = bench.run(*words, "-var=epochs=1")
        assert done.code == 0, done.err
        assert "bot" in done.out or done.out == bench.model_id() + "\n"
    assert "Nobody holds" in bench.run("force-unlock", "-force", "-var=epochs=1", "x").err


def test_compact_warnings_take_one_line_each(bench: Workbench) -> None:
    bench.bot()
    bench.order({"job_fails": {"code": "x", "message": "y"}})
    assert bench.run("apply", "-auto-approve").code == 11
    assert "╷" in bench.plan().out
    assert "╷" not in bench.plan("-compact-warnings").out


def test_parallelism_bounds_the_active_jobs(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({name: model(suffix=name) for name in ("a", "b", "c")})
    bench.apply("-parallelism=1")
    calls = [line for line in bench.requests() if line["path"].startswith("/v1/fine_tuning/jobs")]
    posts = [i for i, call in enumerate(calls) if call["method"] == "POST"]
    jobs = {m["job"]["id"] for m in bench.state["models"]}
    for first, second in pairwise(posts):
        assert any(call["path"].split("/")[-1] in jobs for call in calls[first:second])


def test_init_writes_a_project_that_applies_as_it_is(bench: Workbench) -> None:
    first = bench.run("init")
    assert first.code == 0
    assert "ftplan.yaml" in first.out
    text = (bench.folder / "ftplan.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=")
    assert bench.run("validate").out.startswith("Success!")
    assert bench.run("fmt", "-check").code == 0
    assert bench.plan("-detailed-exitcode").code == 2
    bench.apply()
    bench.write("ftplan.yaml", text + "# mine\n")
    again = bench.run("init")
    assert again.code == 0
    assert (bench.folder / "ftplan.yaml").read_text().endswith("# mine\n")
    assert "No changes." in bench.plan().out


def test_init_for_openai_needs_one_word_and_a_key(bench: Workbench) -> None:
    assert bench.run("init", "-provider=openai").code == 0
    assert bench.run("validate").code == 0
    assert "OPENAI_API_KEY" in bench.run("plan").err


def test_fmt_rewrites_once_and_checks_with_exit_3(bench: Workbench) -> None:
    untidy = f"""# ours
version:   1
models:
    bot: {{base_model:   {BASE},   dataset: rows.jsonl}}   # the one
"""
    path = bench.write("ftplan.yaml", untidy)
    path.chmod(0o640)
    checked = bench.run("fmt", "-check", "-diff")
    assert checked.code == 3
    assert "+version: 1" in checked.out
    assert path.read_text() == untidy
    assert bench.run("fmt").out == "ftplan.yaml\n"
    assert "# the one" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert bench.run("fmt", "-check").code == 0
    assert bench.run("fmt").out == ""
    assert bench.run("fmt", "-", answers=untidy).out == path.read_text()


def test_validate_answers_in_words_and_in_json(bench: Workbench) -> None:
    bench.bot()
    assert bench.run("validate").out == "Success! The configuration is valid.\n"
    assert json.loads(bench.run("validate", "-json").out)["valid"] is True
    bench.bot(epoch=3)
    done = bench.run("validate", "-json")
    assert done.code == 1
    assert [d["summary"] for d in json.loads(done.out)["diagnostics"]] == ["Unknown key"]
    assert bench.requests() == []


def test_output_gives_ids_in_every_form(bench: Workbench) -> None:
    bench.bot()
    assert json.loads(bench.run("output", "-json").out)["bot"]["value"] is None
    bench.apply()
    id = bench.model_id()
    assert bench.run("output").out.strip() == f'bot = "{id}"'
    assert bench.run("output", "bot").out == f'"{id}"\n'
    assert bench.run("output", "-raw", "bot").out == f"{id}\n"
    assert bench.run("output", "-json", "bot").out == f'"{id}"\n'
    assert json.loads(bench.run("output", "-json").out) == {
        "bot": {"value": id, "type": "string", "sensitive": False}
    }  # fmt: skip


def test_show_and_state_print_what_is_remembered(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    id = bench.model_id()
    assert bench.run("state", "list").out == "dataset.rows\nmodel.bot\n"
    assert bench.run("state", "list", "model.*").out == "model.bot\n"
    assert id in bench.run("state", "show", "model.bot").out
    assert json.loads(bench.run("state", "show", "-json", "model.bot").out)["id"] == id
    assert id in bench.run("show").out
    resources = json.loads(bench.run("show", "-json").out)["values"]["root_module"]["resources"]
    assert [resource["address"] for resource in resources] == ["dataset.rows", "model.bot"]


def test_graph_is_dot(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"root": model(), "leaf": model(base_model="model.root")})
    drawn = bench.run("graph").out
    assert drawn.startswith("digraph")
    assert '"model.leaf" -> "model.root"' in drawn
    assert '"model.root" -> "dataset.rows"' in drawn


def test_schema_prints_what_is_published(bench: Workbench) -> None:
    assert "config" in bench.run("schema").out.split()
    assert json.loads(bench.run("schema", "config").out)["$schema"].endswith("2020-12/schema")


def test_version_is_told_in_words_and_in_json(bench: Workbench) -> None:
    assert bench.run("version").out == f"ftplan v{ftplan.__version__}\n"
    assert json.loads(bench.run("version", "-json").out)["ftplan_version"] == ftplan.__version__
