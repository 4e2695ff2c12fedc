"""What a document says of what did not fit into it."""

from __future__ import annotations

from collections.abc import Mapping

NOTICE_BYTES = 500
"""So much room the notice may take, with the empty line before it."""


_WHERE = "The whole plan is in the log and in the report of the run."


def cut_notice(lost: Mapping[str, int], limit: int, where: str = _WHERE) -> str:
    """How much of what was cut, and where all of it is; empty where nothing was."""
    if not lost:
        return ""
    told = ", ".join(f"{what} ({count:,})" for what, count in lost.items())
    return f"**Cut to fit into {limit:,} characters:** {told}. {where}".rstrip()
