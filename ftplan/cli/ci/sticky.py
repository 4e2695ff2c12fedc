"""The one comment of a plan on a request: found again by its marker and its author, written anew, and read back."""

from __future__ import annotations

from dataclasses import dataclass

from ftplan.cli.ci.forge import Comment, Forge, Merged
from ftplan.cli.ci.host import Call
from ftplan.errors import FtplanError, Problem
from ftplan.views.markdown.marker import Marker, marker_in

_AGAIN = "Plan again in a new request, and have that reviewed. To apply what you have reviewed elsewhere:"
_COMMAND = "ftplan apply -auto-approve -checksum=HASH"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A plan that was merged: its checksum, and where it was shown."""

    checksum: str
    request: int
    head: str
    url: str


def writing(forge: Forge, number: int, marker: Marker, body: str) -> Call:
    """The call that brings `body` onto the request: into the comment that is there, or as a new one."""
    own = own_comments(forge, number, marker)
    return forge.updating(number, own[0][0], body) if own else forge.creating(number, body)


def own_comments(forge: Forge, number: int, marker: Marker) -> list[tuple[Comment, Marker]]:
    """The comments about this project and workspace, oldest first. A marker that anybody else wrote is none."""
    name = forge.own_name()
    found = [(comment, marker_in(comment.body)) for comment in forge.comments(number) if comment.author == name]
    return [(comment, told) for comment, told in found if told is not None and told.thread == marker.thread]


def reviewed_plan(forge: Forge, commit: str, marker: Marker) -> Reviewed:
    """The plan that was merged with `commit`. Raises `FtplanError` where there is none that may be applied."""
    request = _merged(forge, commit)
    what = f"{forge.request_word.capitalize()} {request.number}, which commit {commit[:12]} was merged by,"
    own = own_comments(forge, request.number, marker)
    told = {marker for _, marker in own}
    if not told:
        detail = f"{what} has no plan of project {marker.project!r} that this token's own user commented."
        raise _none("No plan was reviewed", detail)
    if len(told) > 1:
        detail = f"{what} has {len(told)} comments with different plans of project {marker.project!r}."
        raise _none("More than one plan was commented", detail)
    (plan,) = told
    if plan.head != request.head:
        detail = f"{what} was planned at {plan.head[:12] or 'an unknown commit'}; its last is {request.head[:12]}."
        raise _none("Last push was not planned", detail)
    if not plan.checksum:
        raise _none("Reviewed plan was refused", f"{what} shows a plan that a gate or an error refused.")
    return Reviewed(plan.checksum, request.number, request.head, own[0][0].url or request.url)


def _merged(forge: Forge, commit: str) -> Merged:
    found = forge.merged_as(commit)
    if len(found) != 1:
        many = f"{len(found)} were" if found else "none was"
        detail = f"Commit {commit[:12]} has to be the merge of one {forge.request_word}; {many} found."
        raise _none("Not one merged request", detail)
    return found[0]


def _none(summary: str, detail: str) -> FtplanError:
    return FtplanError(Problem(summary, detail, advice=_AGAIN, command=_COMMAND))
