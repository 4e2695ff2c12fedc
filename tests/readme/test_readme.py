"""README says what is so: its console blocks are run in order, its YAML is validated, its Python talks to a sandbox."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from installed import DEADLINE_SECONDS, FTPLAN, ROOT, ageless, environment, ftplan, served_sandbox

from ftplan import errors
from ftplan.cli.main import COMMANDS
from ftplan.cli.main import ftplan as program

README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SETS_UP = "python3 -m venv .venv && .venv/bin/pip install -q . && "
QUICKSTART = (
    f"{SETS_UP}.venv/bin/ftplan -chdir=examples/quickstart plan && "
    ".venv/bin/ftplan -chdir=examples/quickstart apply -auto-approve && "
    ".venv/bin/ftplan -chdir=examples/quickstart output -raw support-bot"
)
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest"
MODEL_ID = "ft:gpt-4.1-mini-2025-04-14:sandbox:support-bot:ID"
# What differs from run to run, and what is put in its place.
VARYING = (
    (re.compile(r"\b(ft:[\w.-]+:sandbox:[\w-]+:)\w{8}\b"), r"\1ID"),
    (re.compile(r"\b(ftjob|file)-\w{20,}"), r"\1-ID"),
    (re.compile(r"\bafter \d+s\b"), "after Ns"),
    (re.compile(r"\bprices of \d{4}-\d\d\b"), "prices of YYYY-MM"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "CHECKSUM"),
)
MARK = "\x1e"
LEFT_BEHIND = (".ftplan", "ftplan.state.json*", ".ftplan.state.json*", "*.plan")


@dataclass(frozen=True, slots=True)
class Typed:
    """The `number`th line to type, and what is written then; None where README does not say."""

    number: int
    command: str
    shown: str | None

    def __str__(self) -> str:
        return f"{self.number}: {self.command[-60:]}"


def _blocks(language: str) -> list[str]:
    return [text for name, text in FENCED if name == language]


def _typed() -> list[Typed]:
    """Every command of a console block, and the line that sets everything up, in order."""
    found: list[Typed] = []
    for language, block in FENCED:
        if language == "sh" and block.startswith(SETS_UP):
            found.append(Typed(len(found), block.rstrip("\n"), f"...\n{MODEL_ID}\n"))
        if language == "console":
            before, *commands = re.split(r"^\$ ", block, flags=re.MULTILINE)
            assert not before, f"a console block begins with {before!r}"
            for text in commands:
                command, _, shown = text.partition("\n")
                found.append(Typed(len(found), command, shown or None))
    return found


TYPED = _typed()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What README needs of a checkout, with the installed command where its first line would have put it."""
    folder = tmp_path_factory.mktemp("readme") / "checkout"
    for name in ("examples", "schemas"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "ftplan").symlink_to(FTPLAN)
    return folder


@pytest.fixture(scope="module")
def said(checkout: Path) -> list[tuple[str, int]]:
    """By number, what each command wrote and its exit code. All of them are typed into one shell, in order."""
    lines = [f"{one.command.removeprefix(SETS_UP)}\nprintf '{MARK}%d{MARK}' $?\n" for one in TYPED]
    done = subprocess.run(
        ["bash", "--norc", "-c", "".join(lines)],
        cwd=checkout,
        env=environment(checkout.parent / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    outputs = done.stdout.split(MARK)
    assert outputs[-1] == ""
    return list(zip(outputs[:-1:2], map(int, outputs[1::2]), strict=True))


@pytest.mark.parametrize("typed", TYPED, ids=str)
def test_a_command_does_what_readme_shows(typed: Typed, said: list[tuple[str, int]]) -> None:
    output, code = said[typed.number]
    assert code == 0, output
    if typed.shown is None:
        return
    output, shown = _settled(output), _settled(typed.shown)
    if "...\n" not in shown.splitlines(keepends=True):
        assert output == shown
    pattern = "".join("(?:.*\n)*" if line == "..." else re.escape(f"{line}\n") for line in shown.splitlines())
    assert re.fullmatch(pattern, output), f"README shows:\n{shown}\nbut it is:\n{output}"


def test_the_two_lines_that_set_everything_up_are_there_once() -> None:
    lines = README.splitlines()
    assert [line for line in lines if "pip install" in line] == [QUICKSTART, TESTS]
    assert {f"{QUICKSTART}\n", f"{TESTS}\n"} <= set(_blocks("sh"))


@pytest.mark.parametrize("number", range(len(_blocks("yaml"))))
def test_the_yaml_is_valid(number: int, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "quickstart" / "data", folder / "data")
    (folder / "data" / "train.jsonl").rename(folder / "data" / "tickets.jsonl")
    shutil.copy(ROOT / "examples" / "two-models" / "data" / "reviews.jsonl", folder / "data" / "holdout.jsonl")
    (folder / "ftplan.yaml").write_text(_blocks("yaml")[number], encoding="utf-8")
    validated = ftplan(folder, "validate")
    assert validated.returncode == 0, validated.stderr
    # The data of an example are few on purpose.
    assert set(re.findall(r"Warning: .* \[([\w-]+)\]", validated.stderr)) <= {"few-rows"}


def test_the_python_trains_and_asks_and_prints_what_readme_shows(tmp_path: Path) -> None:
    folder = shutil.copytree(
        ROOT / "examples" / "quickstart", tmp_path / "quickstart", ignore=shutil.ignore_patterns(*LEFT_BEHIND)
    )
    (program_text,), (shown,) = _blocks("python"), _blocks("text")
    with served_sandbox(folder) as url:
        done = subprocess.run(
            [sys.executable, "-c", program_text],
            cwd=folder,
            env=environment(tmp_path / "home", OPENAI_BASE_URL=url, OPENAI_API_KEY="sandbox"),
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert _settled(done.stdout) == _settled(shown)


def test_the_chart_is_what_graph_draws(checkout: Path) -> None:
    (chart,) = _blocks("mermaid")
    assert ftplan(checkout / "examples" / "sft-then-dpo", "graph", "-mermaid").stdout == chart


def test_every_rule_about_pull_requests_has_its_tests() -> None:
    table = README.partition("### What a pull request cannot do")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (?!a pull request cannot).*$", table, re.MULTILINE)
    shown = [re.findall(r"`(test_\w+)`", row) for row in rows]
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in _tests(path.read_text(encoding="utf-8"))}
    assert len(shown) > 10
    assert all(shown)
    assert [name for names in shown for name in names if name not in there] == []


def test_every_command_and_option_is_in_readme() -> None:
    context = click.Context(program)
    missing = []
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        for part, one in parts.items():
            rows = re.findall(rf"^\| `{f'{name} {part}'.strip()}[` ]", README, re.MULTILINE)
            missing += [] if len(rows) == 1 else [f"{name} {part}"]
            options = [option for param in one.params for option in param.opts if option.startswith("--")]
            missing += [f"{name} {o}" for o in options if not re.search(rf"`{o[1:]}[`= ]", README)]
    assert not missing


def test_every_variable_of_the_environment_is_in_readme_and_no_other() -> None:
    known = {name for path in (ROOT / "ftplan").rglob("*.py") for name in _variables(path.read_text(encoding="utf-8"))}
    prefixes = {"FTPLAN_VAR_": "FTPLAN_VAR_NAME", "FTPLAN_MODEL_": "FTPLAN_MODEL_SUPPORT_PROD"}
    assert _variables(README) == known - {*prefixes} | {*prefixes.values()}


def test_every_exit_code_of_an_error_is_in_readme() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.FtplanError)]
    listed = re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)
    codes = {int(code) for row in listed for code in row.split(",")}
    assert {kind.exit_code for kind in kinds} <= codes


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def _settled(text: str) -> str:
    """`text` without what differs from run to run."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return ageless(text)


def _tests(text: str) -> list[str]:
    return re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)


def _variables(text: str) -> set[str]:
    return set(re.findall(r"\bFTPLAN_[A-Z_]+", text))
