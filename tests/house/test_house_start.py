"""What starting costs: asking for help loads click and nothing else that was installed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Runs the real command, then says which installed packages that brought in, by the file each was loaded from.
WRAPPED = """
import json, runpy, sys
before = set(sys.modules)
sys.argv = ["ftplan", *sys.argv[1:]]
try:
    runpy.run_module("ftplan", run_name="__main__", alter_sys=True)
    status = 0
except SystemExit as end:
    status = end.code or 0
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


@pytest.mark.parametrize("words", [["-help"], ["--help"], ["plan", "-help"], ["version"]], ids=" ".join)
def test_asking_for_help_loads_click_alone(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRAPPED, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    said = json.loads(done.stderr.splitlines()[-1])
    assert said["status"] == 0, done.stderr
    assert done.stdout
    assert HEAVY & set(said["fresh"]) == set()
    assert set(said["installed"]) - {"ftplan", "typing_extensions"} == {"click"}
