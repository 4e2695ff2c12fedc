"""GitHub: pull requests and their comments, by its REST API (version 2022-11-28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ftplan.cli.ci.forge import Comment, Merged, asked, pages, text_of, unreadable
from ftplan.cli.ci.host import Call, Host

HINTS = {
    401: "Give the job its token: env: {GITHUB_TOKEN: ${{ github.token }}}.",
    403: "Give the job `permissions: {contents: read, pull-requests: write}`. Runs of forks never have it.",
    404: "Check GITHUB_REPOSITORY and the number of the pull request, and that the token may see both.",
    422: "Plan with -markdown-limit=github.",
}
_PAGE = 100


@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository at GitHub, or at a server of GitHub Enterprise."""

    host: Host
    repository: str
    name: str = "github"
    request_word: str = "pull request"
    # https://docs.github.com/en/rest/issues/comments answers 422 to a longer one.
    longest: int = 65_536

    def own_name(self) -> str:
        user = Call("GET", "/user")
        answer = asked(self.host, user, HINTS, unless=403)
        if answer.status == 403:
            # A token of an app, the Actions' own included, is no user's. GraphQL alone says whose bot it is.
            return self._viewer()
        return _own(self.host, user, text_of(answer.document, "login"))

    def _viewer(self) -> str:
        # REST is below /api/v3 at a server of one's own, and GraphQL beside that.
        beside = Host(self.host.url.removesuffix("/v3"), self.host.token_header, self.host.token, self.host.headers)
        call = Call("POST", "/graphql", body={"query": "{viewer{login}}"})
        document = asked(beside, call, HINTS).document
        data = document.get("data") if isinstance(document, dict) else None
        return _own(beside, call, text_of(data.get("viewer") if isinstance(data, dict) else None, "login"))

    def comments(self, number: int) -> list[Comment]:
        call = Call("GET", f"/repos/{self.repository}/issues/{number}/comments")
        return list(_comments(pages(self.host, call, HINTS, _PAGE)))

    def creating(self, number: int, body: str) -> Call:
        return Call("POST", f"/repos/{self.repository}/issues/{number}/comments", body={"body": body})

    def updating(self, number: int, comment: Comment, body: str) -> Call:
        return Call("PATCH", f"/repos/{self.repository}/issues/comments/{comment.id}", body={"body": body})

    def send(self, call: Call) -> Comment:
        for comment in _comments([asked(self.host, call, HINTS).document]):
            return comment
        raise unreadable(self.host, call)

    def merged_as(self, commit: str) -> list[Merged]:
        call = Call("GET", f"/repos/{self.repository}/commits/{quote(commit, safe='')}/pulls")
        return [
            Merged(pull["number"], text_of(pull.get("head"), "sha"), text_of(pull, "html_url"))
            for pull in pages(self.host, call, HINTS, _PAGE)
            if isinstance(pull, dict) and pull.get("merged_at") and pull.get("merge_commit_sha") == commit
        ]


def _comments(documents: Iterable[Any]) -> Iterator[Comment]:
    for document in documents:
        # A user who is gone is null.
        if isinstance(document, dict) and isinstance(document.get("id"), int):
            author = text_of(document.get("user"), "login")
            yield Comment(document["id"], author, text_of(document, "body"), text_of(document, "html_url"))


def _own(host: Host, call: Call, name: str) -> str:
    if not name:
        raise unreadable(host, call)
    return name
