"""What holds for every command there is, and for those to come: they are walked, not listed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest
from test_cli_locks import left_by_a_dead_run
from test_cli_resolve import doubtful
from workbench import STATE, Done, Workbench, model

from ftplan.cli.main import COMMANDS, STREAMING_COMMANDS, ftplan

# What a command needs beside its name to answer about the project of `project`; nothing where it is not here.
NEEDED: dict[str, tuple[str, ...]] = {
    "apply": ("-auto-approve",),
    "cancel": ("model.bot", "-auto-approve"),
    "check": ("-days=0",),
    "checkpoints": ("model.bot",),
    "ci outputs": ("saved.plan",),
    "compare": ("model.bot", "-dataset=rows.jsonl", "-auto-approve"),
    "completion": ("bash",),
    "dataset check": ("rows.jsonl",),
    "dataset convert": ("faq.csv", "-force"),
    "dataset diff": ("rows.jsonl", "rows.jsonl"),
    "dataset pin": ("rows.jsonl",),
    "dataset sample": ("rows.jsonl",),
    "dataset split": ("rows.jsonl", "-force"),
    "dataset stats": ("rows.jsonl",),
    "force-unlock": ("-force", "no-such-lock"),
    "lineage": ("bot",),
    "logs": ("model.bot",),
    "metrics": ("model.bot",),
    "pause": ("model.bot", "-auto-approve"),
    "promote": ("prod", "-auto-approve"),
    "resolve": ("model.bot", "-not-created", "-auto-approve"),
    "resume": ("model.bot", "-auto-approve"),
    "rollback": ("prod", "-auto-approve"),
    "sandbox serve": ("-host=192.0.2.1",),
    "schema": ("config",),
    "show": ("saved.plan",),
    "state repair": ("-auto-approve",),
    "state show": ("model.bot",),
}
# These do not end well with what they need, and say why.
REFUSED = {"destroy", "force-unlock", "promote", "resolve", "rollback", "sandbox serve", "ci comment", "ci reviewed"}
# These answer without a project, or begin one.
ANYWHERE = {"completion", "init", "providers", "schema", "version", "sandbox serve"}
# These judge: that something is wrong is their answer.
JUDGES = {"validate", "dataset check"}


def every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(ftplan)
    for name in COMMANDS:
        command = ftplan.get_command(context, name)
        assert command is not None
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        yield from ((f"{name} {part}".strip(), one) for part, one in parts.items())


EVERY = dict(every_command())
JSON = [name for name, command in EVERY.items() if "json" in {param.name for param in command.params}]


@pytest.fixture
def project(bench: Workbench) -> Workbench:
    """A project that was applied, with a saved plan and a file to convert."""
    bench.bot()
    bench.run("init")
    bench.run("fmt")
    bench.apply()
    bench.plan("-out=saved.plan")
    bench.write("faq.csv", "prompt,completion\nWhere?,In hall 7.\n")
    return bench


def told(done: Done) -> tuple[int, str, str]:
    """What was said, less what the clock alone changes."""
    return done.code, *(re.sub(r"\d+(\.\d+)? ?m?s\b|\d\d:\d\d:\d\d", "", said) for said in (done.out, done.err))


def test_chdir_works_for_every_command(project: Workbench) -> None:
    here = project.folder
    for name in EVERY:
        words = (*name.split(), *NEEDED.get(name, ()))
        there = told(project.run(*words))
        project.folder = here.parent
        for chdir in (("-chdir=project",), ("--chdir", "project")):
            assert told(project.run(*chdir, *words)) == there, name
        outside = project.run(*words) if name not in ANYWHERE else None
        project.folder = here
        assert outside is None or outside.code == 1, name
        assert (there[0] != 0) == (name in REFUSED), (name, there)


def test_help_is_given_for_every_command_in_every_spelling(bench: Workbench) -> None:
    for name in EVERY:
        shown = bench.run(*name.split(), "-help")
        assert (shown.code, shown.err) == (0, ""), name
        assert shown.out.startswith(f"Usage: ftplan {name}"), name
        for spelling in ("--help", "-h", "--h"):
            assert bench.run(*name.split(), spelling) == shown, name


def test_wrong_usage_is_told_on_stderr_alone(project: Workbench) -> None:
    before = (project.folder / STATE).read_bytes()
    for name in EVERY:
        for wrong in (("-frobnicate",), ("-frobnicate=x",), ("--no-such-option", "x")):
            done = project.run(*name.split(), *wrong)
            assert (done.code, done.out) == (1, ""), name
            assert "Error: Wrong usage" in done.err, name
            assert f"ftplan {name} -help" in done.said, name
            assert "Traceback" not in done.err
    assert (project.folder / STATE).read_bytes() == before


@pytest.mark.parametrize("name", JSON)
def test_an_answer_in_json_is_one_document_or_one_object_a_line(project: Workbench, name: str) -> None:
    done = project.run(*name.split(), *NEEDED.get(name, ()), "-json")
    if name in {*STREAMING_COMMANDS, "logs"}:
        assert all(isinstance(line, dict) for line in done.lines())
        assert (len(done.lines()) > 1, done.err) == (True, "")
    elif name in REFUSED:
        assert (done.code, done.out) == (1, "")
    else:
        assert isinstance(json.loads(done.out), (dict, list)), done.err
        assert not done.err.lstrip().startswith("{")


@pytest.mark.parametrize("name", [name for name in JSON if name not in {*STREAMING_COMMANDS, *ANYWHERE, *JUDGES}])
def test_where_an_answer_in_json_cannot_be_given_there_is_none(bench: Workbench, name: str) -> None:
    done = bench.run(*name.split(), *NEEDED.get(name, ()), "-json")
    assert (done.code, done.out) == (1, ""), done.err
    assert "Error: " in done.err


def something_to_train(bench: Workbench) -> tuple[str, ...]:
    bench.bot(epochs=2)
    return ("apply",)


def a_running_job(bench: Workbench) -> tuple[str, ...]:
    bench.order({"job_stuck_in": "running"})
    bench.bot(epochs=2)
    bench.run("apply", "-auto-approve", "-no-wait")
    return ("cancel", "model.bot")


def a_job_to_pause(bench: Workbench) -> tuple[str, ...]:
    return ("pause", a_running_job(bench)[1])


def a_paused_job(bench: Workbench) -> tuple[str, ...]:
    done = bench.run(*a_job_to_pause(bench), "-auto-approve")
    assert done.code == 0, done.said
    return ("resume", "model.bot")


def an_alias_to_move(bench: Workbench) -> tuple[str, ...]:
    bench.declare({"bot": model()}, aliases={"prod": {"model": "bot"}})
    return ("promote", "prod")


def an_alias_that_moved(bench: Workbench) -> tuple[str, ...]:
    for epochs in (1, 2):
        bench.declare({"bot": model(epochs=epochs)}, aliases={"prod": {"model": "bot"}})
        bench.apply()
    return ("rollback", "prod")


def a_lost_state(bench: Workbench) -> tuple[str, ...]:
    (bench.folder / STATE).write_text("{")
    return ("state", "repair")


def a_call_in_doubt(bench: Workbench) -> tuple[str, ...]:
    return ("resolve", "model.bot", f"-adopt={doubtful(bench)}")


def a_lock(bench: Workbench) -> tuple[str, ...]:
    left_by_a_dead_run(bench, host="elsewhere")
    return ("force-unlock", "1f0c")


QUESTIONS: dict[str, Callable[[Workbench], tuple[str, ...]]] = {
    "apply": something_to_train,
    "destroy": lambda bench: ("destroy",),
    "cancel": a_running_job,
    "pause": a_job_to_pause,
    "resume": a_paused_job,
    "promote": an_alias_to_move,
    "rollback": an_alias_that_moved,
    "state repair": a_lost_state,
    "resolve": a_call_in_doubt,
    "force-unlock": a_lock,
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_nobody_is_asked_where_nobody_sits(bench: Workbench, name: str) -> None:
    bench.bot()
    bench.apply()
    words = QUESTIONS[name](bench)
    before, asked = _files(bench), _writes(bench)
    for input in ("yes\n", ""):
        done = bench.run(*words, answers=input)
        assert done.code == 1, done.said
        assert "Approval needed" in done.err
        assert "-force" in done.said if name == "force-unlock" else "-auto-approve" in done.said
        assert "Enter a value" not in done.said
    assert _files(bench) == before
    assert _writes(bench) == asked


def test_every_command_that_asks_is_among_these() -> None:
    asking = {
        name
        for name, command in EVERY.items()
        if {"auto_approve", "force"} & {param.name for param in command.params} and not name.startswith("dataset ")
    }
    # It asks only before it costs anything, which a rehearsal never does: test_cli_compare.py.
    assert asking - {"compare"} == set(QUESTIONS)


def _files(bench: Workbench) -> dict[str, bytes]:
    """What is on the disk, but for the lock of whoever looked and the sandbox's own store."""
    return {path.name: path.read_bytes() for path in bench.folder.rglob("*") if path.is_file()}


def _writes(bench: Workbench) -> list[dict[str, Any]]:
    return [request for method in ("POST", "DELETE") for request in bench.requests(method)]
