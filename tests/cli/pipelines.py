"""The pipelines as they are shipped, carried out: their shell lines are read out of the YAML and given to bash, in a
checkout and an environment such as the runners of GitHub and GitLab make."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from forge import Forge
from installed import ROOT, environment
from stand_in import script

ACTION = ROOT / "action.yml"
WORKFLOW = ROOT / "examples" / "github" / "ftplan.yml"
TEMPLATE = ROOT / "examples" / "gitlab" / "ftplan.gitlab-ci.yml"
OURS = re.compile(r"ftplan/ftplan@v\d+\.\d+\.\d+")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


@dataclass(slots=True)
class Ran:
    """A job that has ended."""

    code: int = 0
    said: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    steps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where jobs run: a folder of their own, the code host they talk to, and the bare repository they come from."""

    folder: Path
    hub: Forge
    remote: Path

    def checkout(self, commit: str, ref: str) -> Path:
        """A fresh checkout of `commit`, which `ref` of the remote leads to."""
        folder = self.folder / f"run{len(list(self.folder.glob('run?')))}"
        git(self.folder, "init", "--quiet", str(folder))
        git(folder, "remote", "add", "origin", f"file://{self.remote}")
        git(folder, "fetch", "--quiet", "origin", ref)
        git(folder, "checkout", "--quiet", "--detach", commit)
        return folder


def git(folder: Path, *words: str) -> str:
    """What git says, by nobody in particular."""
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, env=environment(folder.parent / "home"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def workflow_job(
    name: str, place: Place, checkout: Path, event: Mapping[str, Any], options: str = "", **env: str
) -> Ran:
    """The job `name` of the workflow to copy: our action with the inputs that it gives, for the folder `bots`."""
    job = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"][name]
    (step,) = [step for step in job["steps"] if OURS.fullmatch(step.get("uses", ""))]
    given = {key: _filled(str(text), {"inputs": event.get("inputs", {})}) for key, text in step["with"].items()}
    return action({**given, "working-directory": "bots", "options": options}, place, checkout, event, **env)


def action(given: Mapping[str, str], place: Place, checkout: Path, event: Mapping[str, Any], **env: str) -> Ran:
    """The action with the inputs `given`. What installs ftplan is left out: it is on the PATH."""
    definition = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    files = {name: checkout.parent / f"{checkout.name}.{name}" for name in ("event", "summary", "output", "temp")}
    files["event"].write_text(json.dumps(event))
    files["temp"].mkdir()
    files["summary"].touch()
    around = {
        **environment(checkout.parent / "home"),
        **place.hub.github,
        "GITHUB_EVENT_PATH": str(files["event"]),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_OUTPUT": str(files["output"]),
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
        "RUNNER_TEMP": str(files["temp"]),
        **env,
    }
    github = {"event": event, "token": env["TOKEN"]}
    defaults = {
        key: _filled(str(one.get("default", "")), {"github": github}) for key, one in definition["inputs"].items()
    }
    known: dict[str, Any] = {"inputs": {**defaults, **given}, "steps": {}, "github": github}
    ran = Ran()
    for step in definition["runs"]["steps"]:
        if step["id"] == "install" or not _wanted(step.get("if", ""), known, ran.code):
            continue
        files["output"].write_text("")
        set_here = {key: _filled(text, known) for key, text in step.get("env", {}).items()}
        here = checkout / _filled(step.get("working-directory", "."), known)
        code, said = script(step["run"], here, {**around, **set_here})
        outputs = dict(line.split("=", 1) for line in files["output"].read_text().splitlines())
        known["steps"][step["id"]] = {"outputs": outputs, "outcome": "failure" if code else "success"}
        ran.steps.append(step["id"])
        ran.said += said
        ran.code = ran.code or code
    ran.outputs = {key: _filled(one["value"], known) for key, one in definition["outputs"].items()}
    ran.summary = files["summary"].read_text()
    return ran


def template_job(names: Iterable[str], place: Place, checkout: Path, **env: str) -> Ran:
    """Jobs of the template for GitLab, one after the other in one checkout, so that artifacts are where they were."""
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    around = {**environment(checkout.parent / "home"), **place.hub.gitlab, **env}
    ran = Ran()
    for name in names:
        job = template[name]
        assert job["extends"] == ".ftplan"
        own = {**template["variables"], **template[".ftplan"]["variables"]}
        for key, text in own.items():
            around[key] = re.sub(r"\$\{(\w+)\}", lambda found: around[found[1]], text) if key not in env else env[key]
        code, said = script("\n".join(job["script"]), checkout, around)
        ran.steps.append(name)
        ran.said += said
        ran.code = ran.code or code
    return ran


def _wanted(condition: str, known: Mapping[str, Any], code: int) -> bool:
    """Whether a step runs. The conditions of our steps are comparisons with `&&` between them, and `always()`."""
    parts = [part.strip() for part in condition.split("&&") if part.strip()]
    always = "always()" in parts
    return (always or not code) and all(_holds(part, known) for part in parts if part != "always()")


def _holds(comparison: str, known: Mapping[str, Any]) -> bool:
    found = re.fullmatch(r"([\w.-]+) (==|!=) '([^']*)'", comparison)
    assert found, f"a condition that the rehearsal cannot read: {comparison}"
    return (_value(found[1], known) == found[3]) == (found[2] == "==")


def _filled(text: str, known: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: _value(found[1].strip(), known), text)


def _value(path: str, known: Mapping[str, Any]) -> str:
    """What an expression such as `inputs.command` stands for; empty, as at GitHub, where nothing is there."""
    found: Any = known
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return "" if found is None else str(found)
