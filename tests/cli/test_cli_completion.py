"""TAB: what is offered, in the real shells too, and that it never runs, says or breaks anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import click
import pytest
from shells import Shell, environment
from workbench import Workbench, model

from ftplan.cli.completing.completion import SHELLS, script
from ftplan.cli.completing.offers import Offer, is_path, offer
from ftplan.cli.completing.values import ARGUMENTS, OPTIONS
from ftplan.cli.main import COMMANDS, ftplan

# Options for an amount, a time or a text of the user's own, and an argument of which nothing should be offered lightly.
OWN_WORDS = {
    "adopt", "base", "checksum", "columns", "commit", "dataset", "functions", "job", "lock_id", "lock_timeout",
    "max_cost", "mlflow", "month", "others", "stratify", "system", "title", "validation", "wandb",
}  # fmt: skip
HALF_WRITTEN = """\
version: 1
datasets: {rows: {path: rows.jsonl, split: {validation: 0.1}}}
variables:
  epochs: {type: integer}
models:
  support-bot:
    base_model: gpt
    dataset
  support-two: {
  $(touch pwned): {}
  other:
    epo
"""


@pytest.fixture
def written(bench: Workbench) -> Workbench:
    """A folder with a YAML that is not finished, some files, and a folder with a project of its own."""
    bench.write("ftplan.yaml", HALF_WRITTEN)
    bench.write("rows.jsonl", "")
    bench.write("sub folder/ftplan.yaml", "models: {inner: {}}\n")
    return bench


def offered(bench: Workbench, *words: str) -> list[str]:
    """What is offered for the last of `words`; exit 0, and nothing beside it."""
    done = bench.run("__complete", "zsh", *words)
    assert (done.code, done.err) == (0, "")
    kind, *lines = done.out.splitlines()
    return [line.partition("\t")[0] for line in lines] if kind == "words" else [kind]


def test_commands_and_their_parts_are_offered(bench: Workbench) -> None:
    assert offered(bench, "") == list(COMMANDS)
    assert offered(bench, "pl") == ["plan"]
    assert offered(bench, "-no-color", "state", "sh") == ["show"]
    assert offered(bench, "frobnicate", "") == []


def test_options_are_offered_with_as_many_dashes_as_were_typed(bench: Workbench) -> None:
    assert offered(bench, "plan", "-max") == ["-max-cost="]
    assert offered(bench, "plan", "--max") == ["--max-cost="]
    assert offered(bench, "plan", "-det") == ["-detailed-exitcode"]
    assert {"-target=", "-json", "-help", "-no-color", "-chdir="} <= set(offered(bench, "apply", "-"))
    assert offered(bench, "-vers") == ["-version"]
    assert offered(bench, "apply", "-vers") == []


def test_what_an_option_takes_is_offered_where_it_is_known(bench: Workbench) -> None:
    for words, found in {
        ("dataset", "check", "-method=d"): ["-method=dpo"],
        ("dataset", "check", "-method", "d"): ["dpo"],
        ("dataset", "check", "-rule=few-rows=e"): ["-rule=few-rows=error"],
        ("plan", "-allow=budget.max_t"): ["-allow=budget.max_total"],
        ("plan", "-refresh=f"): ["-refresh=false"],
        ("plan", "-markdown-limit=git"): ["-markdown-limit=github", "-markdown-limit=gitlab"],
        ("init", "-provider=s"): ["-provider=sandbox"],
        ("schema", "conf"): ["config"],
        ("completion", "f"): ["fish"],
        ("providers", "fire"): ["fireworks"],
        ("plan", "-out=x"): ["files"],
        ("plan", "-var-file", "x"): ["files"],
        ("show", ""): ["files"],
        ("dataset", "check", "one.jsonl", ""): ["files"],
        ("-chdir=x",): ["folders"],
        ("plan", "-max-cost=1"): [],
    }.items():
        assert offered(bench, *words) == found, words


def test_names_are_offered_from_a_yaml_that_is_not_finished(written: Workbench) -> None:
    models = ["model.support-bot", "model.support-two", "model.other"]
    assert offered(written, "apply", "-target", "") == ["dataset.rows", "dataset.rows-validation", *models]
    assert offered(written, "apply", "--replace=") == [f"--replace={address}" for address in models]
    assert offered(written, "plan", "-var=") == ["-var=epochs="]
    assert offered(written, "output", "o") == ["other"]
    assert offered(written, "-chdir=sub folder", "plan", "-target=") == ["-target=model.inner"]
    assert offered(written, "-chdir", "sub folder", "plan", "-replace=") == ["-replace=model.inner"]


def test_the_state_tells_what_can_be_shown_and_cancelled(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    bench.declare({"new": model()})
    assert offered(bench, "state", "show", "") == ["dataset.rows", "model.bot"]
    assert offered(bench, "state", "list", "model.bot", "") == ["dataset.rows"]
    assert offered(bench, "cancel", "") == ["model.bot"]
    assert offered(bench, "plan", "-replace=") == ["-replace=model.bot", "-replace=model.new"]
    assert offered(bench, "resolve", "") == []
    bench.declare({"new": model()}, state={"path": "../other.json"})
    assert offered(bench, "state", "show", "") == []


BROKEN: dict[str, Callable[[Workbench], object]] = {
    "nothing there": lambda b: None,
    "no text": lambda b: b.write("ftplan.yaml", b"\xff\xfe\x00m"),
    "a bomb": lambda b: b.write("ftplan.yaml", "a: &a [x]\n" + "".join(f"b{i}: [*a, *a]\n" for i in range(90_000))),
    "brackets": lambda b: b.write("ftplan.yaml", "[" * 100_000),
    "a tag": lambda b: b.write("ftplan.yaml", "models: !!python/object/apply:os.system ['touch pwned']\n"),
    "a pipe": lambda b: os.mkfifo(b.folder / "ftplan.yaml"),
    "a folder": lambda b: (b.folder / "ftplan.yaml").mkdir(),
    "a broken state": lambda b: b.write("ftplan.state.json", "{"),
    "a foreign state": lambda b: b.write("ftplan.state.json", '{"version": 4}'),
    "a state elsewhere": lambda b: os.symlink("/proc/self/environ", b.folder / "ftplan.state.json"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_nothing_is_complained_about(bench: Workbench, what: str) -> None:
    BROKEN[what](bench)
    assert offered(bench, "apply", "-target=") == []
    assert offered(bench, "state", "show", "") == []
    assert offered(bench, "plan", "-out=") == ["files"]
    assert not (bench.folder / "pwned").exists()


def test_a_name_that_a_shell_could_obey_is_not_offered(bench: Workbench) -> None:
    hostile = [
        "$(id)",
        "`id`",
        "a;id",
        "a b",
        "a\nid",
        "-x",
        "a'b",
        'a"b',
        "a\\b",
        "a\x1b[2Jb",
        "~root",
        "a&b",
        "*",
        "é",
    ]
    bench.declare(
        {name: {} for name in [*hostile, "good"]}, {name: {} for name in hostile}, variables=dict.fromkeys(hostile)
    )
    assert offered(bench, "apply", "-target=") == ["-target=model.good"]
    assert offered(bench, "plan", "-var=") == []
    bench.bot()
    bench.apply()
    for name in set(hostile) - {"-x"}:  # behind `dataset.` it is harmless
        state = bench.state
        state["files"][0]["datasets"] = [name]
        bench.write("ftplan.state.json", json.dumps(state))
        assert offered(bench, "state", "show", "") == ["model.bot"], name


def test_every_option_and_argument_is_offered_something_or_is_the_users_own_word() -> None:
    """A new one needs a type that tells (a choice, a path), a line in completion_values.py, or a place in OWN_WORDS."""
    silent = []
    for name, command in _every_command():
        for param in command.params:
            tells = is_path(param) or not isinstance(param.type, type(click.STRING))
            known = param.name in OPTIONS if isinstance(param, click.Option) else f"{name} {param.name}" in ARGUMENTS
            silent += [] if tells or known or param.name in OWN_WORDS else [f"{name} {param.name}"]
    assert silent == []


def _every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(ftplan)
    for name in COMMANDS:
        command = ftplan.get_command(context, name)
        assert command is not None
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        yield from ((f"{name} {part}".strip(), one) for part, one in parts.items())


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest, written: Workbench) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    begun = Shell(request.param, written.folder)
    yield begun
    begun.close()


# What is typed, where the shell takes TAB as the key it is, and the words that it makes of it.
TYPED = {
    "ftplan pl\t": ["ftplan", "plan"],
    "ftplan apply -target=model.su\t": ["ftplan", "apply", "-target=model.support-"],
    "ftplan apply -target=model.support-b\t": ["ftplan", "apply", "-target=model.support-bot"],
    "ftplan apply --target model.o\t": ["ftplan", "apply", "--target", "model.other"],
    "ftplan plan -max-c\t5": ["ftplan", "plan", "-max-cost=5"],
    "ftplan plan -out=ro\t": ["ftplan", "plan", "-out=rows.jsonl"],
    "ftplan -chdir='sub folder' plan -replace=\t": ["ftplan", "-chdir=sub folder", "plan", "-replace=model.inner"],
    "ftplan dataset check -rule=few-rows=e\t": ["ftplan", "dataset", "check", "-rule=few-rows=error"],
}


def test_a_line_is_completed_at_a_terminal(shell: Shell, written: Workbench) -> None:
    for typed, words in TYPED.items():
        assert shell.completed(typed) == words
    # With a slash behind it that zsh takes back when something else is typed.
    assert [word.rstrip("/") for word in shell.completed("ftplan -chdir=su\t")] == ["ftplan", "-chdir=sub folder"]
    assert not (written.folder / "pwned").exists()


def test_fish_offers_the_same(written: Workbench) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    asked = [
        "ftplan pl", "ftplan apply -target=model.su", "ftplan apply --target model.o", "ftplan plan -max-c",
        "ftplan plan -out=ro", "ftplan -chdir='sub folder' plan -replace=", "ftplan -chdir=su",
    ]  # fmt: skip
    lines = [f'complete -C "{line}" | string replace -r "\\t.*" ""; echo' for line in asked]
    done = subprocess.run(
        ["fish", "--no-config", "-c", "; ".join(["source (ftplan completion fish | psub)", *lines])],
        cwd=written.folder, env=environment(written.folder.parent), capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.rstrip("\n").split("\n\n") == [
        "plan", "-target=model.support-bot\n-target=model.support-two", "model.other", "-max-cost=", "-out=rows.jsonl",
        "-replace=model.inner", "-chdir=sub folder/",
    ]  # fmt: skip
    assert not (written.folder / "pwned").exists()


@pytest.mark.parametrize("name", SHELLS)
def test_a_script_is_printed_for_each_shell(bench: Workbench, name: str) -> None:
    assert bench.run("completion", name).out == script(name)
    assert "__complete" in script(name)


def test_an_offer_for_nothing_is_nothing() -> None:
    assert offer(["version"], "") == Offer()
