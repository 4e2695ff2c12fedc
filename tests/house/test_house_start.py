"""What starting costs: asking for help loads click and nothing else that was installed, and TAB little more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click

from ftplan.cli.main import COMMANDS, ftplan

# Runs the real command, once for each line, then says which installed packages that brought in, by the file each was
# loaded from.
WRAPPED = """
import json, runpy, sys
before = set(sys.modules)
status = 0
for line in sys.argv[1:]:
    sys.argv = ["ftplan", *json.loads(line)]
    try:
        runpy.run_module("ftplan", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = status or end.code or 0
fresh = {name.partition(".")[0] for name in set(sys.modules) - before}
installed = sorted(
    name for name in fresh if "site-packages" in (getattr(sys.modules.get(name), "__file__", None) or "")
)
print("\\n" + json.dumps({"status": status, "installed": installed, "fresh": sorted(fresh)}), file=sys.stderr)
"""
HEAVY = {
    "deepdiff", "httpx", "httpx2", "jsonschema", "numpy", "openai", "pydantic", "rich", "splintr", "starlette",
    "tiktoken", "uvicorn", "yaml",
}  # fmt: skip


HELP = [["-help"], ["--help"], ["version"]]
TABS = [["pl"], ["apply", "-target="], ["state", "show", ""], ["plan", "-allow=b"], ["output", ""], ["plan", "-var="]]


def loaded(lines: list[list[str]], folder: Path) -> set[str]:
    """The installed packages that these command lines load, one after the other in one process."""
    done = subprocess.run(
        [sys.executable, "-c", WRAPPED, *map(json.dumps, lines)],
        cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = json.loads(done.stderr.splitlines()[-1])
    assert said["status"] == 0, done.stderr
    assert done.stdout
    assert HEAVY & set(said["fresh"]) <= {"yaml"}
    return set(said["installed"]) - {"ftplan", "typing_extensions"}


def test_asking_for_help_loads_click_alone(tmp_path: Path) -> None:
    context = click.Context(ftplan)
    groups = {name: ftplan.get_command(context, name) for name in COMMANDS}
    parts = [
        [name, part] for name, group in groups.items() if isinstance(group, click.Group) for part in group.commands
    ]
    every = [*([name] for name in COMMANDS), *parts]
    assert loaded([*HELP, *([*words, "-help"] for words in every)], tmp_path) == {"click"}


def test_what_tab_offers_loads_the_yaml_parser_beside_it(root: Path) -> None:
    folder = root / "examples" / "quickstart"
    assert loaded([["__complete", "zsh", *words] for words in TABS], folder) == {"click", "yaml"}
