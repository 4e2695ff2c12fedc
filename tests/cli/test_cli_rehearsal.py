"""The rehearsal: a branch that edits a row and adds a model is planned, commented, merged and applied, by the very
shell lines of the Action and of GitLab's template, against a code host and a training service on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forge import ANN, BOT, JOB, REPOSITORY, Forge, Request, forge
from installed import environment
from pipelines import Place, Ran, action, git, template_job, workflow_job
from stand_in import script
from workbench import chats, control

from ftplan.sandbox import RunningSandbox, start
from ftplan.views.markdown.marker import marker_in

BASE = "gpt-4.1-mini-2025-04-14"


@dataclass(slots=True)
class World:
    """A repository with a remote, the code host that keeps it, and the service its models are trained at."""

    place: Place
    mine: Path
    service: RunningSandbox
    backend: str = "local"

    def declare(self, rows: list[dict[str, Any]], in_use: str | None = None, **epochs: int) -> None:
        """Writes the project: one dataset, and a model for each name; the model `in_use` is evaluated by a function."""
        models = {name: {"base_model": BASE, "dataset": "rows", "epochs": n, "seed": 7} for name, n in epochs.items()}
        project: dict[str, Any] = {
            "version": 1,
            "project": "bots",
            "providers": {"trainer": {"type": "sandbox", "base_url": self.service.url}},
            "state": {"backend": self.backend},
            "datasets": {"rows": {"path": "rows.jsonl", "rules": {"few-rows": "off"}}},
            "models": models,
        }
        if in_use is not None:
            project["datasets"]["asked"] = {"path": "asked.jsonl"}
            grader = {"type": "python", "function": "ours:grade"}
            project["evals"] = {"words": {"dataset": "asked", "grader": grader, "thresholds": {"score": 0.5}}}
            project["aliases"] = {"prod": {"model": in_use, "requires": ["eval.words"]}}
        (self.mine / "bots").mkdir(exist_ok=True)
        (self.mine / "bots" / "ftplan.yaml").write_text(json.dumps(project, indent=2))
        (self.mine / "bots" / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def push(self, branch: str) -> str:
        """Commits what is declared and pushes it; the commit."""
        git(self.mine, "add", "--all", "--force", "bots")
        git(self.mine, "commit", "--quiet", "--allow-empty", "-m", f"Work on {branch}")
        git(self.mine, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return git(self.mine, "rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Begins a branch at what is on main now."""
        git(self.mine, "fetch", "--quiet", "origin")
        git(self.mine, "checkout", "--quiet", "--force", "-B", name, "origin/main")

    def merge(self, number: int, branch: str) -> str:
        """What the button does: the merge of `branch`, which is on main then."""
        commit = self.tried(branch)
        git(self.mine, "push", "--quiet", "origin", f"{commit}:refs/heads/main")
        self.place.hub.requests[number].merged_as = commit
        return commit

    def tried(self, branch: str) -> str:
        """The merge of `branch` into main that a run of the pull request checks out, and that is nowhere else yet."""
        git(self.mine, "fetch", "--quiet", "origin")
        git(self.mine, "checkout", "--quiet", "--force", "--detach", "origin/main")
        git(self.mine, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
        commit = git(self.mine, "rev-parse", "HEAD")
        git(self.mine, "push", "--quiet", "--force", "origin", f"{commit}:refs/pull/{branch}/merge")
        git(self.mine, "checkout", "--quiet", "--force", branch)
        return commit

    def protect(self) -> None:
        """From now on nobody pushes to main; one finds that out by pushing."""
        hook = self.place.remote / "hooks" / "update"
        hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ]\n')
        hook.chmod(0o755)

    def jobs(self) -> list[dict[str, Any]]:
        """Every job that was ordered and is to be paid for, oldest first, by the books of the service."""
        noted = control(self.service.control_url, "GET", "requests")["data"]
        return [one for one in noted if (one["method"], one["path"]) == ("POST", "/v1/fine_tuning/jobs")]


@dataclass(slots=True)
class Story:
    """What was seen on the way."""

    world: World
    dispatched: Ran = field(default_factory=Ran)
    planned: Ran = field(default_factory=Ran)
    planned_again: Ran = field(default_factory=Ran)
    planned_late: Ran = field(default_factory=Ran)
    applied: Ran = field(default_factory=Ran)
    applied_again: Ran = field(default_factory=Ran)
    stranger: Ran = field(default_factory=Ran)
    too_dear: Ran = field(default_factory=Ran)
    refused: Ran = field(default_factory=Ran)
    followed: Ran = field(default_factory=Ran)
    kept_aside: Ran = field(default_factory=Ran)
    first_body: str = ""
    dear_body: str = ""
    bought: list[dict[str, Any]] = field(default_factory=list)
    bought_by_then: list[dict[str, Any]] = field(default_factory=list)
    moved: int = 0


def world(folder: Path, hub: Forge, service: RunningSandbox) -> World:
    """Nothing but a first commit on main."""
    (folder / "runs").mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    git(folder, "init", "--quiet", "--initial-branch=main", "mine")
    git(folder / "mine", "remote", "add", "origin", f"file://{folder / 'remote.git'}")
    return World(Place(folder / "runs", hub, folder / "remote.git"), folder / "mine", service)


def by_hand(world: World, line: str) -> tuple[int, str]:
    """What somebody types in the folder of the project; the exit code, and what is said."""
    return script(line, world.mine / "bots", environment(world.mine.parent / "home"))


def planned(world: World, number: int, branch: str, repository: str = REPOSITORY, options: str = "") -> Ran:
    """The job that runs for each push to a pull request from `repository`."""
    merge = world.tried(branch)
    own, head = {"full_name": repository}, world.place.hub.requests[number].head
    event = {"pull_request": {"number": number, "head": {"sha": head, "repo": own}}}
    checkout = world.place.checkout(merge, f"refs/pull/{branch}/merge")
    env = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main", "GITHUB_REF_NAME": f"{number}/merge"}
    return workflow_job("plan", world.place, checkout, event, options, TOKEN=BOT, GITHUB_SHA=merge, **env)


def applied(world: World, commit: str, job: str = "apply", **inputs: str) -> Ran:
    """The job that runs once `commit` is on main."""
    checkout = world.place.checkout(commit, "refs/heads/main")
    env = {"GITHUB_EVENT_NAME": "workflow_dispatch" if inputs else "push", "GITHUB_REF_NAME": "main"}
    return workflow_job(job, world.place, checkout, {"inputs": inputs}, TOKEN=BOT, GITHUB_SHA=commit, **env)


@pytest.fixture(scope="module")
def at_github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A model that was trained by hand, then two pull requests to the end."""
    folder = tmp_path_factory.mktemp("github")
    with forge() as hub, start(folder / "service.sqlite3", speed=0.0) as service:
        yield _at_github(world(folder, hub, service))


def _at_github(there: World) -> Story:
    hub, rows = there.place.hub, chats()
    there.declare(rows, bot=1)
    first = there.push("main")
    story = Story(there)
    checksum = _checksum(there)
    story.dispatched = applied(there, first, checksum=checksum)
    assert story.dispatched.code == 0, story.dispatched.said

    there.branch("edit")
    rows[3]["messages"][1]["content"] = "The parcel is on its way."
    there.declare(rows, bot=1, second=2)
    hub.requests[7] = Request(there.push("edit"))
    story.planned = planned(there, 7, "edit")
    assert story.planned.code == 0, story.planned.said
    story.first_body = hub.bodies()[0]
    there.declare(rows, bot=1, second=3)
    hub.requests[7].head = there.push("edit")
    story.planned_again = planned(there, 7, "edit")
    merge = there.merge(7, "edit")
    there.branch("notes")
    (there.mine / "notes.md").write_text("Somebody merged this in the meantime.\n")
    git(there.mine, "add", "notes.md")
    there.push("main")
    story.applied = applied(there, merge)
    story.bought = there.jobs()
    story.applied_again = applied(there, merge)

    there.branch("more")
    there.declare(rows, bot=4, second=3)
    hub.requests[8] = Request(there.push("more"))
    story.stranger = planned(there, 8, "more", "mallory/bots")
    story.too_dear = planned(there, 8, "more", options="-max-cost=0.0001")
    story.dear_body = hub.bodies(8)[0]
    story.planned_late = planned(there, 8, "more")
    story.moved = _trained_by_hand(there, rows)
    late = there.merge(8, "more")
    story.refused = applied(there, late)
    story.followed = applied(there, late, "follow")
    story.bought_by_then = there.jobs()

    there.branch("look")
    checksum = _checksum(there)
    there.protect()
    story.kept_aside = applied(there, late, checksum=checksum)
    return story


def _checksum(there: World) -> str:
    """What a person reads off a plan."""
    _, said = by_hand(there, "ftplan plan")
    found = re.search(r"checksum of this plan is: (\w+)", said)
    assert found, said
    return found[1]


def _trained_by_hand(there: World, rows: list[dict[str, Any]]) -> int:
    """Somebody trains one of the models otherwise, and brings the state onto main; how many jobs there are then."""
    there.branch("by-hand")
    there.declare(rows, bot=2, second=3)
    code, said = by_hand(there, "ftplan apply -auto-approve")
    assert code == 0, said
    git(there.mine, "checkout", "--quiet", "--", "bots/ftplan.yaml")
    there.push("main")
    return len(there.jobs())


def test_a_plan_is_posted_once_and_written_anew_by_the_next_push(at_github: Story) -> None:
    hub = at_github.world.place.hub
    assert (at_github.planned.code, at_github.planned_again.code) == (0, 0), at_github.planned_again.said
    (body,) = hub.bodies(7)
    assert body != at_github.first_body
    assert [(one["by"], one["on"]) for one in hub.comments] == [("github-actions[bot]", 7), ("github-actions[bot]", 8)]


def test_the_comment_names_what_is_trained_and_the_pushed_commit(at_github: Story) -> None:
    (body,) = at_github.world.place.hub.bodies(7)
    marker = marker_in(body)
    assert marker is not None
    assert (marker.project, marker.head) == ("bots", at_github.world.place.hub.requests[7].head)
    assert marker.checksum == at_github.planned_again.outputs["checksum"]
    assert "model.bot" in body
    assert "model.second" in body
    assert body.partition("\n")[2] == at_github.planned_again.summary.partition("\n")[2]


def test_the_outputs_say_what_the_plan_would_do(at_github: Story) -> None:
    outputs = at_github.planned_again.outputs
    assert (outputs["changes"], outputs["refused"], outputs["destroys"]) == ("true", "false", "0")
    assert float(outputs["cost"]) >= 0
    assert Path(outputs["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(Path(outputs["document"]).read_text())["checksum"] == outputs["checksum"]


def test_a_checksum_can_be_given_by_hand(at_github: Story) -> None:
    assert at_github.dispatched.code == 0, at_github.dispatched.said
    assert "Apply complete! Resources: 2 added" in at_github.dispatched.said


def test_the_merge_applies_exactly_the_reviewed_plan_and_pays_once(at_github: Story) -> None:
    assert at_github.applied.code == 0, at_github.applied.said
    assert "Apply complete! Resources: 3 added, 0 changed, 0 destroyed." in at_github.applied.said
    assert len(at_github.bought) == 3


def test_the_state_is_on_the_branch_afterwards_and_nothing_is_left_to_do(at_github: Story) -> None:
    assert at_github.applied_again.code == 0, at_github.applied_again.said
    assert "apply" not in at_github.applied_again.steps
    assert at_github.applied_again.outputs["changes"] == "false"
    assert len(at_github.bought) == 3
    log = git(at_github.world.mine, "log", "--format=%an: %s", "origin/main")
    assert log.count("github-actions[bot]: Remember what ftplan applied at ") == 2


def test_a_state_that_moved_in_between_refuses_the_apply(at_github: Story) -> None:
    assert at_github.planned_late.code == 0, at_github.planned_late.said
    assert at_github.refused.code == 1
    assert "Another plan than the one approved" in at_github.refused.said
    assert "the state" in at_github.refused.said
    assert len(at_github.bought_by_then) == at_github.moved == 4


def test_a_job_that_follows_pays_for_nothing(at_github: Story) -> None:
    assert at_github.followed.code == 10
    assert "-no-spend" in at_github.followed.said
    assert len(at_github.bought_by_then) == at_github.moved


def test_a_strangers_pull_request_is_planned_without_a_provider_and_gets_no_comment(at_github: Story) -> None:
    assert at_github.stranger.code == 0, at_github.stranger.said
    assert "The plan is in this job's summary." in at_github.stranger.said
    assert "model.bot" in at_github.stranger.summary


def test_a_plan_that_is_refused_is_commented_and_the_check_is_red(at_github: Story) -> None:
    assert at_github.too_dear.code == 10
    assert at_github.too_dear.outputs["refused"] == "true"
    marker = marker_in(at_github.dear_body)
    assert marker is not None
    assert marker.checksum == ""


def test_where_the_branch_takes_no_push_the_state_is_kept_on_another(at_github: Story) -> None:
    assert at_github.kept_aside.code == 1
    assert "It is kept on the branch ftplan-state-77-1" in at_github.kept_aside.said
    mine = at_github.world.mine
    git(mine, "fetch", "--quiet", "origin", "ftplan-state-77-1")
    states = [json.loads(git(mine, "show", f"{ref}:bots/ftplan.state.json")) for ref in ("origin/main", "FETCH_HEAD")]
    before, after = ({model["name"]: model["job"]["id"] for model in state["models"]} for state in states)
    assert len(at_github.world.jobs()) == 5
    assert [name for name in after if after[name] != before[name]] == ["bot"]


ALLOWING = "-allow-function=ours:grade"


def test_a_job_that_follows_evaluates_what_was_applied_and_brings_its_name_onto_the_branch(tmp_path: Path) -> None:
    with forge() as hub, start(tmp_path / "service.sqlite3", speed=0.0) as service:
        there = world(tmp_path, hub, service)
        (there.mine / "bots").mkdir()
        (there.mine / "bots" / "ours.py").write_text("def grade(row, answer):\n    return bool(answer['text'])\n")
        asked = "".join(f"{json.dumps(row)}\n" for row in chats(topic="hard"))
        (there.mine / "bots" / "asked.jsonl").write_text(asked)
        there.declare(chats(), in_use="bot", bot=1)
        commit = there.push("main")
        checksum = _checksum(there)
        left = released(there, commit, "apply", checksum, **{"options": ALLOWING, "apply-options": "-no-wait"})
        assert left.code == 0, left.said
        assert in_use(there) is None
        foreign = released(there, commit, "follow", "")
        assert (foreign.code, "Function not allowed" in foreign.said, in_use(there)) == (10, True, None), foreign.said
        followed = released(there, commit, "follow", "", options=ALLOWING)
        assert followed.code == 0, followed.said
        assert in_use(there) == model_id(there)
        assert len(there.jobs()) == 1


def released(world: World, commit: str, command: str, checksum: str, **given: str) -> Ran:
    """The action on main, as somebody starts it by hand."""
    inputs = {"command": command, "working-directory": "bots", "checksum": checksum, **given}
    env = {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF_NAME": "main", "GITHUB_SHA": commit}
    checkout = world.place.checkout(commit, "refs/heads/main")
    return action(inputs, world.place, checkout, {"inputs": {}}, TOKEN=BOT, **env)


def in_use(world: World) -> str | None:
    """What the file for applications on main says that `prod` stands for."""
    git(world.mine, "fetch", "--quiet", "origin")
    if "bots/ftplan.aliases.json" not in git(world.mine, "ls-tree", "-r", "--name-only", "origin/main").split():
        return None
    told = json.loads(git(world.mine, "show", "origin/main:bots/ftplan.aliases.json"))
    return str(told["aliases"]["prod"]["id"]) if "prod" in told["aliases"] else None


def model_id(world: World) -> str:
    state = json.loads(git(world.mine, "show", "origin/main:bots/ftplan.state.json"))
    return str(state["models"][0]["job"]["fine_tuned_model"])


@pytest.fixture(scope="module")
def at_gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A merge request from its first push to the end, its state at GitLab."""
    folder = tmp_path_factory.mktemp("gitlab")
    with forge() as hub, start(folder / "service.sqlite3", speed=0.0) as service:
        there = world(folder, hub, service)
        there.backend = "http"
        yield _at_gitlab(there)


def _at_gitlab(there: World) -> Story:
    hub, rows, story = there.place.hub, chats(), Story(there)
    there.declare(rows, bot=1)
    there.push("main")
    there.branch("edit")
    there.declare(rows, bot=1, second=2)
    hub.requests[7] = Request(there.push("edit"))
    story.planned = template(there, hub.requests[7].head, "edit", "ftplan:plan", "ftplan:comment")
    story.first_body = hub.bodies()[0]
    there.declare(rows, bot=1, second=3)
    hub.requests[7].head = there.push("edit")
    story.planned_again = template(there, hub.requests[7].head, "edit", "ftplan:plan", "ftplan:comment")
    merge = there.merge(7, "edit")
    story.applied = template(there, merge, "main", "ftplan:apply")
    story.applied_again = template(there, merge, "main", "ftplan:apply")
    story.followed = template(there, merge, "main", "ftplan:follow")
    return story


def template(world: World, commit: str, branch: str, *jobs: str) -> Ran:
    """Jobs of GitLab's template in the pipeline of a merge request, or of main."""
    checkout = world.place.checkout(commit, f"refs/heads/{branch}")
    env = {"CI_COMMIT_SHA": commit, "CI_JOB_TOKEN": JOB, "GITLAB_TOKEN": ANN, "PLAN_FOLDER": "bots"}
    request = {} if branch == "main" else {"CI_MERGE_REQUEST_IID": "7"}
    return template_job(jobs, world.place, checkout, **env, **request)


def test_at_gitlab_a_plan_is_posted_once_and_written_anew(at_gitlab: Story) -> None:
    assert (at_gitlab.planned.code, at_gitlab.planned_again.code) == (0, 0), at_gitlab.planned_again.said
    (body,) = at_gitlab.world.place.hub.bodies()
    marker = marker_in(body)
    assert marker is not None
    assert marker.head == at_gitlab.world.place.hub.requests[7].head
    assert body != at_gitlab.first_body


def test_at_gitlab_the_widget_counts_what_a_merge_request_changes(at_gitlab: Story) -> None:
    (widget,) = at_gitlab.world.place.folder.glob("run1/ftplan-plan/widget.json")
    assert json.loads(widget.read_text()) == {"create": 3, "update": 0, "delete": 0}


def test_at_gitlab_the_merge_applies_the_reviewed_plan_and_pays_once(at_gitlab: Story) -> None:
    assert at_gitlab.applied.code == 0, at_gitlab.applied.said
    assert "Apply complete! Resources: 3 added, 0 changed, 0 destroyed." in at_gitlab.applied.said
    assert at_gitlab.applied_again.said.endswith("Nothing to do.\n")
    assert at_gitlab.followed.code == 0, at_gitlab.followed.said
    assert len(at_gitlab.world.jobs()) == 2


def test_at_gitlab_the_state_is_kept_and_its_lock_given_back(at_gitlab: Story) -> None:
    hub = at_gitlab.world.place.hub
    assert {model["name"] for model in json.loads(hub.states["ftplan"])["models"]} == {"bot", "second"}
    assert hub.locks == {}
    assert not list(at_gitlab.world.place.folder.rglob("ftplan.state.json"))
