"""The checks themselves: one test command everywhere, and workflows that hold no more rights than they use."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def test_readme_and_contributing_give_the_same_test_command(root: Path) -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("python3 -m venv") and line.endswith("pytest")] == [
            TEST_COMMAND
        ], name


def test_ci_runs_what_readme_says(root: Path) -> None:
    """The script reads the command out of README, so the two cannot differ."""
    script = (root / ".ci" / "run").read_text(encoding="utf-8")
    assert "grep '^python3 -m venv .*pytest$' README.md" in script
    assert "pip install -q -e '.[test]'" not in script


def test_ci_can_be_started(root: Path) -> None:
    assert os.access(root / ".ci" / "run", os.X_OK)


def test_every_workflow_may_only_read_unless_a_job_says_more(root: Path) -> None:
    for name, workflow in _workflows(root).items():
        assert workflow.get("permissions") == {"contents": "read"}, name


def test_every_action_is_pinned_to_a_commit(root: Path) -> None:
    loose = [
        f"{name}: {step['uses']}"
        for name, workflow in _workflows(root).items()
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "uses" in step and not PINNED.fullmatch(step["uses"])
    ]
    assert not loose, "\n".join(loose)


def test_no_checkout_leaves_its_token_behind(root: Path) -> None:
    for name, workflow in _workflows(root).items():
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step.get("with", {}).get("persist-credentials") is False, name


def _workflows(root: Path) -> dict[str, Any]:
    found = sorted((root / ".github" / "workflows").glob("*.yml"))
    assert found
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in found}
