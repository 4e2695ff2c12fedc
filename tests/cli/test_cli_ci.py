"""`ftplan ci`: one comment for each plan on a request, nobody else's touched, and from the merge back to the plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forge import ANN, BOT, JOB, LONGEST, READER, Forge, Refusal, Request, certificate, forge
from workbench import Done, Workbench

from ftplan.cli.ci.host import LARGEST_ANSWER
from ftplan.views.markdown.marker import Marker, marker_in, marker_line

HEAD, OTHER, MERGE = "a" * 40, "b" * 40, "c" * 40
CHECKSUM = "0123456789abcdef" * 4
HOSTS = ("github", "gitlab")
TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}
at_both = pytest.mark.parametrize("host", HOSTS)


@pytest.fixture
def hub() -> Iterator[Forge]:
    with forge() as started:
        yield started


@pytest.fixture
def run_at(bench: Workbench, hub: Forge, tmp_path: Path) -> Callable[..., None]:
    """Makes the environment that of a run at one of the hosts, for request 7 and a commit of it."""

    def enter(host: str, token: str | None = ANN, head: str = HEAD, number: int | None = 7) -> None:
        bench.environ(**(hub.github if host == "github" else hub.gitlab), **{TOKENS[host]: token})
        if host == "gitlab":
            bench.environ(CI_MERGE_REQUEST_IID=None if number is None else str(number), CI_COMMIT_SHA=head)
            return
        event = {} if number is None else {"pull_request": {"number": number, "head": {"sha": head}}}
        (tmp_path / "event.json").write_text(json.dumps(event))
        bench.environ(GITHUB_EVENT_PATH=str(tmp_path / "event.json"), GITHUB_SHA=head if number is None else OTHER)

    return enter


Enter = Callable[..., None]


def markdown(bench: Workbench, text: str = "## The plan", **marker: str) -> str:
    """A file as `plan -markdown` writes one; its name."""
    bench.write("plan.md", f"{marker_line(Marker(**{'project': 'bench', 'checksum': CHECKSUM, **marker}))}\n{text}\n")
    return "plan.md"


def commented(bench: Workbench, text: str = "## The plan", **marker: str) -> Done:
    done = bench.run("ci", "comment", markdown(bench, text, **marker))
    assert done.code == 0, done.said
    return done


def marked(**fields: str) -> str:
    return marker_line(Marker(**{"project": "bench", "checksum": CHECKSUM, "head": HEAD, **fields})) + "\n## A plan"


@at_both
def test_a_plan_is_commented_once_and_then_written_anew(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at(host)
    assert commented(bench).out.startswith("Posted the comment of the plan on ")
    run_at(host, head=OTHER)
    assert commented(bench, "## Another plan").out.startswith("Updated the comment of the plan on ")
    (body,) = hub.bodies()
    assert marker_in(body) == Marker("bench", "default", CHECKSUM, OTHER)
    assert body.endswith("\n## Another plan\n")
    assert hub.written() == ["POST", "PATCH" if host == "github" else "PUT"]


@at_both
def test_a_marker_of_anybody_else_is_left_alone(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    hub.say("mallory", marked())
    run_at(host)
    commented(bench)
    assert len(hub.bodies()) == 2
    assert hub.bodies()[0] == marked()


@at_both
def test_a_marker_below_the_first_line_is_none(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    hub.say("ann", f"Somebody wrote:\n{marked()}")
    run_at(host)
    commented(bench)
    assert len(hub.bodies()) == 2


@at_both
def test_each_project_and_workspace_has_a_comment_of_its_own(
    host: str, bench: Workbench, hub: Forge, run_at: Enter
) -> None:
    run_at(host)
    for thread in ({}, {"project": "other"}, {"workspace": "prod"}, {}, {"workspace": "prod"}):
        commented(bench, **thread)
    found = [marker_in(body) for body in hub.bodies()]
    assert [told.thread for told in found if told] == [("bench", "default"), ("other", "default"), ("bench", "prod")]


@at_both
def test_the_comment_is_found_on_whatever_page_it_is(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    hub.page = 3
    for number in range(8):
        hub.say("somebody", f"word {number}")
    hub.say("ann", marked())
    run_at(host)
    commented(bench, "## New")
    assert len(hub.bodies()) == 9
    assert hub.bodies()[-1].endswith("## New\n")


def test_the_token_of_the_actions_knows_its_own_comments(bench: Workbench, hub: Forge, run_at: Enter) -> None:
    """It is an app's and no user's: REST refuses to say whose, GraphQL does not."""
    hub.say("ann", marked())
    run_at("github", token=BOT)
    commented(bench)
    commented(bench)
    assert [comment["by"] for comment in hub.comments] == ["ann", "github-actions[bot]"]


def test_of_a_merge_that_is_tried_the_pushed_commit_is_named(bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at("gitlab", head=OTHER)
    bench.environ(CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=HEAD)
    commented(bench)
    found = marker_in(hub.bodies()[0])
    assert found is not None
    assert found.head == HEAD


@at_both
def test_a_request_and_a_commit_can_be_named(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    hub.requests[9] = Request(OTHER)
    run_at(host, number=None)
    words = ("ci", "comment", markdown(bench), f"-host={host}")
    assert "This run is not one of a" in bench.run(*words).said
    assert "Which commit?" in bench.run(*words, "-pr=9").said
    assert bench.run(*words, "-pr=9", f"-commit={OTHER}").code == 0
    assert len(hub.bodies(9)) == 1


@at_both
def test_a_dry_run_sends_nothing_and_needs_no_token(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at(host, token=None)
    done = bench.run("ci", "comment", "-dry-run", markdown(bench))
    assert done.code == 0
    first, _, body = done.out.partition("\n\n")
    assert first.startswith(f"POST {hub.url}/{host}/api/")
    assert first.endswith("/7/comments" if host == "github" else "/merge_requests/7/notes")
    assert body.startswith(marked().partition("\n")[0])
    assert hub.asked == []


REFUSED: dict[str, tuple[Refusal, str]] = {
    "a token that is not known": (Refusal(401, {"message": "Bad credentials"}), "Token not accepted"),
    "a token without rights": (Refusal(404, {"message": "Not Found"}), "Not found, or not shown to this token"),
    "a limit": (Refusal(429, {}, {"Retry-After": "30"}), "asked again in 30 seconds"),
    "a limit that is called forbidden": (Refusal(403, {}, {"X-RateLimit-Remaining": "0"}), "Too many requests"),
    "a failure": (Refusal(502, b"<html>bad gateway</html>"), "Code host failed"),
    "no JSON": (Refusal(200, b"<html>a login page</html>"), "No usable answer from the code host"),
    "other JSON": (Refusal(200, ["odd"]), "Not the answer of a code host"),
    "deep JSON": (Refusal(200, b"[" * 100_000), "No usable answer from the code host"),
}


@at_both
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_told_in_words(host: str, name: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    refusal, said = REFUSED[name]
    hub.refusals.append(refusal)
    run_at(host)
    done = bench.run("ci", "comment", markdown(bench))
    assert (done.code, done.out) == (1, "")
    assert said in done.said
    assert len(hub.asked) == 1


@at_both
def test_a_redirect_takes_the_token_nowhere(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    with forge() as elsewhere:
        hub.refusals.append(Refusal(307, {}, {"Location": f"{elsewhere.url}/api"}))
        run_at(host)
        assert "Redirect not followed" in bench.run("ci", "comment", markdown(bench)).said
        assert (len(hub.asked), elsewhere.asked) == (1, [])


def test_an_answer_without_end_is_not_read_to_its_end(bench: Workbench, hub: Forge, run_at: Enter) -> None:
    hub.refusals.append(Refusal(200, b" " * (LARGEST_ANSWER + 1)))
    run_at("github")
    assert "it has more than 67,108,864 bytes" in bench.run("ci", "comment", markdown(bench)).said


@at_both
def test_a_host_whose_certificate_nobody_vouches_for_gets_no_token(
    host: str, bench: Workbench, hub: Forge, run_at: Enter, tmp_path: Path
) -> None:
    with forge(certificate(tmp_path)) as impostor:
        hub.url = impostor.url
        run_at(host)
        said = bench.run("ci", "comment", markdown(bench)).said
    assert "CERTIFICATE_VERIFY_FAILED" in said
    assert impostor.asked == []


@at_both
def test_a_token_that_may_only_read_is_told_what_it_lacks(
    host: str, bench: Workbench, hub: Forge, run_at: Enter
) -> None:
    run_at(host, token=READER)
    done = bench.run("ci", "comment", markdown(bench))
    assert "Token lacks a permission" in done.said
    assert ("pull-requests: write" if host == "github" else "scope api") in done.said


@at_both
def test_a_comment_that_is_too_long_is_not_sent(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at(host)
    done = bench.run("ci", "comment", markdown(bench, "x" * LONGEST[host]))
    assert done.code == 1
    assert f"-markdown-limit={host}" in done.said
    assert hub.asked == []


def test_what_the_host_finds_too_long_is_told_with_its_words(bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at("github")
    hub.say("ann", marked())
    too_long = {"message": "Validation Failed", "errors": [{"message": "body is too long"}]}
    hub.refusals += [Refusal(200, {"login": "ann"}), Refusal(200, []), Refusal(422, too_long)]
    assert "422, Validation Failed; body is too long." in bench.run("ci", "comment", markdown(bench)).said


@at_both
def test_no_token_is_ever_shown(host: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at(host)
    said = [commented(bench).said, bench.run("ci", "comment", "-dry-run", markdown(bench)).said]
    hub.refusals.append(Refusal(500, {"message": f"who is {ANN}?"}))
    said.append(bench.run("ci", "comment", markdown(bench)).said)
    assert "who is (the token)?" in said[-1]
    assert not any(ANN in text for text in (*said, *hub.bodies(), *(path for _, path in hub.asked)))


UNUSABLE = {
    "plain HTTP": "http://code.example/api/v4",
    "another scheme": "file:///etc/passwd",
    "a name and a password": "https://ann:word@code.example/api/v4",
    "no host": "https://",
    "a port that is none": "https://code.example:99999999/",
    "a query": "https://code.example/api?x=1",
}


@at_both
@pytest.mark.parametrize("name", UNUSABLE)
def test_the_token_goes_to_no_address_with(host: str, name: str, bench: Workbench, run_at: Enter) -> None:
    run_at(host)
    bench.environ(**{"GITHUB_API_URL" if host == "github" else "CI_API_V4_URL": UNUSABLE[name]})
    assert "Unusable API address" in bench.run("ci", "comment", markdown(bench)).said


MISSING: dict[str, tuple[dict[str, str | None], str]] = {
    "no host": ({"GITHUB_ACTIONS": None}, "Which code host?"),
    "two hosts": ({"GITLAB_CI": "true"}, "Which code host?"),
    "no token": ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
    "a token with a line break in it": ({"GITHUB_TOKEN": "one\ntwo"}, "Unusable token"),
    "no repository": ({"GITHUB_REPOSITORY": None}, "GITHUB_REPOSITORY is not set"),
    "a repository with a way out": ({"GITHUB_REPOSITORY": "acme/.."}, "Which repository?"),
    "an event that is gone": ({"GITHUB_EVENT_PATH": "gone.json"}, "Event cannot be read"),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_the_environment_lacks_is_named(name: str, bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at("github")
    changed, said = MISSING[name]
    bench.environ(**changed)
    assert said in bench.run("ci", "comment", markdown(bench)).said
    assert hub.asked == []


def test_a_job_token_of_gitlab_is_said_to_write_no_notes(bench: Workbench, run_at: Enter) -> None:
    run_at("gitlab", token=None)
    bench.environ(CI_JOB_TOKEN=JOB)
    said = bench.run("ci", "comment", markdown(bench)).said
    assert "GITLAB_TOKEN is not set" in said
    assert "CI_JOB_TOKEN is there, but GitLab lets it write no notes" in said


def test_a_file_that_is_no_plan_is_not_posted(bench: Workbench, hub: Forge, run_at: Enter) -> None:
    run_at("github")
    bench.write("notes.md", f"## Notes\n{marked()}\n")
    assert "Not the Markdown of a plan" in bench.run("ci", "comment", "notes.md").said
    assert "Markdown cannot be read" in bench.run("ci", "comment", "gone.md").said
    assert hub.asked == []


@pytest.fixture
def merged(bench: Workbench, hub: Forge, run_at: Enter) -> Callable[..., Done]:
    """`ci reviewed`, after request 7 was merged, with the words given."""
    bench.bot()
    bench.plan("-out=now.plan")

    def ask(host: str, *words: str, way: str = "merge", commit: str = MERGE) -> Done:
        hub.requests[7] = Request(HEAD, commit, way)
        run_at(host, head=commit, number=None)
        return bench.run("ci", "reviewed", *words, "now.plan")

    return ask


Merged = Callable[..., Done]


@at_both
def test_the_merge_leads_to_the_checksum_that_was_reviewed(host: str, hub: Forge, merged: Merged) -> None:
    hub.say("mallory", marked(checksum="f" * 64))
    hub.say("ann", marked())
    assert merged(host).out == f"{CHECKSUM}\n"
    told: dict[str, Any] = json.loads(merged(host, "-json").out)
    assert (told["checksum"], told["request"], told["head"]) == (CHECKSUM, 7, HEAD)


@pytest.mark.parametrize(("way", "commit"), [("squash", MERGE), ("fast-forward", HEAD)])
def test_a_merge_of_gitlab_may_be_squashed_or_forwarded(way: str, commit: str, hub: Forge, merged: Merged) -> None:
    hub.say("ann", marked())
    assert merged("gitlab", way=way, commit=commit).out == f"{CHECKSUM}\n"


UNREVIEWED = {
    "no plan": ([], "No plan was reviewed"),
    "a plan of somebody else": ([("mallory", marked())], "No plan was reviewed"),
    "a plan of another project": ([("ann", marked(project="other"))], "No plan was reviewed"),
    "a plan of an older push": ([("ann", marked(head=OTHER))], "Last push was not planned"),
    "a plan of a commit nobody knows": ([("ann", marked(head=""))], "Last push was not planned"),
    "a plan that was refused": ([("ann", marked(checksum=""))], "Reviewed plan was refused"),
    "two plans": ([("ann", marked()), ("ann", marked(checksum="e" * 64))], "More than one plan was commented"),
}


@at_both
@pytest.mark.parametrize("name", UNREVIEWED)
def test_nothing_is_called_reviewed_with(host: str, name: str, hub: Forge, merged: Merged) -> None:
    comments, said = UNREVIEWED[name]
    for login, body in comments:
        hub.say(login, body)
    done = merged(host)
    assert (done.code, done.out) == (1, "")
    assert said in done.said


@at_both
def test_a_commit_that_no_request_brought_has_no_reviewed_plan(host: str, hub: Forge, merged: Merged) -> None:
    hub.say("ann", marked())
    assert "none was found" in merged(host, f"-commit={OTHER}").said
    assert "a whole commit id" in merged(host, "-commit=main").said


def test_figures_of_a_saved_plan_are_printed_for_the_next_steps(bench: Workbench) -> None:
    bench.bot()
    bench.plan("-out=next.plan")
    printed = dict(line.split("=") for line in bench.run("ci", "outputs", "next.plan").out.splitlines())
    document = json.loads(bench.run("show", "-json", "next.plan").out)
    assert printed == {
        "changes": "true",
        "cost": str(document["cost_estimate"]["high"]),
        "destroys": "0",
        "checksum": document["checksum"],
    }
    assert json.loads(bench.run("ci", "outputs", "-format=gitlab", "next.plan").out) == {
        "create": 2, "update": 0, "delete": 0,
    }  # fmt: skip
