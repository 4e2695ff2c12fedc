"""GitLab: merge requests and their notes, by its REST API (v4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ftplan.cli.ci.forge import Comment, Merged, asked, pages, text_of, unreadable
from ftplan.cli.ci.host import Call, Host

_TOKEN = "an access token of the project with the scope api and the role Reporter or Developer"  # noqa: S105
HINTS = {
    401: f"GITLAB_TOKEN has to be {_TOKEN}; it may have expired. CI_JOB_TOKEN cannot write notes.",
    403: f"GITLAB_TOKEN has to be {_TOKEN}.",
    404: "Check CI_PROJECT_ID and the number of the merge request, and that the token may see both.",
    422: "Plan with -markdown-limit=gitlab.",
}
_PAGE = 50


@dataclass(frozen=True, slots=True)
class GitLab:
    """One project at GitLab, hosted or one's own."""

    host: Host
    project: str
    name: str = "gitlab"
    request_word: str = "merge request"
    # https://docs.gitlab.com/administration/instance_limits, size of comments.
    longest: int = 1_000_000

    def own_name(self) -> str:
        call = Call("GET", "/user")
        name = text_of(asked(self.host, call, HINTS).document, "username")
        if not name:
            raise unreadable(self.host, call)
        return name

    def comments(self, number: int) -> list[Comment]:
        call = Call("GET", self._notes(number), {"sort": "asc", "order_by": "created_at"})
        return list(_comments(pages(self.host, call, HINTS, _PAGE)))

    def creating(self, number: int, body: str) -> Call:
        return Call("POST", self._notes(number), body={"body": body})

    def updating(self, number: int, comment: Comment, body: str) -> Call:
        return Call("PUT", f"{self._notes(number)}/{comment.id}", body={"body": body})

    def send(self, call: Call) -> Comment:
        for comment in _comments([asked(self.host, call, HINTS).document]):
            return comment
        raise unreadable(self.host, call)

    def merged_as(self, commit: str) -> list[Merged]:
        call = Call("GET", f"{self._at}/repository/commits/{quote(commit, safe='')}/merge_requests")
        return [
            Merged(found["iid"], text_of(found, "sha"), text_of(found, "web_url"))
            for found in pages(self.host, call, HINTS, _PAGE)
            if isinstance(found, dict) and found.get("state") == "merged" and _came_in_by(found, commit)
        ]

    @property
    def _at(self) -> str:
        return f"/projects/{quote(self.project, safe='')}"

    def _notes(self, number: int) -> str:
        return f"{self._at}/merge_requests/{number}/notes"


def _came_in_by(request: dict[str, Any], commit: str) -> bool:
    # A fast-forward makes no commit of its own: the last one of the branch, or what it was squashed into, is it.
    return commit in (request.get("merge_commit_sha"), request.get("squash_commit_sha"), request.get("sha"))


def _comments(documents: list[Any]) -> Iterator[Comment]:
    for document in documents:
        if isinstance(document, dict) and isinstance(document.get("id"), int) and not document.get("system"):
            yield Comment(document["id"], text_of(document.get("author"), "username"), text_of(document, "body"))
