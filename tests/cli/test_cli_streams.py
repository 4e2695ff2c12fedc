"""-json-into tells the terminal in words and a file in JSON, whatever happens; -concise tells the terminal less."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from published import check_line
from workbench import STATE, Workbench, model

from ftplan.cli.talking.stream_file import StreamFile


def told(bench: Workbench, name: str = "told.jsonl") -> list[dict[str, Any]]:
    """What was told to the file `name`, line by line, as published."""
    return [check_line(line) for line in (bench.folder / name).read_text().splitlines()]


def timeless(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "@timestamp"} for line in lines]


@pytest.fixture
def ready(bench: Workbench) -> Workbench:
    bench.bot()
    return bench


def test_a_plan_tells_the_file_what_json_tells_stdout(ready: Workbench) -> None:
    plain, streamed = ready.plan(), ready.plan("-json")
    both = ready.plan("-json-into=told.jsonl")
    assert (both.out, both.err) == (plain.out, plain.err)
    assert timeless(told(ready)) == timeless(streamed.lines())
    assert told(ready)[0]["type"] == "version"


def test_an_apply_tells_both_to_the_end(ready: Workbench) -> None:
    done = ready.apply("-json-into", "told.jsonl")
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed." in done.out
    assert "model.bot: Creation complete" in done.err
    kinds = [line["type"] for line in told(ready)]
    assert kinds[-2:] == ["change_summary", "outputs"]
    assert {"planned_change", "cost_estimate", "apply_start", "apply_complete", "job_started"} <= set(kinds)
    assert told(ready)[-1]["outputs"]["bot"]["value"] == ready.model_id()
    gone = ready.run("destroy", "-auto-approve", "-json-into=told.jsonl")
    assert (gone.code, told(ready)[-2]["changes"]["operation"]) == (0, "destroy")


def test_a_question_can_be_asked_while_a_file_is_told(ready: Workbench) -> None:
    refused = ready.run("apply", "-json-into=told.jsonl", answers="yes\n")
    assert refused.code == 1
    assert told(ready)[-1]["diagnostic"]["summary"] == "Approval needed"
    assert "Approval needed" in refused.err


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        (("-max-cost=0.0001",), "max-cost"),
        (("-target=model.bto",), "Unknown address"),
        (("-var=x",), "Invalid -var"),
        (("-tarket=model.bot",), "Wrong usage"),
    ],
)
def test_what_goes_wrong_is_the_last_line_of_the_file(ready: Workbench, words: tuple[str, ...], summary: str) -> None:
    done = ready.run("plan", *words, "-json-into=told.jsonl")
    assert done.code in (1, 10)
    first, last = told(ready)[0], told(ready)[-1]
    assert (first["type"], last["type"], last["@level"]) == ("version", "diagnostic", "error")
    assert last["diagnostic"]["summary"] in done.said
    assert summary in json.dumps(last)


def test_json_and_json_into_exclude_each_other(ready: Workbench) -> None:
    ready.write("told.jsonl", "mine\n")
    done = ready.run("plan", "-json", "-json-into=told.jsonl")
    assert (done.code, done.lines()[-1]["diagnostic"]["summary"]) == (1, "Options exclude each other")
    assert (ready.folder / "told.jsonl").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["absent/told.jsonl", "folder", "link", "dangling", "", "/dev/full"])
def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_done(ready: Workbench, name: str) -> None:
    if name == "/dev/full" and not Path(name).exists():
        pytest.skip("this system has no /dev/full")
    ready.write("precious", "mine\n")
    (ready.folder / "folder").mkdir()
    (ready.folder / "link").symlink_to("precious")
    (ready.folder / "dangling").symlink_to("nowhere")
    done = ready.run("apply", "-auto-approve", f"-json-into={name}")
    assert done.code == 1
    assert "Unusable -json-into" in done.err
    assert "Nothing was done." in done.said
    assert ready.requests() == []
    assert not (ready.folder / STATE).exists()
    assert not (ready.folder / "nowhere").exists()
    assert (ready.folder / "precious").read_text() == "mine\n"


def test_a_file_that_is_there_is_begun_anew(ready: Workbench) -> None:
    ready.write("told.jsonl", "mine\n" * 1000)
    ready.plan("-json-into=told.jsonl")
    assert told(ready)[0]["type"] == "version"


def test_commands_that_stream_nothing_have_no_such_option(ready: Workbench) -> None:
    done = ready.run("validate", "-json-into=told.jsonl")
    assert done.code == 1
    assert "No such option" in done.said
    assert not (ready.folder / "told.jsonl").exists()


def test_a_reader_that_goes_away_does_not_stop_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    stream = StreamFile(f"/dev/fd/{writer}")
    try:
        assert json.loads(os.read(reader, 4096))["type"] == "version"
        os.close(reader)
        stream.line("{}")
        stream.line("{}")
    finally:
        stream.close()
        os.close(writer)
    assert capsys.readouterr().err.count("-json-into ends early") == 1


def test_a_concise_run_shows_what_is_done_and_why_alone(ready: Workbench) -> None:
    whole, brief = ready.plan(), ready.plan("-concise")
    assert "training_rows" in whole.out
    assert "training_rows" not in brief.out
    assert "  # model.bot will be created\n  # (" in brief.out
    assert [line for line in brief.out.splitlines() if line not in whole.out.splitlines()] == []
    assert ready.plan("-json").out.count("\n") == ready.plan("-json", "-concise").out.count("\n")
    done = ready.apply("-concise", "-json-into=told.jsonl")
    assert "Still" not in done.err
    assert "model.bot: Creation complete" in done.err
    # Whoever reads the file wants to know all of it.
    assert "apply_progress" in [line["type"] for line in told(ready)]
    ready.declare({"bot": model(epochs=2)})
    assert "(forces replacement: epochs)" in ready.plan("-concise").out
