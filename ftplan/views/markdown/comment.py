"""A plan as Markdown for a pull request: first what a reviewer has to know, the rest folded away, within a limit."""

from __future__ import annotations

import hashlib

from ftplan.core.plan import Plan
from ftplan.views.apply_command import LIMIT, apply_command
from ftplan.views.markdown.diff import diff_sections
from ftplan.views.markdown.fit import Rank, Section, fitted, joined, paragraph, size
from ftplan.views.markdown.folds import (
    drift_section,
    field_sections,
    lives_section,
    notes_section,
    reckoning_section,
    whole_section,
)
from ftplan.views.markdown.head import head_sections
from ftplan.views.markdown.marker import Marker, marker_line
from ftplan.views.markdown.notice import NOTICE_BYTES, cut_notice
from ftplan.views.markdown.spans import code_span
from ftplan.views.markdown.table import table_section

# The most characters of a comment. GitHub counts some texts in bytes, four for each of these; GitLab, Bitbucket and
# Azure DevOps say characters.
LIMITS = {"github": 65_536, "gitlab": 1_000_000, "bitbucket": 32_768, "azure": 150_000}
# Whoever posts it adds the commit to the marker.
_POSTER_BYTES = 200
_NAME_BYTES = 200


def render_markdown(plan: Plan, *, checksum: str = "", limit: int = LIMITS["github"], folds: bool = True) -> str:
    """The plan, shorter than `limit` by any count, ending in a newline. What matters least is cut first; the headline
    and what is refused never are. Without `folds` there is no HTML in it but the hidden first line: some hosts show
    HTML as it is written."""
    marker = marker_line(plan_marker(plan, checksum))
    open_ = [*head_sections(plan), table_section(plan), paragraph(Rank.HEADLINE, _command(plan, checksum))]
    folded = _folded(plan)
    room = limit - size(marker) - NOTICE_BYTES - _POSTER_BYTES
    parts, lost = fitted([*open_, *folded], room, folds)
    shown, hidden = parts[: len(open_)], parts[len(open_) :]
    return joined([marker, *shown, cut_notice(lost, limit), *hidden]) + "\n"


def plan_marker(plan: Plan, checksum: str = "") -> Marker:
    """How the comment of `plan` is marked."""
    return Marker(_name(plan.project), _name(plan.workspace), checksum)


def _folded(plan: Plan) -> list[Section]:
    return [
        *notes_section(plan),
        *diff_sections(plan.dataset_diffs),
        *field_sections(plan),
        *lives_section(plan),
        *drift_section(plan),
        *reckoning_section(plan),
        *whole_section(plan),
    ]


def _command(plan: Plan, checksum: str) -> str:
    if not checksum or not plan.steps:
        return ""
    return f"To carry out exactly this: {code_span(apply_command(plan, checksum), LIMIT)}"


def _name(name: str) -> str:
    """`name` for the marker, which nothing cuts: what no project can be called stands by its hash."""
    raw = name.encode("utf-8", "backslashreplace")
    usable = len(raw) <= _NAME_BYTES and raw.decode() == name
    return name if usable else hashlib.sha256(raw).hexdigest()
