"""The pipelines to copy: no more rights than they use, nothing that others write becomes a command, and what they call
does what they expect."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from installed import ROOT, environment, ftplan

EXAMPLES = ROOT / "examples"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}|ftplan/ftplan@v\d+\.\d+\.\d+")
WORKFLOWS = sorted((EXAMPLES / "github").glob("*.yml"))
# What Atlantis looks for in the words of a plan (server/events/models/models.go).
SUMMARY = re.compile(
    r"(?:Plan: (?:\d+ to import, )?\d+ to add, \d+ to change, \d+ to destroy\.)"
    r"|(?:No changes\. (?:Infrastructure is up-to-date|Your infrastructure matches the configuration))"
)
KNOWN_RIGHTS = {
    "plan": {"contents": "read", "pull-requests": "write"},
    "apply": {"contents": "write", "pull-requests": "read"},
    "follow": {"contents": "write"},
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def action_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = read(ROOT / "action.yml")["runs"]["steps"]
    return steps


def workflow_jobs() -> list[tuple[str, dict[str, Any]]]:
    assert WORKFLOWS
    return [job for path in WORKFLOWS for job in read(path)["jobs"].items()]


def scripts() -> dict[str, str]:
    """Every shell script of the pipelines, by where it stands."""
    template = read(EXAMPLES / "gitlab" / "ftplan.gitlab-ci.yml")
    ours = {f"action.yml {step['id']}": step["run"] for step in action_steps()}
    ours |= {f"{name} {step}": step["run"] for name, job in workflow_jobs() for step in job["steps"] if "run" in step}
    for name, job in template.items():
        for key in {"script", "before_script"} & set(job):
            ours[f"{name} {key}"] = "\n".join(job[key])
    return ours


def test_nothing_that_others_write_stands_in_a_script() -> None:
    assert [name for name, script in scripts().items() if "${{" in script] == []


def test_every_script_stops_at_the_first_failure() -> None:
    assert [name for name, script in scripts().items() if not re.match(r"set -eu", script)] == []
    assert [step["id"] for step in action_steps() if not step["run"].startswith("set -euo pipefail\n")] == []


@pytest.mark.parametrize("name", sorted(scripts()))
def test_a_script_is_bash(name: str) -> None:
    done = subprocess.run(["bash", "-n"], input=scripts()[name], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_python_is_started_that_imports_from_the_checkout() -> None:
    for step in action_steps():
        if re.search(r"^\s*(?:\w+=\$\()?ftplan ", step["run"], re.MULTILINE):
            assert step["env"]["PYTHONSAFEPATH"] == "1", step["id"]
            assert "unset PYTHONPATH" in step["run"], step["id"]
    hidden = read(EXAMPLES / "gitlab" / "ftplan.gitlab-ci.yml")[".ftplan"]
    assert hidden["variables"]["PYTHONSAFEPATH"] == "1"
    started = [line for script in scripts().values() for line in re.findall(r"python3? .*", script)]
    assert started
    assert [line for line in started if not re.match(r"python3? -I ", line)] == []


def test_every_action_is_pinned_to_a_commit_or_ours() -> None:
    used = [step["uses"] for _, job in workflow_jobs() for step in job["steps"] if "uses" in step]
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []
    assert not [step for step in action_steps() if "uses" in step]


def test_a_workflow_may_only_read_and_each_job_says_what_more_it_needs() -> None:
    assert [path.name for path in WORKFLOWS if read(path)["permissions"] != {"contents": "read"}] == []
    assert {name: job["permissions"] for name, job in workflow_jobs()} == KNOWN_RIGHTS


def test_no_workflow_gives_a_strangers_branch_its_rights(tmp_path: Path) -> None:
    for path in WORKFLOWS:
        # YAML 1.1 takes the key `on` for true.
        assert "pull_request_target" not in read(path)[True]
    assert "Use pull_request." in refused_by_the_action(tmp_path, "pull_request_target", "plan", "")


def refused_by_the_action(tmp_path: Path, event: str, command: str, version: str) -> str:
    """What its first step says, which has to end there."""
    install = next(step["run"] for step in action_steps() if step["id"] == "install")
    env = environment(tmp_path / "home", GITHUB_EVENT_NAME=event, COMMAND=command, VERSION=version)
    done = subprocess.run(["bash", "-c", install], env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    return done.stdout


@pytest.mark.parametrize(
    ("event", "command", "version", "said"),
    [
        ("pull_request", "apply", "", "Applied is what was merged"),
        ("push", "destroy", "", "The inputs are"),
        ("push", "apply", "0.1.0 --index-url=https://pypi.example", "The inputs are"),
    ],
)
def test_the_action_refuses(event: str, command: str, version: str, said: str, tmp_path: Path) -> None:
    assert said in refused_by_the_action(tmp_path, event, command, version)


def test_no_checkout_leaves_its_token_behind() -> None:
    kept = [
        step.get("with", {}).get("persist-credentials")
        for _, job in workflow_jobs()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert kept
    assert set(kept) == {False}


def test_two_applies_never_run_side_by_side() -> None:
    groups = {name: job["concurrency"] for name, job in workflow_jobs()}
    assert groups["apply"] == groups["follow"] == {"group": "ftplan-apply", "cancel-in-progress": False}
    template = read(EXAMPLES / "gitlab" / "ftplan.gitlab-ci.yml")
    assert template["ftplan:apply"]["resource_group"] == template["ftplan:follow"]["resource_group"]


def test_every_input_and_output_of_the_action_is_described_and_used() -> None:
    definition = read(ROOT / "action.yml")
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert [name for name, one in definition["inputs"].items() if not one.get("description")] == []
    assert [name for name in definition["inputs"] if f"inputs.{name}" not in text] == []
    page = (EXAMPLES / "github" / "README.md").read_text(encoding="utf-8")
    assert [name for name in definition["outputs"] if f"`{name}`" not in page] == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The quickstart, by itself."""
    folder = tmp_path / "quickstart"
    for path in ("ftplan.yaml", "data/train.jsonl"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((EXAMPLES / "quickstart" / path).read_bytes())
    return folder


def test_no_module_of_the_checkout_is_imported(project: Path) -> None:
    for name in ("click", "ftplan", "json", "openai", "sitecustomize", "yaml"):
        (project / f"{name}.py").write_text("raise SystemExit('the checkout was imported')\n")
    done = ftplan(project, "validate", PYTHONSAFEPATH="1")
    assert (done.returncode, done.stderr) == (0, "")


def test_atlantis_finds_what_it_looks_for(project: Path) -> None:
    workflow = read(EXAMPLES / "atlantis" / "atlantis.yaml")["workflows"]["ftplan"]
    steps = [step["run"] for stage in ("plan", "apply") for step in workflow[stage]["steps"] if "run" in step]
    lines = [step if isinstance(step, str) else step["command"] for step in steps]
    env = environment(project.parent / "home", PLANFILE="bots.tfplan", SHOWFILE="bots.json")
    said = []
    for line in [*lines, lines[0]]:
        done = subprocess.run(["sh", "-c", line], cwd=project, env=env, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert SUMMARY.findall(said[0]) == ["Plan: 2 to add, 0 to change, 0 to destroy."]
    assert SUMMARY.findall(said[-1]) == ["No changes. Your infrastructure matches the configuration"]
    assert said[1] == ""
    assert json.loads((project / "bots.json").read_text())["applyable"] is True


def test_every_hook_of_pre_commit_passes_a_good_project_and_stops_a_bad_one(project: Path) -> None:
    hooks = {hook["id"]: hook for hook in read(ROOT / ".pre-commit-hooks.yaml")}
    used = {
        one["id"]: one.get("args", [])
        for one in read(EXAMPLES / "pre-commit" / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    }
    assert set(used) == set(hooks)

    def runs(name: str) -> int:
        hook = hooks[name]
        found = [str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()]
        files = [path for path in found if re.search(hook["files"], path)]
        assert files, f"{name} looks at nothing"
        words = [*shlex.split(hook["entry"]), *used[name], *(files if hook.get("pass_filenames", True) else [])]
        assert words.pop(0) == "ftplan"
        return ftplan(project, *words).returncode

    assert {name: runs(name) for name in hooks} == dict.fromkeys(hooks, 0)
    yaml_file, rows = project / "ftplan.yaml", project / "data" / "train.jsonl"
    yaml_file.write_text(yaml_file.read_text().replace("epochs: 3", "epochs:    99"))
    rows.write_text(rows.read_text().replace('"role": "user"', '"role": "robot"', 1))
    assert (runs("ftplan-validate"), runs("ftplan-dataset-check")) == (1, 1)
    assert runs("ftplan-fmt") == 0
    assert "epochs: 99" in yaml_file.read_text()
